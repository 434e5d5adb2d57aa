"""Report texts that look like numbers or dates and are read as names all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from auger_hub.data.text.months import has_month

MISSING_LOOKS = re.compile(
    r"[-–—.…*?]{1,3}|\\N|nat|\(?(null|none|nil|blank|empty|missing)\)?|#[^\W\d_]{2,}[!?]|#DIV/0!"
    r"|#n/?[vad]|n\.? ?/?[advk]\.?|k\. ?a\.|s/d|not (available|applicable|known)|unknown|undefined"
    r"|tb[acd]|keine angabe|unbekannt|inconnu|desconocido|sin datos?|-?nan",
    re.IGNORECASE,
)
"""Texts that stand for a missing value wherever they are among numbers or dates."""
MOSTLY = 0.9
_LEAST = 3
_UNIT = re.compile(
    r"[<>~≈±]?\s*[+-]?(?:[A-Z]{0,2}[$€£¥₹]\s?)?\d[\d.,' ]*?\s?"
    r"(?P<unit>[^\W\d_]{1,5}|[°%‰µ][^\W\d_]{0,3})\.?"
)
_NUMBER = re.compile(r"\s*[+-]?(0|[1-9][0-9]{0,17})(\.[0-9]+)?\s*", re.ASCII)
_CODE = re.compile(r"\s*0[0-9]+\s*", re.ASCII)
_MONTH = re.compile(r"[^\W\d_]{3,12}\.?[ '’-]{1,2}\d{2,4}|\d{1,2}[. -]{1,2}[^\W\d_]{3,12}\.?")
_DATES = re.compile(
    r"""\s*(?:
        (\w{2,9}\.?,?\s+)?\d{1,2}\.?\s+[^\W\d_]{3,12}\.?,?\s+\d{4}.*
      | [^\W\d_]{3,12}\.?\s+\d{1,2},?\s+\d{4}.*
      | \d{4}-?W\d{2}(-?\d)?
      | \d{4}\s?[年년].*
      | \d{4}[ -/]?Q[1-4] | Q[1-4][ -/]?\d{4}
      | \d{1,4}(?P<mark>[-./])\d{1,2}(?P=mark)\d{1,4}([ T,].*)?
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)

_KINDS = {
    "dates": _DATES,
    "times of day": re.compile(
        r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[ap]\.?m\.?)?\s*", re.IGNORECASE
    ),
    "ranges of numbers": re.compile(r"\s*\d+[.,]\d+\s?(-|–|to|bis|\.\.)\s?\d+[.,]\d+\s*"),
    "fractions": re.compile(r"\s*[+-]?((\d+ )?\d+\s?/\s?\d+|\d*\s?[½¼¾⅓⅔])\s*", re.ASCII),
    "numbers that a spreadsheet wrote as texts": re.compile(
        r"""=\s?"?[+-]?\d[\d.,]*"?|'[+-]?\d[\d.,]*'?"""
    ),
}
_NUMBERS = {  # beside plain ones
    "bounds of numbers": re.compile(r"\s*[<>~≈≤≥]\s*[+-]?\d[\d.,]*\s*"),
    "numbers with `_` between thousands": re.compile(r"[+-]?\d{1,3}(_\d{3})+(\.\d+)?", re.ASCII),
    "numbers in other digits": re.compile(r"\s*[+-]?(?![0-9.,+-]+\s*$)\d+([.,٫．]\d+)?\s*"),
}


def looks_like(counts: Mapping[str, int]) -> str:
    """Return what most texts look like, in words; empty where they are names.

    Args:
        counts: the different texts of a column that is no number, and how often each occurs.
    """
    if len(counts) < _LEAST:
        return ""
    return next(_likenesses(counts), "")


def _likenesses(counts: Mapping[str, int]) -> Iterator[str]:
    enough = sum(counts.values()) * MOSTLY
    if _count(_NUMBER, counts) >= enough and not _count(_CODE, counts):
        yield "numbers"
    yield from (kind for kind, pattern in _KINDS.items() if _count(pattern, counts) >= enough)
    plain = _count(_NUMBER, counts)
    for kind, pattern in _NUMBERS.items():
        if enough <= plain + (odd := _count(pattern, counts)) and odd:
            yield kind
    if sum(n for text, n in counts.items() if _MONTH.fullmatch(text) and has_month(text)) >= enough:
        yield "dates"
    units: dict[str, int] = {}
    for text, count in counts.items():
        if match := _UNIT.fullmatch(text.strip()):
            units[match["unit"]] = units.get(match["unit"], 0) + count
    unit = max(units, key=lambda one: units[one], default="")
    if unit and units[unit] >= enough:
        yield f"numbers with the unit `{unit}`"


def _count(pattern: re.Pattern[str], counts: Mapping[str, int]) -> int:
    return sum(count for text, count in counts.items() if pattern.fullmatch(text))
