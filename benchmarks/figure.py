"""Define figures, and write the page about performance; measures nothing."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """# Performance

What `make bench` (`python -m benchmarks`) found: each figure beside a peer, or beside a limit that
the project has set itself, measured in the same run, in turns, as the median of several rounds.
Times are seconds of processor time unless a line says otherwise. A figure belongs to the machine
named above its table; the ratio is what to compare. `python -m benchmarks NAME` measures one
section anew.
"""


@dataclass(frozen=True)
class Figure:
    """One line of a table.

    Attributes:
        what: was measured.
        found: for auger, with its unit.
        beside: what it is compared with, with its unit.
        ratio: of the two, or the figure itself where a limit is absolute.
        limit: of the ratio; None where there is none.
        at_least: the limit is the least, not the most.
    """

    what: str
    found: str
    beside: str = ""
    ratio: float | None = None
    limit: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the limit is kept; None where there is none."""
        if self.limit is None or self.ratio is None:
            return None
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit

    @property
    def row(self) -> str:
        """The line as Markdown."""
        sign = "≥" if self.at_least else "≤"
        limit = "" if self.limit is None else f"{sign} {self.limit:g}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        met = {None: "", True: "yes", False: "**no**"}[self.is_met]
        return f"| {self.what} | {self.found} | {self.beside} | {ratio} | {limit} | {met} |"


@dataclass(frozen=True)
class Section:
    """One table of the page.

    Attributes:
        name: of the module that measured it.
        notes: how it was measured, and what could not be.
        command: that measures it, where `python -m benchmarks NAME` does not.
    """

    name: str
    title: str
    figures: Sequence[Figure]
    notes: Sequence[str] = field(default_factory=tuple)
    command: str = ""

    @property
    def text(self) -> str:
        """The section as Markdown."""
        table = ["| what | auger | beside | ratio | limit | met |", "|---|---|---|---|---|---|"]
        rows = [figure.row for figure in self.figures]
        command = self.command or f"python -m benchmarks {self.name}"
        taken = f"`{command}`, {dt.date.today()}, {describe_machine()}"
        return "\n".join([f"## {self.title}\n", taken + "\n", *table, *rows, "", *self.notes])


def describe_machine() -> str:
    """Return the kind of machine that was measured on."""
    python = f"Python {platform.python_version()}"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {python}"


def write_page(section: Section) -> None:
    """Put a section into the page, in place of an older one of the same title."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    _, *parts = re.split(r"^(?=## )", text, flags=re.M)
    known = {part.splitlines()[0]: part.strip() for part in parts}
    known[f"## {section.title}"] = section.text.strip()
    PAGE.write_text("\n\n".join([HEAD.strip(), *known.values()]) + "\n", encoding="utf-8")
