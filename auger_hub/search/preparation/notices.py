"""Collect notices about a run: rows and columns left out, classes, folds, possible leakage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from auger_hub.data.notices import Notice, rows
from auger_hub.search.algorithms.registry import algorithms_of, all_algorithms, is_able
from auger_hub.search.column_kinds import DATE
from auger_hub.search.columns import date_parts, to_number
from auger_hub.search.preparation.series_notices import notices_of_series
from auger_hub.search.task import Settings

Array = np.ndarray[Any, Any]
CLASS_NONE = "None"
_FEW_ROWS = 5
_RARE_SHARE = 0.05
_MANY_CLASSES = 15
_JUDGED_ROWS = 1_000
_JUDGED_COLUMNS = 60
_PERFECT = 0.995
_LEAST_ROWS = 50


@dataclass(frozen=True)
class Prepared:
    """What a run has made of its data: the table, and what of it is learned from.

    `unknown` is how many rows have no target; of series those without a time are left out as well.
    """

    frame: pd.DataFrame
    features: pd.DataFrame
    target: Array
    labels: Sequence[Any]
    kinds: Mapping[str, str]
    time_column: str | None
    unknown: int


def notices_of_run(settings: Settings, prepared: Prepared, folds: Sequence[str]) -> list[Notice]:
    """Return what the user should know before the search; `folds` says why they are fewer."""
    found = [*_rows_left_out(settings, prepared), *_columns_left_out(settings, prepared)]
    if settings.classification:
        found += _classes(settings, prepared)
        found += _weights(settings)
    found += _unable(settings)
    found += [Notice("folds-lowered", sentence) for sentence in folds]
    if settings.ignored:
        listed = ", ".join(f"`{name}`" for name in settings.ignored)
        found.append(Notice("options-ignored", f"This hub does nothing with {listed}."))
    if settings.model_type == "timeseries":
        found += notices_of_series(
            settings, prepared.frame, prepared.features, prepared.target, prepared.time_column
        )
    else:
        found += _leakage(settings, prepared)
    return found


def _weights(settings: Settings) -> Iterator[Notice]:
    """Yield which algorithms a class weight does not reach."""
    if not settings.class_weight:
        return
    known = all_algorithms().values()
    classifiers = [one for one in known if one.task == "classification" and not one.is_baseline]
    others = ", ".join(one.short_name for one in classifiers if not one.is_weighted)
    text = f"The class weights do not count for {others}, which take none."
    yield Notice("weights-ignored", text)


def _unable(settings: Settings) -> Iterator[Notice]:
    """Yield which algorithms cannot do what is asked of every model."""
    unable = [one.short_name for one in algorithms_of(settings) if not is_able(one, settings)]
    asked = {"weights of rows": settings.sample_weight, "monotonic constraints": settings.monotonic}
    what = " or no ".join(name for name, value in asked.items() if value)
    if unable:
        text = f"Not tried, because they take no {what}: {', '.join(unable)}."
        yield Notice("algorithms-left-out", text, count=len(unable))


def notice_of_part(read: int, of: int, memory_mb: int) -> Notice:
    """Return that the run learns from a part of the rows."""
    text = (
        f"The run learns from {read:,} of {of:,} rows, evenly chosen: a worker of {memory_mb:,} MB"
        " has no memory for more."
    )
    return Notice("rows-sampled", text, count=of - read)


def notices_of_weights(settings: Settings, *, left_out: int) -> Iterator[Notice]:
    """Yield what the weights of rows do, and how many rows have none."""
    name = settings.sample_weight
    if name is None:
        return
    text = f"Rows count by their weight in `{name}`, in fitting and in all scores"
    yield Notice("rows-weighted", f"{text}; nothing is learned from it.", name)
    if left_out:
        text = f"{rows(left_out)} without a weight in `{name}` left out."
        yield Notice("rows-without-weight", text, name, left_out)


def _rows_left_out(settings: Settings, prepared: Prepared) -> Iterator[Notice]:
    if prepared.unknown:
        what = "value" if settings.classification else "number"
        text = f"{rows(prepared.unknown)} without a {what} in the target `{settings.target}`"
        yield Notice("rows-without-target", f"{text} left out.", settings.target, prepared.unknown)


def _columns_left_out(settings: Settings, prepared: Prepared) -> Iterator[Notice]:
    for name in settings.columns:
        if name in prepared.kinds:
            continue
        values = prepared.features[name].nunique()
        if values == 0:
            text = f"`{name}` is not used: it has no value in any row."
        elif values == 1:
            text = f"`{name}` is not used: it is the same in all rows."
        else:
            text = f"`{name}` is not used: its texts are different in every row."
        yield Notice("column-left-out", text, name, int(values))


def _classes(settings: Settings, prepared: Prepared) -> Iterator[Notice]:
    counts, labels, name = np.bincount(prepared.target), prepared.labels, settings.target
    if labels and isinstance(labels[0], (int, float)) and len(labels) > _MANY_CLASSES:
        text = (
            f"The {len(labels)} numbers in the target `{name}` are taken for names of classes;"
            " numbers are predicted by `model_type: regression`."
        )
        yield Notice("numbers-as-classes", text, name, len(labels))
    if CLASS_NONE in labels:
        count = int(counts[list(labels).index(CLASS_NONE)])
        text = (
            f"`{CLASS_NONE}` in the target `{name}` ({rows(count)}) is taken for a class;"
            " where it means no value, list it under `missing`."
        )
        yield Notice("class-like-missing", text, name, count)
    few = {
        str(label): int(count)
        for label, count in zip(labels, counts, strict=True)
        if count < _FEW_ROWS
    }
    if few:
        listed = ", ".join(f"`{label}` ({count})" for label, count in list(few.items())[:5])
        text = f"Classes of `{name}` with fewer than {_FEW_ROWS} rows: {listed}."
        if 1 in few.values() and not settings.in_time_order:
            text += (
                " One with a single row is learned from and tested in no fold, so that no score of"
            )
            text += " the folds tells of it."
        yield Notice("rare-class", text, name, len(few))
    rarest = int(counts.min())
    if rarest < len(prepared.target) * _RARE_SHARE and 2 <= len(labels) <= _MANY_CLASSES:
        label = labels[int(np.argmin(counts))]
        share = rarest / len(prepared.target)
        text = f"The classes of `{name}` are uneven: `{label}` has {share:.1%} of the rows."
        yield Notice("imbalance", text, name, rarest)


def _leakage(settings: Settings, prepared: Prepared) -> Iterator[Notice]:
    """Tell columns that alone say what the target is: mostly they are not known beforehand."""
    if len(prepared.target) < _LEAST_ROWS:
        return
    random = np.random.default_rng(0)
    size = min(_JUDGED_ROWS, len(prepared.target))
    chosen = random.choice(len(prepared.target), size, replace=False)
    target = prepared.target[chosen]
    for name in list(prepared.kinds)[:_JUDGED_COLUMNS]:
        values = _numbers_of(prepared.features[name].iloc[chosen], prepared.kinds[name])
        if _is_told(values, target, classification=settings.classification):
            text = (
                f"`{name}` alone says what `{settings.target}` is: is it known"
                " when a prediction is asked for? Else leave it out with `exclude`."
            )
            yield Notice("leakage-suspected", text, name)


def _numbers_of(column: pd.Series, kind: str) -> Array:
    if kind == DATE:
        return np.asarray(date_parts(column)["days"].fillna(-1))[:, None]
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(_in_float32(to_number(column)).fillna(-1e9))[:, None]
    codes, different = pd.factorize(column)
    if len(different) > len(column) / 2:  # names of rows tell everything, and nothing
        return np.zeros((len(column), 1))
    return np.asarray(codes, dtype=float)[:, None]


def _in_float32(numbers: pd.Series) -> pd.Series:
    """Return the numbers, scaled down if a tree, which takes 32 bits, would refuse them."""
    largest = numbers.abs().max()
    return numbers / largest if largest > np.finfo(np.float32).max else numbers


def _is_told(values: Array, target: Array, *, classification: bool) -> bool:
    """Tell whether a tree on one column predicts rows that it has not seen without a fault."""
    if (values == values[0]).all():
        return False
    if classification:
        commonest = np.bincount(target).max() / len(target)
        if commonest > 0.95 or np.unique(target, return_counts=True)[1].min() < 3:
            return False
        tree: Any = DecisionTreeClassifier(max_leaf_nodes=64, random_state=0)
        return bool((cross_val_predict(tree, values, target, cv=3) == target).mean() >= _PERFECT)
    tree = DecisionTreeRegressor(min_samples_leaf=2, random_state=0)
    target = target / (np.abs(target).max() or 1)  # its square may be past all floats
    spread = float(np.var(target))
    if spread == 0:
        return False
    missed = cross_val_predict(tree, values, target, cv=3) - target
    return bool(np.mean(missed**2) < spread * (1 - _PERFECT))
