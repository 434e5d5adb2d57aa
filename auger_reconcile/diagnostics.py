"""Problems with a place and a hint: data, no rendering (that is `cli/views`).

Invalid input yields a list of these instead of an exception, so that one run reports everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from enum import Enum
from typing import Any, NamedTuple

from auger_reconcile.notebook import to_table
from auger_reconcile.redact import redact

MOST_CHOICES = 1_000  # among more, a near match takes too long to find
MOST_FINDINGS = 20  # of one sort, told one by one; of more, one tells all


class Severity(str, Enum):
    """How bad a diagnostic is: an error stops before the hub is asked."""

    ERROR = "error"
    WARNING = "warning"


class SourceSpan(NamedTuple):
    """A stretch of one line of a file.

    Attributes:
        path: the file as the user would write it, relative to the working directory.
        line: 1-based.
        column: 1-based, in characters.
        length: characters covered; at least 1.
        text: the whole line, without its end, shortened when very long.
    """

    path: str
    line: int
    column: int
    length: int = 1
    text: str = ""


class Diagnostic(NamedTuple):
    """One error or warning.

    Attributes:
        code: stable identifier, such as `unknown-field`.
        summary: lower case, no full stop, no values of the user.
        label: the offending text, shown under the marked place.
        hint: a statement that helps; a near match, an allowed range, a command.
        address: the resource it concerns, as `kind.name`.
    """

    severity: Severity
    code: str
    summary: str
    span: SourceSpan | None = None
    label: str | None = None
    hint: str | None = None
    address: str | None = None

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """Order by place, those without a place last."""
        span = self.span
        place = (0, span.path, span.line, span.column) if span else (1, "", 0, 0)
        return (*place, self.code, self.label or "", self.address or "")

    def __str__(self) -> str:
        """Return it on one line: `auger.yaml:14:5: unknown field: metrics (a hint)`."""
        span = self.span
        place = f"{span.path}:{span.line}:{span.column}: " if span else ""
        about = f"{self.address}: " if self.address and not span else ""
        label = f": {_without_secrets(self.label)}" if self.label else ""
        hint = f" ({_without_secrets(self.hint)})" if self.hint else ""
        return f"{place}{about}{self.summary}{label}{hint}"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form used in plans and by `--json`."""
        place = self.span and {
            "file": self.span.path,
            "line": self.span.line,
            "column": self.span.column,
        }
        members = {
            "severity": self.severity.value,
            "code": self.code,
            "summary": self.summary,
            "address": self.address,
            "label": _without_secrets(self.label),
            "hint": _without_secrets(self.hint),
            "place": place,
        }
        return {key: value for key, value in members.items() if value is not None}


def _without_secrets(text: str | None) -> str | None:
    return redact(text) if text and "://" in text else text


def tabulate(diagnostics: Iterable[Diagnostic]) -> str:
    """Return what a notebook shows of problems: what, where, and what helps."""
    rows = [
        (
            one.severity.value,
            f"{one.span.path}:{one.span.line}:{one.span.column}" if one.span else one.address,
            f"{one.summary}: {one.label}" if one.label else one.summary,
            one.hint,
        )
        for one in diagnostics
    ]
    return to_table(("", "Where", "What", "Hint"), rows)


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics in reading order, each once."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda item: item.sort_key))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Say whether any of the diagnostics is an error."""
    return any(item.severity is Severity.ERROR for item in diagnostics)


def nearest(word: str, choices: Collection[str]) -> str | None:
    """Return the choice that a misspelt word most likely meant."""
    if len(choices) > MOST_CHOICES:
        return None
    return next(iter(get_close_matches(word, choices, n=1)), None)


def with_article(noun: str) -> str:
    """Return a noun with its article: `a project`, `an experiment`."""
    return f"{'an' if noun[0] in 'aeioAEIO' else 'a'} {noun}"


def quote_all(names: Iterable[str]) -> str:
    """Return names in backticks, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def quote_some(names: Collection[str], most: int = 12) -> str:
    """Return the first names in backticks; `…` stands for the others."""
    return quote_all(list(names)[:most]) + (", …" if len(names) > most else "")
