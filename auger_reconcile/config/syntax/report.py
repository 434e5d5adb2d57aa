"""The diagnostics of one run, collected while the files are read; nothing stops at the first."""

from __future__ import annotations

from collections.abc import Collection

from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence, span_of
from auger_reconcile.diagnostics import Diagnostic, Severity, has_errors, nearest, sort_diagnostics

MOST_ADVISED = 100  # words of one run, of which each takes as long as there are choices


class Report:
    """Collects diagnostics; knows which values are of no account because they are reported."""

    def __init__(self, shared: Report | None = None, address: str | None = None) -> None:
        self._found: list[Diagnostic] = shared._found if shared else []
        self._settled: set[tuple[int, int]] = shared._settled if shared else set()
        self._asked: list[int] = shared._asked if shared else [0]
        self._address = address

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, in reading order."""
        return sort_diagnostics(self._found)

    @property
    def has_errors(self) -> bool:
        """Whether the files cannot be used."""
        return has_errors(self._found)

    def about(self, address: str | None) -> Report:
        """Return the same report, whose next findings concern one resource: `kind.name`."""
        return Report(self, address)

    def add(self, *diagnostics: Diagnostic) -> None:
        """Take over diagnostics made elsewhere."""
        self._found.extend(diagnostics)

    def error(
        self,
        code: str,
        summary: str,
        place: Node,
        *,
        label: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Report an error at a key or value, unless that one is settled."""
        if not self.is_settled(place):
            told = {"label": label or describe(place), "hint": hint, "address": self._address}
            self.add(Diagnostic(Severity.ERROR, code, summary, span_of(place), **told))

    def warn(self, code: str, summary: str, place: Node, *, hint: str | None = None) -> None:
        """Report a warning at a key or value, unless that one is settled."""
        if not self.is_settled(place):
            told = {"label": describe(place), "hint": hint, "address": self._address}
            self.add(Diagnostic(Severity.WARNING, code, summary, span_of(place), **told))

    def nearest(self, word: str, choices: Collection[str]) -> str | None:
        """Return what a misspelt word most likely meant, for as many as anybody reads."""
        self._asked[0] += 1
        return nearest(word, choices) if self._asked[0] <= MOST_ADVISED else None

    def settle(self, node: Node) -> None:
        """Let no later finding about this value be reported: it follows from an earlier one."""
        self._settled.add((id(node.file), node.start))

    def is_settled(self, node: Node) -> bool:
        """Say whether a value is of no account any more."""
        return (id(node.file), node.start) in self._settled


def describe(node: Node) -> str:
    """Return a key or value as it is shown under its place."""
    match node:
        case Scalar(text):
            if node.is_null:
                return "an empty value"
            return "an empty text" if not text.strip() else f"`{shorten(text)}`"
        case Sequence(items):
            return "a list" if items else "an empty list"
        case Mapping(entries):
            return "a map" if entries else "an empty map"


def shorten(text: str, most: int = 60) -> str:
    """Return a text on one line, cut when it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
