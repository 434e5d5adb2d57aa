"""Turn texts into typed columns by a schema: for training, profile, predictions and exports alike.

Values may come as texts (a file, a client that types nothing) or typed already (JSON, Parquet):
both mean the same. What cannot be read is missing; `count_unreadable` tells how often.
Self-contained (numpy, pandas): an exported model carries this file along.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.data.schema import BOOLEAN, DATE, ISO, MISSING, NUMBER, ColumnSchema, TableSchema
from auger_hub.data.text import months

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_TRUTH = {"true": 1.0, "false": 0.0}
TRUE, FALSE = r"\s*[tT][rR][uU][eE]\s*", r"\s*[fF][aA][lL][sS][eE]\s*"
WHOLE_NAME = r"^\s*(?:[+-]?(0)|\+?([1-9][0-9]*)|(-[1-9][0-9]*))(?:\.0*)?\s*$"
WHOLE_NAME_PARTS = r"\1\2\3"
_WHOLE_NAME = re.compile(WHOLE_NAME, re.ASCII)
_TRUE, _FALSE = re.compile(TRUE, re.ASCII), re.compile(FALSE, re.ASCII)
_NO_NUMBERS: frozenset[float] = frozenset()
_PLAIN_COLUMN = ColumnSchema("", NUMBER)
_SPACES = "\u00a0\u202f\u2009 "
_APOSTROPHES = "'\u2019"
_NO_CENTS = re.compile(r"(?<=[0-9])[.,][-\u2014]{1,2}$")  # `12,-` is a price
_SIGN = re.compile(r"^([+-])\s+")
EXCEL_DAY = re.compile(r"[2-7][0-9]{4}(\.[0-9]+)?", re.ASCII)
_EXCEL_FIRST = pd.Timestamp("1899-12-30", tz="UTC")  # its day 0, as far as days after 1900-02-28 go
_EPOCH = re.compile(r"[+-]?[0-9]{9,13}(\.[0-9]+)?", re.ASCII)
_MILLISECONDS = 1e11  # seconds since 1970 are fewer until the year 5138
_OFFSET = re.compile(r"([zZ]|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}|UTC|GMT)\s*$")
_LOOSE_ISO = r"^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}:\d{2}.*))?\s*$"
_NUMERIC = r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2,4})"
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_ZONES = ("", "%z", " %z", " %Z")


def to_frame(
    values: Mapping[str, Iterable[Any]], schema: TableSchema, names: Sequence[str]
) -> pd.DataFrame:
    """Return the named columns of a table, typed; a name without a schema keeps its values."""
    columns = {}
    for name in names:
        column = schema.column(name)
        raw = values[name]
        columns[name] = as_series(raw) if column is None else to_column(raw, column, schema)
    return pd.DataFrame(columns)


def to_column(values: Iterable[Any], column: ColumnSchema, schema: TableSchema) -> pd.Series:
    """Return one column typed: numbers as float, dates as time stamps, all else as it stands."""
    gone = missing_numbers(column, schema)
    series = _without(as_series(values), gone)
    match column.type:
        case "number":
            return _without(_to_numbers(series, column, schema.marks(column)), gone)
        case "date":
            return _to_dates(series, column, schema.marks(column))
        case _:
            return _to_texts(_named(series, column), text_marks(column, schema))


def missing_numbers(column: ColumnSchema, schema: TableSchema) -> frozenset[float]:
    """Return the numbers that stand for a missing value in a column, however they are written."""
    if schema.rules < 2 or (schema.missing == MISSING and not column.missing):
        return _NO_NUMBERS
    marks = schema.marks(column)
    return _numbers_among(marks, column if column.type == NUMBER else _PLAIN_COLUMN)


@lru_cache(maxsize=4096)
def _numbers_among(marks: frozenset[str], column: ColumnSchema) -> frozenset[float]:
    read = NumberReader(column)
    numbers = [read(mark) for mark in marks if truth_of(mark) is None]
    return frozenset(number for number in numbers if math.isfinite(number))


def _without(series: pd.Series, gone: frozenset[float]) -> pd.Series:
    """Return a column with gaps for numbers that stand for missing; texts are left alone."""
    if not gone or not len(series) or pd.api.types.is_bool_dtype(series):
        return series
    if pd.api.types.is_numeric_dtype(series):
        found = series.isin(list(gone))
    elif series.dtype == object:
        found = series.map(lambda value: _is_one_of(value, gone)).astype(bool)
    else:
        return series
    return series.mask(found) if found.any() else series


def _is_one_of(value: Any, numbers: frozenset[float]) -> bool:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return is_number and value in numbers


def count_unreadable(
    values: Iterable[Any], typed: pd.Series, column: ColumnSchema, schema: TableSchema
) -> int:
    """Count the values that are there but could not be read; endless numbers are among them."""
    return int(are_unreadable(values, typed, column, schema).sum())


def are_unreadable(
    values: Iterable[Any], typed: pd.Series, column: ColumnSchema, schema: TableSchema
) -> pd.Series:
    """Tell which values of a column that is `typed` already are there but could not be read."""
    lost = typed.isna()
    if not lost.any():
        return lost
    marks, gone = schema.marks(column), missing_numbers(column, schema)
    some = _without(as_series(values)[lost], gone)
    lost[lost] = [not is_missing(value, marks) for value in some.tolist()]
    if gone and column.type == NUMBER and lost.any():
        lost[lost] = ~_to_numbers(some[lost[lost].index], column, marks).isin(list(gone))
    return lost


def truth_of(value: Any) -> bool | None:
    """Return what a truth value says, however it is written; None for what is none."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if not isinstance(value, str):
        return None
    return True if _TRUE.fullmatch(value) else False if _FALSE.fullmatch(value) else None


def is_missing(value: Any, marks: frozenset[str]) -> bool:
    """Tell a value that stands for none."""
    if isinstance(value, str):
        return value in marks or value.strip() in marks
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def as_series(values: Iterable[Any]) -> pd.Series:
    """Return values as they are: pandas would make numbers of integers with gaps."""
    if isinstance(values, pd.Series):
        is_text = isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype)
        return values.astype(object) if is_text else values
    return pd.Series(list(values), dtype=object)


def text_marks(column: ColumnSchema, schema: TableSchema) -> frozenset[str]:
    """Return the texts that stand for a missing value among names, as these are written."""
    marks = schema.marks(column)
    if not column.spelling and not column.whole:
        return marks
    return marks | frozenset(_named(pd.Series(sorted(marks), dtype=object), column))


def whole_name(value: Any) -> Any:
    """Return a whole number as its text, however it is written, and all else as it stands."""
    if isinstance(value, str):
        return _WHOLE_NAME.sub(WHOLE_NAME_PARTS, value)
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return value
    is_whole = isinstance(value, int | np.integer) or float(value).is_integer()
    return str(int(value)) if is_whole else value


def _named(series: pd.Series, column: ColumnSchema) -> pd.Series:
    """Return names in the one way that a column writes them."""
    is_number = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
    if not column.whole or not (is_number or series.dtype == object):
        return _spell(series, column.spelling)
    known = series.astype(object).where(series.notna(), None)
    return pd.Series([*map(whole_name, known)], index=series.index, dtype=object)


def _spell(series: pd.Series, spelling: Sequence[str]) -> pd.Series:
    """Return truth values as texts of one spelling, and all else as it stands."""
    if not spelling or not (series.dtype == object or pd.api.types.is_bool_dtype(series)):
        return series
    yes, no = spelling
    spelled = [
        value if (truth := truth_of(value)) is None else yes if truth else no
        for value in series.astype(object).tolist()
    ]
    return pd.Series(spelled, index=series.index, dtype=object)


def _to_texts(series: pd.Series, marks: frozenset[str]) -> pd.Series:
    if series.dtype != object:
        return series
    values = series.tolist()
    if all(type(value) is str for value in values) and marks.isdisjoint(values):
        return series
    kept = [None if _stands_for_none(value, marks) else value for value in values]
    return pd.Series(kept, index=series.index, dtype=object)


def _stands_for_none(value: Any, marks: frozenset[str]) -> bool:
    if type(value) is str:
        return value in marks
    return is_missing(value, marks)


def _to_numbers(series: pd.Series, column: ColumnSchema, marks: frozenset[str]) -> pd.Series:
    """Return floats, or the integers that came as such; what is no finite number is missing."""
    if pd.api.types.is_datetime64_any_dtype(series):
        return pd.Series(np.nan, index=series.index)
    if series.dtype != object:
        return finite(series)
    values = series.tolist()
    numbers = _read_plain(values, marks) if column.is_plain else None
    if numbers is None:
        read = NumberReader(column)
        numbers = np.array([_number_of(value, read, marks) for value in values], dtype=float)
    return finite(pd.Series(numbers, index=series.index))


def finite(numbers: pd.Series) -> pd.Series:
    """Return numbers without infinities; integers that have no gaps stay integers."""
    if pd.api.types.is_integer_dtype(numbers) and not numbers.hasnans:
        return numbers
    if numbers.dtype == np.float64 and not np.isinf(numbers.to_numpy()).any():
        return numbers  # of a single row pandas takes longer than the model
    floats = pd.to_numeric(numbers, errors="coerce").astype("float64")
    return floats.where(np.isfinite(floats), np.nan)


def _read_plain(values: list[Any], marks: frozenset[str]) -> Any:
    """Read plain numbers all at once; None when one of them has to be looked at by itself."""
    try:
        known, texts = values, "_"
        if all(type(value) is str for value in values) and marks.isdisjoint(values):
            texts = "\n".join(values)
        if "_" in texts:
            known = [math.nan if value is None or value in marks else value for value in values]
            texts = "\n".join([value for value in known if type(value) is str])
        if "_" in texts or not texts.isascii():  # Python would take them for numbers
            return None
        return np.fromiter(map(float, known), dtype=float, count=len(known))
    except (TypeError, ValueError, OverflowError):
        return None


def _number_of(value: Any, read: NumberReader, marks: frozenset[str]) -> float:
    if isinstance(value, str):
        return math.nan if is_missing(value, marks) else read(value)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):  # a list, or an integer no float can hold
        return math.nan


class NumberReader:
    """Reads a text as a number: with its decimal mark, its thousands, and the signs beside it."""

    def __init__(self, column: ColumnSchema) -> None:
        self._decimal, self._thousands = column.decimal, column.thousands
        self._symbols = sorted(column.symbols, key=len, reverse=True)
        self._has_symbol = re.compile("|".join(map(re.escape, self._symbols)) or "(?!)").search
        self._grouped = None
        self._kept = {" ": _SPACES, "'": _APOSTROPHES}.get(self._thousands, self._thousands)
        if self._thousands:
            mark = f"[{re.escape(self._kept)}]"
            decimal = re.escape(column.decimal)
            self._grouped = re.compile(
                rf"[+-]?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}(?:{decimal}[0-9]*)?",
                re.ASCII,
            )

    def __call__(self, text: str) -> float:
        """Return the number, NaN for what is none."""
        bare, is_negative = self._bare(text)
        if self._grouped is not None and self._grouped.fullmatch(bare):
            bare = bare.translate({ord(mark): None for mark in self._kept})
        if self._decimal != ".":
            bare = bare.replace(self._decimal, ".")
        if not _PLAIN.fullmatch(bare):
            return _TRUTH.get(bare.lower(), math.nan)
        number = float(bare)
        return -number if is_negative else number

    def _bare(self, text: str) -> tuple[str, bool]:
        """Return a text without signs of currency, and whether it is negative as in accounts.

        That is in parentheses, or with its minus behind.
        """
        bare = _SIGN.sub(r"\1", text.strip().replace("\u2212", "-").replace("\u2013", "-"))
        is_negative = bare.startswith("(") and bare.endswith(")")
        bare = bare[1:-1].strip() if is_negative else bare
        for symbol in self._symbols if self._has_symbol(bare) else ():
            bare = _SIGN.sub(r"\1", bare.removeprefix(symbol).removesuffix(symbol).strip())
            for sign in "+-":
                if bare.startswith(sign + symbol):
                    bare = sign + bare[1 + len(symbol) :].strip()
        bare = _NO_CENTS.sub("", bare)
        if bare.endswith("-") and not is_negative:
            return bare[:-1].rstrip(), True
        return bare, is_negative


def _to_dates(series: pd.Series, column: ColumnSchema, marks: frozenset[str]) -> pd.Series:
    """Return time stamps without a zone: those of the column's zone, or of UTC."""
    if pd.api.types.is_numeric_dtype(series) and column.format is None:
        return pd.to_datetime(series, unit="s", errors="coerce").astype("datetime64[us]")
    if pd.api.types.is_datetime64_any_dtype(series):
        return _in_zone(series, column.timezone) if series.dt.tz is not None else series
    values = series.tolist()
    if not all(type(value) is str for value in values):
        values = [value if _is_date_like(value, marks) else None for value in values]
    known = np.empty(len(values), dtype=object)
    known[:] = values
    codes, found = pd.factorize(known)
    different = [value if _is_date_like(value, marks) else None for value in found]
    stamps = np.append(_known_dates(different, column), np.datetime64("NaT", "us"))
    return pd.Series(stamps[codes], index=series.index)  # the code of a gap is -1, the last one


def _is_date_like(value: Any, marks: frozenset[str]) -> bool:
    return not isinstance(value, (list, dict)) and not is_missing(value, marks)


def _known_dates(values: Sequence[Any], column: ColumnSchema) -> Any:
    """Read each different value once; a number as its text, which older models did not."""
    if column.format is not None:
        values = [_text_of_number(value) for value in values]
    stamps = np.full(len(values), np.datetime64("NaT", "us"))
    is_text = np.array([isinstance(value, str) for value in values], dtype=bool)
    texts = [value for value in values if isinstance(value, str)]
    stamps[is_text] = parse_dates(texts, column).to_numpy(dtype="datetime64[us]")
    for place in np.flatnonzero(~is_text).tolist():
        stamps[place] = _one_date(values[place], column.timezone).to_datetime64()
    return stamps


def _text_of_number(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        return value
    is_fraction = isinstance(value, (float, np.floating)) and not float(value).is_integer()
    return str(value) if is_fraction else str(int(value))


def _one_date(value: Any, zone: str | None) -> Any:
    """Read what is no text: a date of Python's, or seconds since 1970."""
    try:
        if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
            return pd.Timestamp(float(value), unit="s")
        if isinstance(value, (date, datetime, pd.Timestamp, np.datetime64)):
            stamp = pd.Timestamp(value)
            if stamp.tzinfo is None:
                return stamp
            return stamp.tz_convert(zone or timezone.utc).tz_localize(None)
    except (ValueError, OverflowError):
        return pd.NaT
    return pd.NaT


def parse_dates(texts: Sequence[str], column: ColumnSchema) -> pd.Series:
    """Return the time stamps of different texts; a text that fits in no way has none.

    Where the format has no time, fraction or offset, a text may have them; and each may be ISO's.
    """
    series = pd.Series([text.strip() for text in texts], dtype=object)
    if _day_of(column.format) in months.FORMATS:
        series = series.map(months.in_english)
    dates = pd.Series(pd.NaT, index=series.index, dtype="datetime64[us, UTC]")
    if not len(series):
        return dates.dt.tz_localize(None)
    for form in _variants(column.format):
        rest = series[dates.isna()]
        if not len(rest):
            break
        dates[rest.index] = _parse(rest, form)
    if dates.isna().any():
        _try_other_marks(series, dates, column.format)
        _try_words(series, dates, column.format)
        _try_epoch(series, dates)
    if column.timezone is None:
        return dates.dt.tz_localize(None)
    aware = series.map(lambda text: bool(_OFFSET.search(text)))
    local = dates.dt.tz_localize(None)
    return local.where(~aware, _in_zone(dates, column.timezone))


def _try_other_marks(series: pd.Series, dates: pd.Series, form: str | None) -> None:
    """Read `5.3.2019` in a column of `05/03/2019`: days stand where they do in the format."""
    order = re.match(r"%[dm]([-/. ])%[dm]\1%[yY]", form or "")
    if order is None:
        return
    mark = order.group(1)
    rest = series[dates.isna()]
    same = rest.str.replace(_NUMERIC, rf"\1{mark}\2{mark}\3", regex=True)
    same = same[same != rest]
    short = (form or "").replace("%Y", "%y")
    for variant in dict.fromkeys([*_variants(form)[:-2], *_variants(short)[:-2]]):
        left = same[dates[same.index].isna()]
        if len(left):
            dates[left.index] = _parse(left, variant)


def _try_words(series: pd.Series, dates: pd.Series, form: str | None) -> None:
    """Read dates in words, of any language, in a column of others."""
    rest = series[dates.isna()]
    english = rest.map(months.in_english)
    english = english[english != rest]
    if form is None or not len(english):
        return
    for variant in (one for day in months.FORMATS for one in _variants(day)[:-2]):
        left = english[dates[english.index].isna()]
        if len(left):
            dates[left.index] = _parse(left, variant)


def _try_epoch(series: pd.Series, dates: pd.Series) -> None:
    """Read what is left of digits: days as Excel counts them, or seconds since 1970, or less."""
    rest = series[dates.isna()]
    days = rest[rest.map(lambda text: bool(EXCEL_DAY.fullmatch(text)))].astype(float)
    if len(days):
        seconds = (days * 86_400).round()
        dates[days.index] = (_EXCEL_FIRST + pd.to_timedelta(seconds, unit="s")).dt.as_unit("us")
    rest = rest[rest.map(lambda text: bool(_EPOCH.fullmatch(text)))].astype(float)
    if len(rest):
        seconds = rest.where(rest.abs() < _MILLISECONDS, rest / 1000)
        dates[rest.index] = pd.to_datetime(seconds, unit="s", utc=True).dt.as_unit("us")


def _variants(form: str | None) -> list[str]:
    """Return the formats to try, one after the other; `mixed` is what older hubs did."""
    if form is None:
        return ["mixed"]
    if form == ISO:
        return ["ISO8601", "loose"]
    base = _day_of(form)
    times = [f"{base}{time}{zone}" for time in _TIMES for zone in _ZONES if time or not zone]
    return [*dict.fromkeys((form, *times)), "ISO8601", "loose"]


def _day_of(form: str | None) -> str:
    """Return a format without its time."""
    return re.sub(r"[ T]?%[HI]:%M.*$", "", form or "")


def _parse(texts: pd.Series, form: str) -> pd.Series:
    if form == "loose":
        parts = texts.str.extract(_LOOSE_ISO)
        texts = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
        time = parts[3].where(parts[3].isna(), parts[3].str.replace(r"^(\d):", r"0\1:", regex=True))
        texts = texts.where(parts[3].isna(), texts + "T" + time)
        form = "ISO8601"
    elif form not in ("mixed", "ISO8601") and not _fits_first(texts, form):
        return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    return pd.to_datetime(texts, errors="coerce", format=form, utc=True).dt.as_unit("us")


def _fits_first(texts: pd.Series, form: str) -> bool:
    """Spare pandas formats that none of the first texts has: most variants are never met."""
    if len(texts) > 50:
        return True
    return bool(pd.to_datetime(texts, errors="coerce", format=form, utc=True).notna().any())


def _in_zone(dates: pd.Series, zone: str | None) -> pd.Series:
    return dates.dt.tz_convert(zone or timezone.utc).dt.tz_localize(None)


__all__ = [
    "BOOLEAN",
    "DATE",
    "NUMBER",
    "NumberReader",
    "are_unreadable",
    "count_unreadable",
    "missing_numbers",
    "to_column",
    "to_frame",
    "truth_of",
    "whole_name",
]
