"""Prepare the data of a task: target, features, the kind of each, metrics and folds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd

from auger_hub.data.files.unreadable import UnreadableData
from auger_hub.data.notices import to_dicts
from auger_hub.data.part import Part
from auger_hub.data.read import open_table, read_with_schema, read_within
from auger_hub.data.schema import CATEGORY as NAMES
from auger_hub.data.schema import MISSING, ColumnSchema, TableSchema
from auger_hub.data.schema import NUMBER as NUMBERS
from auger_hub.data.table import Reading
from auger_hub.search.column_kinds import CATEGORY, CODE, DATE, MANY, NUMBER, PHRASE, TEXT
from auger_hub.search.columns import CleanColumns, to_dates, to_number
from auger_hub.search.pipelines.heavy_tail import has_heavy_tail
from auger_hub.search.pipelines.origins import steps_to_end
from auger_hub.search.pipelines.pipeline import (
    known_rows,
    row_weights,
    split_features_target,
)
from auger_hub.search.pipelines.series import keys_of, time_order
from auger_hub.search.preparation.folds import (
    Fold,
    count_folds,
    count_windows,
    make_folds,
    make_windows,
    window_of,
)
from auger_hub.search.preparation.notices import (
    CLASS_NONE,
    Prepared,
    notice_of_part,
    notices_of_run,
    notices_of_weights,
)
from auger_hub.search.scores.metrics import ALIASES, metrics_for
from auger_hub.search.task import BadTask, SearchTask, Settings, read_settings
from auger_hub.search.trials.trial import TrialData

ONE_HOT_AT_MOST = 30
CODES_AT_LEAST = 3
ROWS_PER_THREAD = 4_000
COPIES = 8  # of the table, for which a trial has memory: as read, clean, of a fold, as numbers
WORDS_OF_TEXT, WORDS_OF_PHRASE = 4, 1.7
VOCABULARY_SHARE = 0.1  # of the values: as many words make texts of many values phrases
LEADS_AT_MOST = 48  # forecast from one origin, where no horizon is declared

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Data:
    """The stored file as a table, how its texts were read, and which part of it that is."""

    frame: pd.DataFrame
    schema: TableSchema
    part: Part | None = None


def load_table(task: SearchTask, settings: Settings) -> Data:
    """Return the stored file as a table, or as many of its rows as a worker has memory for.

    It is read once. Of time series all rows are read: one that is left out is a gap.

    Raises:
        BadTask: it cannot be read.
    """
    memory = None
    if task.memory_mb is not None and settings.model_type != "timeseries":
        memory = task.memory_mb * 2**20 // COPIES
    names_of = settings.target if settings.model_type == "classification" else None
    known = "" if task.schema is None else json.dumps(task.schema)
    return _load_table(_Source(task.data_path, task.data_name or None, known, names_of, memory))


class _Source(NamedTuple):
    """What a table depends on: where it is, how it is read, and how much of it."""

    path: Path
    name: str | None
    known: str
    names_of: str | None
    memory: int | None


@lru_cache(maxsize=1)
def _load_table(source: _Source) -> Data:
    path, name = source.path, source.name
    try:
        if source.known:
            schema = TableSchema.from_dict(json.loads(source.known))
        else:  # profiled by an older hub
            with open_table(path, in_order=False, name=name) as table:
                schema = table.schema
        if source.names_of is not None:
            schema = with_classes(schema, source.names_of)
        if source.memory is not None:
            return Data(*read_within(path, Reading(schema), name, source.memory))
        return Data(*read_with_schema(path, Reading(schema), name))
    except UnreadableData as error:
        raise BadTask(str(error)) from error


def with_classes(schema: TableSchema, target: str) -> TableSchema:
    """Return the schema with the target read as names: of classes, as they stand.

    A class may be called `None`, or `-` beside numbers, which elsewhere stands for a missing value.
    """
    column = schema.column(target)
    if column is None or (column.type == NUMBERS and column.is_plain and not column.missing):
        return schema
    kept = (CLASS_NONE,) if schema.missing == MISSING else ()
    is_whole = column.whole and column.type != NUMBERS
    names = ColumnSchema(
        target,
        NAMES,
        kept=kept,
        spelling=column.spelling,
        purpose=column.purpose,
        whole=is_whole,
    )
    return schema.having(names)


def describe_task(task: SearchTask) -> dict[str, Any]:
    """Return the members that the hub adds to `evaluation_options` (wire contract §2.11).

    `crossValidationFolds` stays what was declared; `usedFolds` is what the data allows.

    Raises:
        BadTask: the task cannot be run; says why in one sentence.
    """
    settings = read_settings(task)
    data = load_table(task, settings)
    frame = data.frame
    _check_columns(settings, frame)
    info = _roles(settings, task.seed)
    features, target, encoder = split_features_target(frame, info)
    targets = int(known_rows(frame, {**info, "sampleWeight": None}).sum())
    _check_sample_weight(settings, frame)
    _check_target(settings, target, len(frame))
    unknown = len(frame) - targets
    kinds = {
        name: kind
        for name in settings.columns
        if (kind := kind_of(features[name], settings.datatypes.get(name)))
    }
    kinds |= dict.fromkeys(_constrained(settings, features, kinds), NUMBER)
    if not kinds and settings.model_type != "timeseries":
        raise BadTask("No usable feature column: all are excluded, empty or constant.")
    labels = [] if encoder is None else encoder.classes_.tolist()
    _check_weights(settings, labels)
    if settings.monotonic and len(labels) > 2:
        raise BadTask("`monotonic_cst` is for numbers and for two classes; the target has more.")
    time_column = _time_column(settings, kinds)
    if settings.model_type == "timeseries":
        info |= {"timeColumn": time_column, "seriesColumns": list(settings.series)}
        features, target, _ = split_features_target(frame, info)
        _check_times(time_column, features)
    folds, notes = count_folds(settings, target)
    if settings.model_type == "timeseries":
        folds, notes = _describe_series(settings, info, features, folds, notes)
    notices = notices_of_run(
        settings, Prepared(frame, features, target, labels, kinds, time_column, unknown), notes
    )
    notices += notices_of_weights(settings, left_out=targets - len(target))
    if data.part is not None:
        notices.insert(0, notice_of_part(len(frame), data.part.rows, task.memory_mb or 0))
    if unknown:
        notes.append(f"{unknown} rows without a value of the target are left out.")
    roles = [settings.target, *([settings.sample_weight] if settings.sample_weight else [])]
    used = data.schema.of([*settings.columns, *roles])
    return {
        **info,
        **_metrics(settings, len(labels), target),
        **_class_members(target, encoder),
        "featureKinds": kinds,
        "schema": used.to_dict(),
        "timeColumn": time_column,
        "categoricalFeatures": _categorical(settings, kinds),
        "featuresCount": len(kinds),
        "dataset_nrows": len(target),
        "partOfRows": data.part,
        "crossValidationFolds": settings.folds,
        "usedFolds": folds,
        "datesInCycles": settings.model_type != "timeseries",
        "heavyTail": settings.model_type == "regression" and has_heavy_tail(target),
        "notes": notes,
        "notices": to_dicts(notices),
        "ignoredOptions": list(settings.ignored),
    }


def make_trial_data(task: SearchTask) -> TrialData:
    """Return what the trials of a run work on, the rows in the order of time if it matters.

    Its `info` is what `describe_task` returns and the `threads` that each trial may use.
    """
    info = describe_task(task)
    settings = read_settings(task)
    frame = load_table(task, settings).frame
    features, target, _ = split_features_target(frame, info)
    groups = None
    if settings.groups:
        groups = frame.loc[known_rows(frame, info), settings.groups].astype(str).to_numpy()
    weights = row_weights(frame, info)
    if settings.in_time_order:
        order = time_order(features, info["timeColumn"])
        features, target = features.iloc[order].reset_index(drop=True), target[order]
        weights = None if weights is None else weights[order]
    series = None
    if settings.horizon or settings.series:
        folds, series = _series_folds(settings, info, features)
    else:
        folds = make_folds(settings, info["usedFolds"], target, seed=task.seed, groups=groups)
    info["threads"] = settings.threads or _threads(task.workers, len(target))
    clean = None
    if settings.model_type != "timeseries":
        clean = CleanColumns(info["featureKinds"]).fit_transform(features)
    return TrialData(features, target, folds, info, clean, series, weights)


def _check_times(time_column: str | None, features: pd.DataFrame) -> None:
    if time_column is not None and not len(features):
        raise _no_times(time_column)


def _no_times(name: str) -> BadTask:
    return BadTask(
        f"The column `{name}` has no time that can be read: dates such as `2026-01-31` can."
    )


def _describe_series(
    settings: Settings,
    info: dict[str, Any],
    features: pd.DataFrame,
    folds: int,
    notes: list[str],
) -> tuple[int, list[str]]:
    """Add what is said of series to the options; return the folds, and why they are fewer."""
    steps = steps_to_end(features, info["timeColumn"])
    if settings.horizon:
        folds, notes = count_windows(settings, steps)
    window = window_of(settings, folds, steps)
    info["horizon"] = settings.horizon
    info["leads"] = window if settings.horizon else min(window, LEADS_AT_MOST)
    info["seriesCount"] = len(np.unique(keys_of(features, settings.series).astype(str)))
    info["pastOnlyColumns"] = [name for name in settings.past_only if name in features.columns]
    return folds, notes


def _series_folds(
    settings: Settings, info: Mapping[str, Any], features: pd.DataFrame
) -> tuple[list[Fold], Array | None]:
    """Return the folds of time series, and the number of the series of each row, if several."""
    steps = steps_to_end(features, info["timeColumn"])
    keys = keys_of(features, settings.series).astype(str)
    folds = make_windows(settings, info["usedFolds"], steps, keys)
    return folds, np.unique(keys, return_inverse=True)[1] if settings.series else None


def _threads(workers: int, rows: int) -> int:
    """Return the threads of one trial: its share of the cores, and no more than its rows keep busy.

    Threads that wait for each other cost more than they bring on few rows, above all on a machine
    that others use too.
    """
    cores: int = joblib.cpu_count()
    return max(1, min(cores // max(1, workers), rows // ROWS_PER_THREAD))


def _check_columns(settings: Settings, frame: pd.DataFrame) -> None:
    missing = [name for name in (settings.target, *settings.columns) if name not in frame.columns]
    if settings.target in missing:
        raise BadTask(f"The data has no column `{settings.target}` to predict.")
    named = (settings.groups, settings.sample_weight)
    missing += [name for name in named if name and name not in frame.columns]
    if missing:
        raise BadTask(f"The data has no column `{missing[0]}`.")


def _check_target(settings: Settings, target: np.ndarray[Any, Any], rows: int) -> None:
    if not len(target):
        what = "value" if settings.classification else "number"
        raise BadTask(f"The target `{settings.target}` has no {what} in any of {rows} rows.")
    if settings.classification and len(np.unique(target)) < 2:
        unknown = rows - len(target)
        raise BadTask(
            f"The target `{settings.target}` has a single class; two are needed."
            + f" {unknown:,} of {rows:,} rows have none: texts such as `NA` stand for a missing"
            " value, unless `missing` of the data set lists others." * bool(unknown)
        )
    if settings.classification and len(np.unique(target)) > max(len(target) / 2, 2):
        raise BadTask(f"The target `{settings.target}` has nearly as many classes as rows.")
    if not settings.classification:
        _check_size(settings.target, target.astype(float))


def _check_size(name: str, target: np.ndarray[Any, Any]) -> None:
    """Refuse numbers whose errors cannot be squared and added up, as every model and score does."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.square(target - target.mean()).sum()):
            return
    far = target[np.abs(target).argmax()]
    raise BadTask(
        f"The target `{name}` has values as large as {far:g}, whose squares are past all numbers of"
        " a computer, so that nothing can be scored: where it means no value, list it under"
        " `missing`; else leave its rows out, or take a larger unit."
    )


def _check_weights(settings: Settings, labels: Sequence[Any]) -> None:
    """Refuse weights of classes that the target does not have."""
    if isinstance(settings.class_weight, dict):
        unknown = set(map(str, settings.class_weight)) - set(map(str, labels))
        if unknown:
            raise BadTask(f"The class weights name `{min(unknown)}`, which is no class.")


def _constrained(settings: Settings, features: pd.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    """Return the columns that predictions only rise or fall with: numbers, whatever they stand for.

    Raises:
        BadTask: one is no number.
    """
    names = [name for name in settings.monotonic if name in kinds]
    for name in names:
        if kinds[name] != NUMBER and not pd.api.types.is_numeric_dtype(features[name]):
            raise BadTask(f"`monotonic_cst` is for numbers, and `{name}` has none.")
    return names


def _check_sample_weight(settings: Settings, frame: pd.DataFrame) -> None:
    """Refuse weights of rows that are none."""
    if settings.sample_weight is None:
        return
    weights = to_number(frame[settings.sample_weight])
    negative = int((weights < 0).sum())
    if negative:
        raise BadTask(
            f"The weights in `{settings.sample_weight}` are negative in {negative:,} rows."
        )
    if not (weights > 0).any():
        raise BadTask(f"The column `{settings.sample_weight}` has no weight in any row.")


def _roles(settings: Settings, seed: int) -> dict[str, Any]:
    columns = list(settings.columns)
    return {
        "targetFeature": settings.target,
        "featureColumns": columns,
        "originalFeatureColumns": columns,
        "originalFeaturesCount": len(columns),
        "dataset_ncols": len(columns),
        "classification": settings.classification,
        "classWeight": settings.class_weight,
        "sampleWeight": settings.sample_weight,
        "monotonicConstraints": dict(settings.monotonic),
        "model_type": settings.model_type,
        "seed": seed,
    }


def _metrics(settings: Settings, classes: int, target: np.ndarray[Any, Any]) -> dict[str, Any]:
    names = sorted(metrics_for(settings.model_type, classes))
    scoring = ALIASES.get(settings.scoring, settings.scoring)
    if scoring not in names:
        raise BadTask(f"The metric `{scoring}` does not apply; {', '.join(names)} do.")
    if scoring in ("neg_rmsle", "neg_mean_squared_log_error") and target.min() < 0:
        raise BadTask(f"The metric `{scoring}` needs a target without negative values.")
    return {"scoring": scoring, "scoreNames": names}


def _class_members(target: np.ndarray[Any, Any], encoder: Any) -> dict[str, Any]:
    if encoder is None:
        return {"binaryClassification": False}
    counts = np.bincount(target)
    classes = encoder.classes_.tolist()
    rarest = int(np.argmin(counts))
    return {
        "binaryClassification": len(classes) == 2,
        "targetClasses": classes,
        "minority_target_class": classes[rarest],
        "minority_target_class_pos": rarest,
        "minority_target_class_rows": int(counts[rarest]),
    }


def _categorical(settings: Settings, kinds: Mapping[str, str]) -> list[str]:
    grouped = (CATEGORY, CODE, MANY, PHRASE)
    names = [name for name, kind in kinds.items() if kind in grouped]
    return [*names, settings.target] if settings.classification else names


def _time_column(settings: Settings, kinds: Mapping[str, str]) -> str | None:
    """Return the column that orders the rows: marked `timeseries`, else the first date."""
    if not settings.in_time_order:
        return None
    marked = [name for name in settings.columns if settings.datatypes.get(name) == "timeseries"]
    for name in marked:
        if name not in kinds:  # names of the rows, each another one
            raise _no_times(name)
    dates = [name for name, kind in kinds.items() if kind == DATE]
    return next(iter(marked + dates), None)


def kind_of(column: pd.Series, datatype: str | None) -> str | None:
    """Return what a feature column is made into; None when it cannot tell rows apart.

    Args:
        column: the values as read.
        datatype: of the profile or the client (wire contract §2.8); None to go by the values.
    """
    known = column.dropna()
    values = known.nunique()
    if values == 0 or (values == 1 and len(known) == len(column)):
        return None
    if pd.api.types.is_datetime64_any_dtype(column):
        return DATE
    if pd.api.types.is_bool_dtype(column):
        return NUMBER
    if pd.api.types.is_numeric_dtype(column):
        grouped = datatype in ("categorical", "hashing") and values >= CODES_AT_LEAST
        if not grouped:
            return NUMBER
        return CODE if values <= ONE_HOT_AT_MOST else MANY
    return _kind_of_text(known, datatype, rows=len(column))


def _kind_of_text(known: pd.Series, datatype: str | None, rows: int) -> str | None:
    if datatype not in ("categorical", "hashing"):
        numbers = to_number(known).notna().mean()
        if numbers > 0.9:
            return NUMBER
        if datatype != "string" and to_dates(known.iloc[:1000]).notna().mean() > 0.9:
            return DATE
    values = known.nunique()
    words = known.iloc[:1000].astype(str).str.count(r"\w+").mean()
    if words >= WORDS_OF_TEXT and values > ONE_HOT_AT_MOST:
        return TEXT
    if values <= ONE_HOT_AT_MOST:
        return CATEGORY
    if words >= WORDS_OF_PHRASE and _has_vocabulary(known):
        return PHRASE
    return None if values == rows else MANY


def _has_vocabulary(known: pd.Series) -> bool:
    """Tell whether texts are made of many words: `street 1` and `street 2` share a single one."""
    texts = pd.Series(known.unique()[:1000]).astype(str).str.lower()
    words = texts.str.findall(r"[^\W\d_]{2,}").explode().dropna()
    return bool(words.nunique() > VOCABULARY_SHARE * len(texts))
