"""Fit a trial of the board on all rows, and store the model without pickle.

The model folder holds `model.skops`, the fitted pipeline, and `model.json`, what its input and
output mean. It appears complete or not at all.
"""

import json
import platform
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.names import nameless
from auger_hub.data.notices import Notice, to_dicts
from auger_hub.data.part import Part
from auger_hub.data.read import read_with_schema
from auger_hub.data.schema import TableSchema
from auger_hub.data.table import Reading
from auger_hub.models.contributions import BACKGROUND
from auger_hub.models.predict import BACKGROUND_FILE, DESCRIPTION_FILE, MODEL_FILE
from auger_hub.models.profile import PROFILE_FILE, make_profile
from auger_hub.models.trusted import TRUSTED
from auger_hub.search.column_kinds import CATEGORY, MANY
from auger_hub.search.columns import to_dates
from auger_hub.search.pipelines.bag import bag_of
from auger_hub.search.pipelines.boosted import limit_rounds, without_stopping
from auger_hub.search.pipelines.fitting import fit_model
from auger_hub.search.pipelines.intervals import IntervalForecaster
from auger_hub.search.pipelines.pipeline import (
    build_pipeline,
    known_rows,
    row_weights,
    split_features_target,
)
from auger_hub.search.preparation.folds import count_folds, make_folds
from auger_hub.search.sampling import CALIBRATION, ROUNDS, ROWS, THRESHOLD, sample_rows
from auger_hub.search.task import SearchTask, read_settings

FORMAT = 1
_MOST_CODES = 20_000  # different values; of more a model would be slow to load
PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
"""What every model needs to predict; fitted estimators are no format between versions."""
LIBRARIES = ("lightgbm", "catboost", "xgboost")
"""What some models need besides."""


def package_model(
    folder: Path, *, data_path: Path, task_info: dict[str, Any], trial: dict[str, Any]
) -> None:
    """Fit the trial's pipeline on every row of the data and store it in `folder`.

    Where the run asked to deploy a bag, the models of its folds are fitted and stored instead.

    Args:
        folder: made or replaced; its parent has to exist.
        data_path: the file the run was made with.
        task_info: what the search's `prepare` returned.
        trial: `uid`, `algorithm_name` and `algorithm_params` of a trial on the board.

    Raises:
        UnreadableData: The data cannot be read any more.
        ValueError: skops met a type that `TRUSTED` does not list, so nothing could load the model.
    """
    frame, schema = read_as_run(data_path, task_info)
    features, target, encoder = split_features_target(frame, task_info)
    data = _Data(frame, features, target, row_weights(frame, task_info))
    model = (
        _fit_bag(data, task_info, trial) if _is_bag(task_info) else _refit(data, task_info, trial)
    )
    classes = None if encoder is None else encoder.classes_.tolist()
    description = _describe(task_info, trial, classes=classes, rows=len(target))
    roles = (task_info["targetFeature"], task_info.get("sampleWeight"))
    described = [*description["needed"], *(name for name in roles if name)]
    description["schema"] = schema.of(described).to_dict()
    description["nameless"] = nameless(schema.names)
    description["categories"] = _categories(features, task_info["featureKinds"])
    description["codes"] = _codes(features, task_info["featureKinds"])
    time_column = task_info.get("timeColumn")
    if task_info["model_type"] == "timeseries" and time_column:
        description["time_column"] = time_column
        last = features[time_column].max()
        description["last_time"] = None if pd.isna(last) else str(last)
    if encoder is None:
        description["history"] = _history(target, features.get(time_column))
    description["notices"] = [*task_info.get("notices", []), *_notices(description)]
    _write_package(folder, model, description, data, task_info=task_info)


def _notices(description: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is to be known of the model itself."""
    threshold, classes = description["threshold"], description["classes"]
    if threshold is None:
        return []
    metric = description["task_info"]["scoring"]
    text = (
        f"`{classes[1]}` is predicted from a probability of {threshold:.3g} on, where {metric} is"
        " best on rows that the models had not seen; a threshold that is asked for goes first."
    )
    return to_dicts([Notice("decision-threshold", text, description["target"])])


def _with_intervals(model: Any, task_info: dict[str, Any]) -> IntervalForecaster:
    return IntervalForecaster(
        model,
        time_column=task_info.get("timeColumn"),
        series=tuple(task_info.get("seriesColumns", ())),
        horizon=task_info.get("leads", 1),
    )


def read_as_run(data_path: Path, task_info: dict[str, Any]) -> tuple[pd.DataFrame, TableSchema]:
    """Return the table, read as the run has read its own: the data may be newer than the run."""
    known = task_info.get("schema")
    reading = Reading(TableSchema.from_dict(known) if known else None)
    part = task_info.get("partOfRows")
    return read_with_schema(data_path, reading, part=Part(*part) if part else None)


def _background(features: pd.DataFrame, seed: int) -> list[list[Any]]:
    """Return some rows, as their values stand: what a prediction is explained from."""
    sample = features.sample(min(len(features), BACKGROUND), random_state=seed)
    values = sample.astype(object).where(sample.notna(), None).to_numpy().tolist()
    return [
        [value.isoformat() if isinstance(value, pd.Timestamp) else value for value in row]
        for row in values
    ]


def _categories(features: pd.DataFrame, kinds: dict[str, str]) -> dict[str, list[str]]:
    """Return the values of the columns that have few, to tell at a prediction which are new."""
    names = [name for name, kind in kinds.items() if kind == CATEGORY]
    return {name: sorted(map(str, features[name].dropna().unique())) for name in names}


def _codes(features: pd.DataFrame, kinds: dict[str, str]) -> dict[str, list[str]]:
    """Return the values of the columns that have many, where new ones are the exception.

    The share of the rows whose value occurs once is that of values not met before, to be expected
    of other rows (I. J. Good, 1953, "The population frequencies of species").
    """
    found = {}
    for name in (name for name, kind in kinds.items() if kind == MANY):
        counts = features[name].value_counts()
        if len(counts) <= _MOST_CODES and (counts == 1).sum() < counts.sum() / 2:
            found[name] = sorted(map(str, counts.index))
    return found


def _history(target: Any, times: pd.Series | None) -> list[float]:
    """Return two numbers that stand for all learned from: with their last one and mean step."""
    if times is not None:
        target = target[np.argsort(to_dates(times).to_numpy(), kind="stable")]
    last = float(target[-1])
    with np.errstate(over="ignore"):
        step = float(np.abs(np.diff(target)).mean()) if len(target) > 1 else 0.0
    return [last - step if np.isfinite(step) else last, last]


@dataclass(frozen=True)
class _Data:
    """The table, and the features, the target and the weights of its rows that are known."""

    frame: pd.DataFrame
    features: pd.DataFrame
    target: Any
    weights: Any = None


def _write_package(
    folder: Path, model: Any, description: dict[str, Any], data: _Data, *, task_info: dict[str, Any]
) -> None:
    """Store a model with what describes it, whole or not at all."""
    features = data.features
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packaging-") as temporary:
        complete = Path(temporary) / "model"
        complete.mkdir()
        _store(model, complete / MODEL_FILE)
        text = json.dumps(description, indent=2, ensure_ascii=False, default=_plain)
        (complete / DESCRIPTION_FILE).write_text(text, encoding="utf-8")
        profile = make_profile(features, data.target, description)
        (complete / PROFILE_FILE).write_text(json.dumps(profile), encoding="utf-8")
        if task_info["model_type"] != "timeseries":
            rows = _background(features[description["needed"]], task_info["seed"])
            (complete / BACKGROUND_FILE).write_text(json.dumps(rows, default=_plain), "utf-8")
        _replace(folder, complete)


def _is_bag(task_info: dict[str, Any]) -> bool:
    return task_info.get("deploy") == "bag"


def _refit(data: _Data, task_info: dict[str, Any], trial: dict[str, Any]) -> Any:
    """Return the trial's model of all rows."""
    model = build_pipeline(task_info, trial["algorithm_name"], trial["algorithm_params"])
    model.set_params(**{name: True for name in model.get_params() if _is_refit(name)})
    if task_info["model_type"] == "timeseries":
        model = _with_intervals(model, task_info)
    threads = task_info.get("threads", 1)
    _fit(model, data.features, data.target, threads=threads, weights=data.weights)
    return without_stopping(model)


def _fit_bag(data: _Data, task_info: dict[str, Any], trial: dict[str, Any]) -> Any:
    """Return the models of the trial's folds: the same ones that were measured, by their seed."""
    settings = read_settings(
        SearchTask(
            Path(), task_info["stat_data"], task_info, task_info["model_type"], task_info["seed"]
        )
    )
    groups = None
    if settings.groups:
        known = known_rows(data.frame, task_info)
        groups = data.frame.loc[known, settings.groups].astype(str).to_numpy()
    count, _ = count_folds(settings, data.target)
    folds = make_folds(settings, count, data.target, seed=task_info["seed"], groups=groups)
    params = dict(trial["algorithm_params"])
    most_rows = params.get(ROWS)
    models = []
    for train, _ in folds:
        rows = sample_rows(train, data.target, most_rows, task_info)
        model = build_pipeline(task_info, trial["algorithm_name"], params)
        limit_rounds(model, params.get(ROUNDS))
        threads = task_info.get("threads", 1)
        weights = None if data.weights is None else data.weights[rows]
        _fit(model, data.features.iloc[rows], data.target[rows], threads=threads, weights=weights)
        models.append(without_stopping(model))
    return bag_of(models, has_classes=settings.classification)


def _is_refit(name: str) -> bool:
    """Tell whether a parameter says that boosting learns from all rows in the end."""
    return name.rpartition("__")[2] == "refit"


def _fit(model: Any, features: Any, target: Any, *, threads: int, weights: Any = None) -> None:
    """Fit as the trial was fitted: with its threads, and whether it converges or not."""
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(threads):
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit_model(model, features, target, weights)


def _store(model: Any, path: Path) -> None:
    from skops import io as skops_io

    skops_io.dump(model, path)
    unknown = set(skops_io.get_untrusted_types(file=path)) - set(TRUSTED)
    if unknown:
        raise ValueError(f"the model holds types that are not trusted: {sorted(unknown)}")


def _describe(
    task_info: dict[str, Any], trial: dict[str, Any], *, classes: list[Any] | None, rows: int
) -> dict[str, Any]:
    kinds = dict(task_info["featureKinds"])
    time_column = task_info.get("timeColumn")
    past_only = task_info.get("pastOnlyColumns", ())
    needed = [name for name in kinds if name not in past_only]
    roles = [*([time_column] if time_column else []), *task_info.get("seriesColumns", ())]
    needed += [name for name in dict.fromkeys(roles) if name not in needed]
    told = json.dumps([trial["algorithm_name"], trial["algorithm_params"]], default=str)
    packages = [*PACKAGES, *(_installed_as(name) for name in LIBRARIES if f'"{name}.' in told)]
    return {
        "format": FORMAT,
        "trial_id": trial["uid"],
        "algorithm_name": trial["algorithm_name"],
        "algorithm_params": trial["algorithm_params"],
        "model_type": task_info["model_type"],
        "target": task_info["targetFeature"],
        "needed": needed,
        "kinds": kinds,
        "classes": classes,
        "rows": rows,
        "deploy": task_info.get("deploy", "refit"),
        "threshold": trial["algorithm_params"].get(THRESHOLD),
        "calibration": trial["algorithm_params"].get(CALIBRATION),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "task_info": task_info,
    }


def _installed_as(library: str) -> str:
    """Return the name of the distribution; XGBoost has one without the parts for graphics cards."""
    known = packages_distributions().get(library, [library])
    return library if library in known else known[0]


def _plain(value: Any) -> Any:
    """Bring numpy's scalars and sets into JSON."""
    return value.item() if hasattr(value, "item") else sorted(value)


def _replace(folder: Path, complete: Path) -> None:
    """Put the new folder in place; of an old one nothing remains."""
    if folder.exists():
        old = complete.with_name("old")
        folder.replace(old)
    try:
        complete.replace(folder)
    finally:
        shutil.rmtree(complete, ignore_errors=True)
