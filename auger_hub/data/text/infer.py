"""Find out what the texts of a column are: numbers, dates, truth values, or just texts.

Decided once for a whole column, from its different texts and how often each occurs. A few texts
among many numbers or dates are marks for a missing value; codes with leading zeros are no numbers.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from auger_hub.data.schema import (
    BOOLEAN,
    CATEGORY,
    DATE,
    EXACT,
    ISO,
    MISSING,
    NUMBER,
    ColumnSchema,
)
from auger_hub.data.text import months
from auger_hub.data.text.looks import MISSING_LOOKS, looks_like
from auger_hub.data.text.typed import EXCEL_DAY, NumberReader, is_missing, parse_dates, truth_of

MOSTLY = 0.9
"""The share of values from which on a column is of a type that not all of them have."""
MOST_MARKS = 20
"""So many different texts may stand for missing; more of them are just unreadable."""
_LEAST_STATED, _LEAST_DIFFERENT = 10, 3
"""Values beside which well-known marks for missing may be as many as they are."""
_PARTLY = 0.5
"""The share of values from which on a column of texts is told to be mostly of another type."""
MOST_DIGITS = 18
LONG_NUMBERS = "whole numbers that no float can hold"
_SOME = 0.3
"""The share of dates from which on numbers beside them are days as Excel counts them."""
SYMBOLS = (
    "R$", "US$", "A$", "C$", "HK$", "NT$", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "₪", "₫",
    "฿", "¢", "%", "‰", "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "CAD", "AUD", "SEK", "NOK",
    "DKK", "PLN", "Rs.", "Rs", "Fr.", "kr.", "kr", "zł", "Kč", "Ft", "руб.",
)  # fmt: skip
_PLAIN = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
_SHEET_ERROR = re.compile(r"#(¡?[^\W\d_]+[!?]|¡?DIV/0!|N/A|N/D|NV)")
GROUPED = re.compile(r"\s*[+-]?(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})*|0)\s*", re.ASCII)
"""Numbers whose points may stand between thousands, all of them."""
_CODE = re.compile(r"[+-]?0[0-9]+", re.ASCII)
_WORDS = re.compile(r"[^0-9#][^0-9]*", re.ASCII)
_ENDLESS = {sign + word for sign in ("", "+", "-") for word in ("inf", "infinity")}
_NEGATIVE = re.compile(r"\(.*\)|-\D*$")
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_WHOLE_NAME = re.compile(r"\s*[+-]?(0|[1-9][0-9]*)\s*", re.ASCII)
_ISO_LOOKS = re.compile(r"\s*\d{4}([-/.])\d{1,2}\1\d{1,2}([T ]+\d{1,2}:\d{2}.*)?\s*", re.ASCII)
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE_LOOKS = re.compile(
    r"\s*(\d{1,2}([-/. ])\d{1,2}\2\s?\d{2,4}\b.*|.*\b"
    + _MONTH
    + r"\b.*\d.*|\d.*\b"
    + _MONTH
    + r"\b.*"
    r"|\d{1,2}" + _MONTH + r"\d{2,4}.*|\d{4}-\d{2}|\d{1,2}/\d{4})\s*",
    re.IGNORECASE,
)
_STYLES = ((".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))
_DAYS = (
    *(order.replace("-", mark) for order in ("%m-%d-%Y", "%d-%m-%Y", "%m-%d-%y", "%d-%m-%y")
      for mark in "/.- "),
    *("%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%d %b %y"),
    *("%d. %B %Y", "%d. %b %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%b. %d, %Y", "%d/%b/%Y", "%d/%b/%y"),
    *("%a, %d %b %Y", "%A, %d %B %Y", "%A, %B %d, %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%d%b%Y"),
    *("%Y %b %d", "%Y-%b-%d", "%Y-%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%Y/%m"),
)  # fmt: skip
_MIDDLE = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y")
_CLOCK = re.compile(
    r"(?P<day>.*?)(?P<gap>[ T,:]+)\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<fraction>\.\d+)?"
    r"(?P<half> ?[AaPp]\.?[Mm]\.?)?(?P<zone> ?([zZ]|[+-]\d{2}:?\d{2}|[A-Z]{3}))?",
    re.ASCII,
)
_TRIED_TEXTS = 12


@dataclass(frozen=True)
class Found:
    """What a column is, and how many of its values are marks for missing or cannot be read.

    Of texts, `looks` says that they look like something else, or `mostly` that most of them are
    numbers or dates, and which: the `others`, their `share`, are not. `grouped` is one of numbers
    that may as well have marks between thousands: `100.101`; `negative` is one that is so by
    parentheses or by a sign behind.
    """

    column: ColumnSchema
    marks: Mapping[str, int]
    unreadable: int = 0
    example: str = ""
    looks: str = ""
    grouped: str = ""
    negative: str = ""
    mostly: ColumnSchema | None = None
    others: tuple[str, ...] = ()
    share: float = 0.0


def infer_column(  # noqa: PLR0913 - keyword-only, each with a default
    name: str,
    counts: Mapping[str, int],
    *,
    delimiter: str | None = None,
    is_typed: bool = False,
    missing: Sequence[str] = MISSING,
    has_commas: bool = False,
) -> Found:
    """Return what a column is.

    Args:
        name: of the column.
        counts: its different texts, and how often each occurs.
        delimiter: of the file: a comma after a semicolon is more likely a decimal one.
        is_typed: the format tells numbers from texts, so that texts like numbers are numbers only
            where nothing is lost: `1.10` and `1.1` are two texts.
        missing: what stands for missing in the whole table.
        has_commas: other columns of the file have a decimal comma: `100.101` is no fraction there.
    """
    marks = frozenset(missing)
    known = {text: count for text, count in counts.items() if not is_missing(text, marks)}
    if not known:
        return Found(ColumnSchema(name, CATEGORY), {})
    if all(truth_of(text) is not None for text in known):
        return Found(ColumnSchema(name, BOOLEAN, spelling=_spelling_of(known)), {})
    blanks = _blanks_among(known)
    stated = {text: count for text, count in known.items() if text not in blanks}
    has_points = has_commas and any("." in text for text in stated)
    if has_points and all(GROUPED.fullmatch(text) for text in stated):
        column = ColumnSchema(name, NUMBER, decimal=",", thousands=".")
        return _with_marks(Found(column, {}), blanks)
    judged = [_numbers(name, stated, delimiter, is_typed=is_typed), _dates(name, stated)]
    possible = [found for found in judged if found is not None]
    for found in possible:
        if _lost(found) - _errors(found) <= (sum(stated.values()) - _errors(found)) * 0.1:
            return _with_marks(found, blanks)
    longest = max(known, key=len)
    if all(map(_WHOLE_NAME.fullmatch, known)) and any(map(_is_long, known)):
        column = ColumnSchema(name, CATEGORY, whole=True)
        return Found(column, {}, example=longest.strip(), looks=LONG_NUMBERS)
    looks = looks_like(known)
    names = Found(ColumnSchema(name, CATEGORY), {}, example=next(iter(known)), looks=looks)
    return names if looks else _mostly(names, possible, stated)


def _blanks_among(known: Mapping[str, int]) -> dict[str, int]:
    """Return the well-known marks for missing, where enough values stand beside them."""
    blanks = {text: n for text, n in known.items() if MISSING_LOOKS.fullmatch(text.strip())}
    stated = sum(known.values()) - sum(blanks.values())
    is_enough = stated >= _LEAST_STATED and len(known) - len(blanks) >= _LEAST_DIFFERENT
    return blanks if is_enough else {}


def _with_marks(found: Found, blanks: Mapping[str, int]) -> Found:
    """Return a column with more marks for missing."""
    if not blanks:
        return found
    marks = Counter(found.marks)
    for text, count in blanks.items():
        marks[text.strip()] += count
    column = replace(found.column, missing=tuple(sorted(marks)))
    return replace(found, column=column, marks=dict(marks))


def _mostly(names: Found, possible: Sequence[Found], stated: Mapping[str, int]) -> Found:
    """Return a column of names, told to be mostly numbers or dates where it is."""
    for found in possible:
        lost = sum(stated[text] for text in found.others)
        is_many = len(stated) - len(found.others) >= _LEAST_DIFFERENT
        if is_many and lost <= sum(stated.values()) * _PARTLY:
            share = lost / sum(stated.values())
            return replace(names, mostly=found.column, others=found.others, share=share)
    return names


def _is_long(text: str) -> bool:
    """Tell a whole number beyond those of which a float holds each."""
    digits = text.strip().lstrip("+-")
    return digits.isdecimal() and (len(digits) > MOST_DIGITS or int(digits) > EXACT)


def _spelling_of(counts: Mapping[str, int]) -> tuple[str, str]:
    """Return how true and false are mostly written; one that is not there as the other."""
    mostly: dict[bool | None, str] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        mostly.setdefault(truth_of(text), text.strip())
    other = next(iter(mostly.values()))
    style = str.upper if other.isupper() else str.title if other.istitle() else str.lower
    return mostly.get(True, style("true")), mostly.get(False, style("false"))


def infer_plain(name: str, texts: Sequence[str], missing: Sequence[str] = MISSING) -> Found | None:
    """Return what a column of plain numbers is, None where it has to be looked at closely."""
    marks = frozenset(missing)
    known = [text for text in texts if text not in marks]
    try:
        list(map(float, known))
    except ValueError:
        return None
    plain = known and all(text.isascii() and "_" not in text for text in known)
    if not plain or any(_CODE.fullmatch(text) or len(text) > MOST_DIGITS for text in known):
        return None
    whole = all(map(_WHOLE.fullmatch, known))
    if whole and any(map(_is_long, known)):
        return None
    return Found(ColumnSchema(name, NUMBER, whole=whole), {})


def _numbers(
    name: str, known: Mapping[str, int], delimiter: str | None, *, is_typed: bool
) -> Found | None:
    if sum(n for text, n in known.items() if _is_wordy(text)) > sum(known.values()) * _PARTLY:
        return None
    best = None
    for column in _number_styles(name, known, delimiter):
        read = NumberReader(column)
        rest = {text: count for text, count in known.items() if not _is_number(text, read)}
        lost = sum(rest.values())
        if best is None or lost < best[0]:
            best = (lost, column, rest)
        if not lost:
            break
    if best is None:
        return None
    _, column, rest = best
    read = NumberReader(column)
    numbers = [text for text in known if text not in rest]
    if not numbers or _are_codes(numbers, rest, read, column, is_typed=is_typed):
        return None
    column = replace(column, symbols=tuple(_symbols_in(numbers)))
    whole = column.is_plain and all(map(_WHOLE.fullmatch, numbers))
    negative = next((text for text in numbers if _NEGATIVE.search(text) and read(text) < 0), "")
    return replace(_found(replace(column, whole=whole), rest), negative=negative)


def _number_styles(
    name: str, known: Mapping[str, int], delimiter: str | None
) -> Iterator[ColumnSchema]:
    plain = ColumnSchema(name, NUMBER)
    yield plain
    if not any(character.isdigit() for text in known for character in text):
        return
    yield replace(plain, symbols=SYMBOLS)
    styles = sorted(_STYLES, key=lambda style: style[0] != ",") if delimiter == ";" else _STYLES
    for decimal, thousands in styles:
        yield replace(plain, decimal=decimal, thousands=thousands, symbols=SYMBOLS)


def _is_wordy(text: str) -> bool:
    """Tell a text that is no number in any style, and no error of a spreadsheet."""
    return _WORDS.fullmatch(text) is not None and text.strip().lower() not in _ENDLESS


def _is_number(text: str, read: NumberReader) -> bool:
    if not math.isnan(read(text)):
        return text.strip().lower() not in ("true", "false")
    return text.strip().lower() in _ENDLESS


def _are_codes(
    numbers: Sequence[str],
    rest: Mapping[str, int],
    read: NumberReader,
    column: ColumnSchema,
    *,
    is_typed: bool,
) -> bool:
    """Tell names that are made of digits: nothing is counted or measured by them."""
    if any(_CODE.fullmatch(text.strip()) for text in numbers):
        return True
    is_whole = all(map(_WHOLE.fullmatch, numbers))
    others = [text for text in rest if not text.startswith("#")]  # as `#DIV/0!`
    if is_whole and any(character.isdigit() for text in others for character in text):
        return True
    if is_whole and any(map(_is_long, numbers)):
        return True
    if not (is_typed and column.is_plain):
        return False
    unsigned = {text.strip().lstrip("+-") if read(text) == 0 else text for text in numbers}
    return len(set(map(read, unsigned))) < len(unsigned)  # -0.0 is no other name than 0.0


def _symbols_in(numbers: Sequence[str]) -> Iterator[str]:
    """Yield the signs that stand beside the numbers: `US$` before `$`."""
    beside = {re.sub(r"[0-9.,'()+\-\s]+", "", text) for text in numbers}
    for symbol in SYMBOLS:
        if any(symbol in part for part in beside):
            yield symbol
            beside = {part.replace(symbol, "") for part in beside}


def _found(column: ColumnSchema, rest: Mapping[str, int]) -> Found:
    others = tuple(sorted(rest, key=lambda text: (-rest[text], text)))
    if len(rest) <= MOST_MARKS:
        return _with_marks(Found(column, {}, others=others), rest)
    return Found(column, {}, sum(rest.values()), next(iter(rest)), others=others)


def _dates(name: str, known: Mapping[str, int]) -> Found | None:
    texts = list(known)
    whole = sum(known.values())
    days = sum(count for text, count in known.items() if EXCEL_DAY.fullmatch(text))
    iso = sum(count for text, count in known.items() if _ISO_LOOKS.fullmatch(text))
    others = [text for text in texts if _is_like_a_date(text)]
    likely = iso + sum(known[text] for text in others)
    if likely < whole * _SOME or likely + days < whole * _PARTLY:
        return None
    if iso + days >= whole * MOSTLY or not others:
        return _read_as(ColumnSchema(name, DATE, format=ISO), known)
    best: Found | None = None
    for form in _formats_of(others):
        found = _read_as(ColumnSchema(name, DATE, format=form), known)
        if best is None or _lost(found) < _lost(best):
            best = found
        if not _lost(best):
            break
    return best


def _is_like_a_date(text: str) -> bool:
    """Tell a date that is not ISO's, in numbers or in words of any language."""
    if _ISO_LOOKS.fullmatch(text):
        return False
    return _DATE_LOOKS.fullmatch(text) is not None or months.in_english(text) != text


def _errors(found: Found) -> int:
    """Count the errors of a spreadsheet, as `#DIV/0!`: they are no values, however many."""
    return sum(count for mark, count in found.marks.items() if _SHEET_ERROR.fullmatch(mark))


def _lost(found: Found) -> int:
    return found.unreadable + sum(found.marks.values())


def _read_as(column: ColumnSchema, known: Mapping[str, int]) -> Found:
    texts = list(known)
    gone = parse_dates(texts, column).isna().tolist()
    return _found(
        column, {text: known[text] for text, is_gone in zip(texts, gone, strict=True) if is_gone}
    )


def _formats_of(texts: Sequence[str]) -> list[str]:
    """Return the formats that one of the first texts has, the month before the day.

    Several are tried on all texts: only the other values tell whether `05/03/2019` is in May.
    """
    forms, in_words = [], []
    for text in texts[:_TRIED_TEXTS]:
        day, clock = _split(text.strip())
        forms += [form + clock for form in _DAYS if _has(day, form)]
        forms += [form for form in _MIDDLE if _has(text.strip(), form)]
        day, clock = _split(months.in_english(text.strip()))
        in_words += [form + clock for form in months.FORMATS if _has(day, form)]
    order = {form: number for number, form in enumerate(_DAYS)}
    ranked = sorted(dict.fromkeys(forms), key=lambda form: _rank(form, order))
    return list(dict.fromkeys((*ranked, *in_words)))


def _rank(form: str, order: Mapping[str, int]) -> int:
    return next((order[day] for day in order if form.startswith(day)), 0)


def _split(text: str) -> tuple[str, str]:
    """Return the day of a text, and the format of the clock behind it."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return text, ""
    half = match["half"] or ""
    clock = ("%I:%M" if half else "%H:%M") + (":%S" if match["seconds"] else "")
    clock += (".%f" if match["fraction"] else "") + (
        " %p" if half[:1] == " " else "%p" if half else ""
    )
    zone = match["zone"] or ""
    if zone:
        clock += (" " if zone[0] == " " else "") + (
            "%Z" if zone.strip().isalpha() and len(zone.strip()) > 1 else "%z"
        )
    return match["day"], match["gap"] + clock


def _has(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
