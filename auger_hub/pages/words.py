"""Format numbers, times and names for the pages; the templates use these as filters."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

NOTHING = "–"
_UNITS = ((1e6, "M"), (1e3, "k"), (1.0, ""))
_TONES = {
    "good": ("running", "processed", "ready", "completed", "done", "applied", "in sync"),
    "going": (
        *("deploying", "undeploying", "processing", "preprocess", "started"),
        *("packaging", "requested", "waiting", "out of sync"),
    ),
    "bad": (
        *("error", "processed_with_error", "packaged_with_error", "interrupted"),
        *("failed", "refused", "degraded"),
    ),
}
_TONE_OF = {status: tone for tone, statuses in _TONES.items() for status in statuses}
_WORDS = {
    "preprocess": "preparing",
    "started": "searching",
    "processed_with_error": "failed",
    "packaged_with_error": "failed",
    "error": "failed",
    "undeployed": "stopped",
    "undeploying": "stopping",
    "deploying": "starting",
}


def number(value: float | None) -> str:
    """Return a number of any size to be read, not to be compared: four significant digits."""
    if value is None:
        return NOTHING
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e9):
        return f"{int(value):,}"
    if 1e4 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:,.4g}" if 1e-4 <= abs(value) < 1e6 else f"{value:.3e}"


def ticks_in_words(values: Sequence[float]) -> list[str]:
    """Return the labels of an axis: all with the same decimals, as few as tell them exactly."""
    most = max(map(abs, values), default=0.0)
    unit, sign = next(one for one in _UNITS if most >= 10 * one[0] or one[0] == 1)
    for digits in range(7):
        words = [f"{value / unit:,.{digits}f}" for value in values]
        told = [float(word.replace(",", "")) * unit for word in words]
        if len(set(words)) == len(set(values)) and all(map(_is_near, told, values)):
            return [word + sign if float(word.replace(",", "")) else "0" for word in words]
    return [f"{value:.4g}" for value in values]


def _is_near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12)


def score(value: float | None) -> str:
    """Return a score to be compared with those above and below it: a fixed number of decimals."""
    if value is None:
        return NOTHING
    return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.1f}"


def duration(seconds: float | None) -> str:
    """Return seconds as people say them."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def when(value: datetime | None) -> str:
    """Return a moment in UTC, to the minute."""
    return value.strftime("%Y-%m-%d %H:%M UTC") if value else NOTHING


def algorithm(path: str) -> str:
    """Return the class of an algorithm's path."""
    return path.rpartition(".")[2]


def breakable(name: str) -> Markup:
    """Return a name that a narrow column may break between its words."""
    return Markup("<wbr>").join(re.split(r"(?<=[a-z0-9_.])(?=[A-Z])", name))


def marked(text: str) -> Markup:
    """Return a sentence with what stands between backticks set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one of them opens nothing
        return escape(text)
    shown = [Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(parts)]
    return Markup("").join(shown)


def chance(value: float | None) -> str:
    """Return a p-value: none is told more exactly than anybody needs."""
    if value is None:
        return NOTHING
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.1 else f"{value:.2f}"


def gap(value: float | None) -> str:
    """Return a difference of two scores with its sign."""
    if value is None:
        return NOTHING
    text = f"{value:+,.4f}" if abs(value) < 1000 else f"{value:+,.1f}"
    return text if text.strip("+-0.") else text[1:]


def library(path: str) -> str:
    """Return the package of an algorithm's path."""
    return path.partition(".")[0] if "." in path else ""


def plain(value: Any) -> str:
    """Return a setting's value as it is written in JSON, a text without its quotes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def count(value: int, noun: str) -> str:
    """Return `1 trial`, `2 trials`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def tone(status: str | None) -> str:
    """Return the kind of a status: good, going, bad or quiet."""
    return _TONE_OF.get(status or "", "quiet")


def status_word(status: str | None) -> str:
    """Return a status in a word."""
    return _WORDS.get(status or "", status or "new")


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "score": score,
    "duration": duration,
    "when": when,
    "algorithm": algorithm,
    "breakable": breakable,
    "library": library,
    "marked": marked,
    "chance": chance,
    "gap": gap,
    "plain": plain,
    "count_of": count,
    "tone": tone,
    "status_word": status_word,
}
