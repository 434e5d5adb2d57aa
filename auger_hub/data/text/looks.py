"""Tell texts that look like numbers or dates and are read as names all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

MOSTLY = 0.9
_LEAST = 3
_UNIT = re.compile(r"[<>~≈±]?\s*[+-]?\d[\d.,' ]*?\s?(?P<unit>[^\W\d_]{1,5}|[°%‰µ][^\W\d_]{0,3})\.?")
_NUMBER = re.compile(r"\s*[+-]?(0|[1-9][0-9]{0,17})(\.[0-9]+)?\s*", re.ASCII)
_CODE = re.compile(r"\s*0[0-9]+\s*", re.ASCII)
_BOUND = re.compile(r"\s*[<>~≈≤≥]\s*[+-]?\d[\d.,]*\s*")
_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[ap]\.?m\.?)?\s*", re.IGNORECASE)
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
    if _count(_DATES, counts) >= enough:
        yield "dates"
    if _count(_CLOCK, counts) >= enough:
        yield "times of day"
    if _count(_BOUND, counts) >= enough:
        yield "bounds of numbers"
    units: dict[str, int] = {}
    for text, count in counts.items():
        if match := _UNIT.fullmatch(text.strip()):
            units[match["unit"]] = units.get(match["unit"], 0) + count
    unit = max(units, key=lambda one: units[one], default="")
    if unit and units[unit] >= enough:
        yield f"numbers with the unit `{unit}`"


def _count(pattern: re.Pattern[str], counts: Mapping[str, int]) -> int:
    return sum(count for text, count in counts.items() if pattern.fullmatch(text))
