"""Clean raw columns by their kind: the first step of every pipeline, for files and JSON alike.

An exported model carries this file along, and `column_kinds.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from auger_hub.search.column_kinds import CODE, DATE, MISSING_TEXT, NUMBER

DATE_PARTS = ("days", "year", "month", "day", "weekday", "hour")
CYCLES = ("year", "week", "day")
"""Of time: where a date stands in each, as the sine and the cosine of an angle."""
ANGLES = tuple(f"{cycle}_{wave}" for cycle in CYCLES for wave in ("sin", "cos"))
MOST_DATES = 4  # columns of dates, between any two of which the days are counted
_FLOAT_BITS = 1024
_TURN = 2 * np.pi
# In seconds: counted in nanoseconds, as by default, a date past the year 2262 would be refused.
_EPOCH, _DAY = pd.Timestamp(0).as_unit("s"), pd.Timedelta(days=1).as_unit("s")
_TRUTH = {"true": "true", "false": "false", "True": "true", "False": "false"}


class CleanColumns(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Turn each column into floats or texts by its kind; dates become calendar numbers.

    Besides these, dates become angles in their cycles, and the days between any two of a row.

    Args:
        kinds: column name -> one of `column_kinds`. Columns without a kind are left out, and a
            column that a record lacks is missing throughout.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = kinds

    def fit(self, X: pd.DataFrame, _y: Any = None) -> CleanColumns:  # noqa: N803 - sklearn's name
        """Learn nothing: what a column becomes depends on its kind alone."""
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803 - sklearn's name
        """Return the clean columns, numbers as float and everything else as text."""
        clean: dict[str, pd.Series] = {}
        days: dict[str, pd.Series] = {}
        angles: dict[str, np.ndarray[Any, Any]] = {}
        for name, kind in self.kinds.items():
            column = X[name] if name in X.columns else pd.Series(np.nan, index=X.index)
            if kind == DATE:
                names, dates = part_names(name, self.kinds), to_dates(column)
                parts = date_parts(dates)
                days[name] = parts["days"]
                clean.update({names[part]: values for part, values in parts.items()})
                angles |= {names[part]: values for part, values in angles_of(dates).items()}
            else:
                clean[name] = to_number(column) if kind in (NUMBER, CODE) else to_text(column)
        between = {
            name: days[later] - days[earlier]
            for (later, earlier), name in elapsed_names(self.kinds).items()
        }
        # at the end: models that were stored before there were any know their columns by place
        return pd.DataFrame({**clean, **angles, **between}, index=X.index)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def output_columns(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that `CleanColumns` makes, each with its kind; date parts are numbers."""
    columns: dict[str, str] = {}
    for name, kind in kinds.items():
        if kind == DATE:
            parts = part_names(name, kinds)
            columns.update({parts[part]: NUMBER for part in DATE_PARTS})
        else:
            columns[name] = kind
    return columns | dict.fromkeys([*angle_names(kinds), *elapsed_names(kinds).values()], NUMBER)


def angle_names(kinds: Mapping[str, str]) -> list[str]:
    """Return the columns with the angles of all dates."""
    dates = [part_names(name, kinds) for name, kind in kinds.items() if kind == DATE]
    return [names[part] for names in dates for part in ANGLES]


def elapsed_names(kinds: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return for pairs of dates the column with the days between them: none that is there."""
    dates = [name for name, kind in kinds.items() if kind == DATE][:MOST_DATES]
    found = {}
    for place, later in enumerate(dates):
        for earlier in dates[:place]:
            name = f"{later}.since.{earlier}"
            while name in kinds:
                name += "."
            found[later, earlier] = name
    return found


def names_of(columns: Any, given: Any) -> str | list[str]:
    """Return the names of what a step of fitted preprocessing takes: a text, or a list of columns.

    Models that were stored before steps knew their columns by place have the names.
    """
    if isinstance(given, str):
        return given
    names = columns.feature_names_in_
    return [one if isinstance(one, str) else str(names[one]) for one in given]


def part_names(name: str, kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the numbers that a date becomes: none that another column has."""
    mark, parts = ".", (*DATE_PARTS, *ANGLES)
    while any(f"{name}{mark}{part}" in kinds for part in parts):
        mark += "."
    return {part: f"{name}{mark}{part}" for part in parts}


def to_number(column: pd.Series) -> pd.Series:
    """Return floats; what is no finite number is missing, truth values are 1 and 0."""
    if column.dtype == np.float64 and not np.isinf(column.to_numpy()).any():
        return column  # as it is when rows come typed
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        column = column.map(_plain_number)
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers), np.nan)


def _plain_number(value: Any) -> Any:
    """Return 1 and 0 for truth values, and nothing for integers that no float can hold."""
    if isinstance(value, int) and value.bit_length() >= _FLOAT_BITS:
        return None
    return {"true": 1, "false": 0}.get(str(value).lower(), value)


def to_text(column: pd.Series) -> pd.Series:
    """Return texts; 1, 1.0 and "1" are one category, and so are True and "true"."""
    texts = {value: _text(value) for value in column.dropna().unique()}
    told = zip(column.astype(object), column.notna(), strict=True)
    clean = [texts[value] if is_known else MISSING_TEXT for value, is_known in told]
    return pd.Series(clean, index=column.index, dtype=object, name=column.name)


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = str(value)
    return _TRUTH.get(text, text)


def to_dates(column: pd.Series) -> pd.Series:
    """Return time stamps in UTC without a zone; what is no date is missing.

    Args:
        column: dates, texts of which each is read by itself, or seconds since 1970.
    """
    if pd.api.types.is_numeric_dtype(column):
        return pd.to_datetime(column, unit="s", errors="coerce")
    if not pd.api.types.is_datetime64_any_dtype(column):
        column = pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
    return column.dt.tz_convert(None) if column.dt.tz is not None else column


def date_parts(column: pd.Series) -> dict[str, pd.Series]:
    """Return days since 1970 and the calendar's numbers."""
    dates = to_dates(column)
    days = (dates - _EPOCH) / _DAY
    at = dates.dt
    parts = (days, at.year, at.month, at.day, at.day_of_week, at.hour)
    return {n: part.astype("float64") for n, part in zip(DATE_PARTS, parts, strict=True)}


def angles_of(dates: pd.Series) -> dict[str, np.ndarray[Any, Any]]:
    """Return where time stamps stand in the year, the week and the day: sine and cosine.

    The last hour of a day and the first of the next one are neighbours there.
    """
    at = dates.dt
    day = ((at.hour * 60 + at.minute) / 1440).to_numpy(dtype=float)
    turns = (
        (at.day_of_year.to_numpy(dtype=float) - 1 + day) / 365.2425,
        (at.day_of_week.to_numpy(dtype=float) + day) / 7,
        day,
    )
    waves = [wave for turn in turns for wave in (np.sin(_TURN * turn), np.cos(_TURN * turn))]
    return dict(zip(ANGLES, waves, strict=True))
