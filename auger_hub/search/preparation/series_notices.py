"""Notices about a run of time series: missing, doubled or irregular times, and short series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.notices import Notice, rows
from auger_hub.data.panel import Panel, find_panel
from auger_hub.search.algorithms.registry import missing_packages
from auger_hub.search.columns import to_dates, to_number
from auger_hub.search.pipelines.series import Series, shown_key, split_series
from auger_hub.search.task import Settings

Array = np.ndarray[Any, Any]
_PANEL_SHARE = 0.1  # of rows whose time another one has, from which on several series are likely
_SHORT = 8
_SHOWN = 3


def notices_of_series(
    settings: Settings,
    frame: pd.DataFrame,
    features: pd.DataFrame,
    target: Array,
    time_column: str | None,
) -> list[Notice]:
    """Return what the user should know of the series before the search."""
    found = list(_candidates())
    if time_column is None:
        text = "No column of times is known: the rows are taken in the order of the file."
        return [*found, Notice("no-time-column", text)]
    without = int((to_number(frame[settings.target]).notna()).sum()) - len(target)
    if without:
        text = f"{rows(without)} without a time in `{time_column}` left out."
        found.append(Notice("rows-without-time", text, time_column, without))
    series = split_series(features, target, time_column, settings.series)
    found += _doubled(settings, (features, target), series, time_column)
    found += _steps(series, time_column)
    if settings.series:
        found += _short(series, settings.series)
    return found


def naive_is_best(metric: str, naive: float, best: float | None) -> Notice:
    """Return what to say where no trial was better than the seasonal naive forecast."""
    than = "" if best is None else f", the best of the others {best:.4g}"
    text = (
        "Nothing beat the seasonal naive forecast, which repeats the last season:"
        f" its {metric} is {naive:.4g}{than}."
    )
    return Notice("naive-not-beaten", text)


def _candidates() -> Iterator[Notice]:
    """Tell which models could not be tried."""
    for package, names in missing_packages("timeseries").items():
        text = (
            f"{', '.join(names)} are not tried: `{package}` is not installed where the hub runs"
            " (the extra `series`)."
        )
        yield Notice("algorithms-missing", text, None, len(names))


def _doubled(
    settings: Settings,
    table: tuple[pd.DataFrame, Array],
    series: Sequence[Series],
    time_column: str,
) -> Iterator[Notice]:
    features, target = table
    doubled = sum(one.doubled for one in series)
    if not doubled:
        return
    if settings.series or doubled < _PANEL_SHARE * len(features):
        text = (
            f"{rows(doubled)} with a time in `{time_column}` that another row of the series has:"
            " the mean of their values is learned."
        )
        yield Notice("doubled-times", text, time_column, doubled)
        return
    panel = _told_apart_by(features, target, time_column)
    advice = f"; `series: [{', '.join(panel.series)}]` would separate them" if panel else ""
    text = (
        f"{rows(doubled)} with a time in `{time_column}` that another row has too:"
        f" several series are learned as if they were one{advice}."
    )
    yield Notice("panel-as-one-series", text, time_column, doubled)


def _told_apart_by(features: pd.DataFrame, target: Array, time_column: str) -> Panel | None:
    """Return the columns that make times unique; rows that are there twice count once."""
    table = features.assign(**{time_column: to_dates(features[time_column])})
    different = int((~table.assign(**{"\0": target}).duplicated()).sum())
    names = [name for name in table.columns if _may_tell(table[name])]
    sizes = {name: int(table[name].nunique()) for name in names}
    codes = pd.DataFrame({name: pd.factorize(table[name])[0] for name in [time_column, *names]})

    def count(names: Sequence[str]) -> int:
        return int((~codes[list(names)].duplicated()).sum())

    times = int(table[time_column].nunique())
    return find_panel(time_column, times, sizes, different, count)


def _may_tell(values: pd.Series) -> bool:
    """Tell a column whose values may be names: fractions are none."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return False
    if not pd.api.types.is_numeric_dtype(values):
        return True
    return bool((values.dropna() % 1 == 0).all())


def _steps(series: Sequence[Series], time_column: str) -> Iterator[Notice]:
    gaps = [one.gaps for one in series]
    if any(gaps):
        steps = sum(gaps)
        what = "step has" if steps == 1 else "steps have"
        of = f" in {sum(map(bool, gaps)):,} of {len(series):,} series" if len(series) > 1 else ""
        text = (
            f"{steps:,} {what} no row in `{time_column}`{of}:"
            " the values before and after are joined by a straight line."
        )
        yield Notice("missing-times", text, time_column, steps)
    irregular = [one for one in series if one.clock is not None and "known" in one.clock]
    irregular = [one for one in irregular if len(np.unique(one.at)) > 1]
    if irregular:
        of = f" of {len(irregular):,} of {len(series):,} series" if len(series) > 1 else ""
        text = (
            f"The times in `{time_column}`{of} have no regular step: each row is taken for the"
            " next step, and forecasts count steps of the usual length."
        )
        yield Notice("irregular-times", text, time_column, len(irregular))


def _short(series: Sequence[Series], columns: Sequence[str]) -> Iterator[Notice]:
    short = [one for one in series if len(one.values) < _SHORT]
    if short:
        shown = ", ".join(f"`{shown_key(one.key)}`" for one in short[:_SHOWN])
        more = f" and {len(short) - _SHOWN:,} more" if len(short) > _SHOWN else ""
        text = (
            f"{len(short):,} of {len(series):,} series have fewer than {_SHORT} values, too few for"
            f" a model of their own: {shown}{more}."
        )
        yield Notice("short-series", text, columns[0], len(short))
