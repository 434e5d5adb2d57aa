"""Look at a local file before anything is made of it: its schema, statistics and notices.

The hub's own program reads it where it is installed, without a server: it says what the hub will
say. Else its first rows are looked at here, and what that leaves open is told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.errors import AugerError
from auger_reconcile.notebook import to_frame, to_sentences, to_table

if TYPE_CHECKING:
    import pandas as pd

_HEADS = ("column", "type", "purpose", "different", "missing")


class NoReader(AugerError):
    """The file may be a table, but the hub, which would read it, is not installed."""


@dataclass(frozen=True)
class ColumnLook:
    """What is known of a column.

    Attributes:
        type: `number`, `category`, `text`, `date` or `boolean`.
        purpose: `feature`, `identifier` or `constant`.
        whole: whether its numbers have no fractions.
        unique: how many different values it has.
        missing: in how many rows it has none.
    """

    name: str
    type: str
    purpose: str
    whole: bool
    unique: int
    missing: int


@dataclass(frozen=True)
class Panel:
    """Several time series in one table.

    Attributes:
        time: the column of their times.
        series: the columns that tell them apart, together.
        count: how many they are.
    """

    time: str
    series: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Look:
    """A file, read.

    Attributes:
        source: its path, as it was given.
        statistics: as a hub keeps them with a data set (wire contract §2.8).
    """

    source: str
    statistics: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """How many rows were looked at."""
        return int(self.statistics["count"])

    @property
    def schema(self) -> Schema:
        """How the file is read: its columns and its dialect."""
        return Schema.of(self.statistics)

    @property
    def notices(self) -> list[dict[str, Any]]:
        """What was guessed and what is odd."""
        return list(self.statistics["notices"])

    @property
    def panel(self) -> Panel | None:
        """The time series that the table looks like, where there are several."""
        told = self.statistics.get("panel")
        return Panel(told["time"], tuple(told["series"]), told["count"]) if told else None

    @property
    def columns(self) -> list[ColumnLook]:
        """What is known of each column."""
        described = {one["column_name"]: one for one in self.statistics["stat_data"]}
        return [
            ColumnLook(
                name=one["name"],
                type=one["type"],
                purpose=one.get("purpose", "feature"),
                whole=bool(one.get("whole")),
                unique=int(described[one["name"]]["unique_values"]),
                missing=int(described[one["name"]].get("missing_values", 0)),
            )
            for one in self.schema["columns"]
        ]

    def to_frame(self) -> pd.DataFrame:
        """Return the columns as a table of pandas."""
        return self.schema.to_frame()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        told = [f"{self.source}: {self.rows:,} rows", *(str(one["text"]) for one in self.notices)]
        return to_sentences(told) + self.schema._repr_html_()


class Schema(dict[str, Any]):
    """How a table is read: `columns` with their types, and the dialect of its file.

    Attributes:
        described: what is known of the values of each column, by its name.
    """

    described: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, statistics: Mapping[str, Any]) -> Schema:
        """Return that of statistics, as a hub keeps them with a data set (wire contract §2.8)."""
        schema = cls(statistics.get("schema") or {})
        found = statistics.get("stat_data") or ()
        schema.described = {str(one["column_name"]): one for one in found}
        return schema

    def to_frame(self) -> pd.DataFrame:
        """Return the columns as a table of pandas: name, type, purpose, different, missing."""
        return to_frame(self._rows(), _HEADS)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        dialect = ("format", "delimiter", "encoding")
        told = [f"{name} {self[name]!r}" for name in dialect if self.get(name)]
        heads = [name.capitalize() for name in _HEADS]
        return to_sentences([", ".join(told)] if told else []) + to_table(heads, self._rows())

    def _rows(self) -> list[tuple[Any, ...]]:
        return [self._row(one) for one in self.get("columns", ())]

    def _row(self, column: Mapping[str, Any]) -> tuple[Any, ...]:
        name, found = column["name"], getattr(self, "described", {}).get(column["name"])
        kind = (name, column.get("type"), column.get("purpose", "feature"))
        if found is None:
            return (*kind, None, None)
        return (*kind, found.get("unique_values"), found.get("missing_values", 0))


def look_at(source: str | Path, declared: Mapping[str, Any] | None = None) -> Look:
    """Read a local file.

    Args:
        source: its path.
        declared: what auger.yaml says of its `columns` and `missing`.

    Raises:
        AugerError: there is no such file, with the nearest name, or it is no table, and why.
        NoReader: it is of a format that is not read here.
    """
    from auger_reconcile.client.files.tables import CSV, format_named
    from auger_reconcile.client.look import look_lightly, look_with_hub

    path = Path(source)
    refuse_missing(path)
    statistics = look_with_hub(path.absolute(), declared or {})
    if statistics is None:
        try:
            statistics = look_lightly(path, is_declared=bool(declared))
        except AugerError as error:
            if format_named(path) == CSV:
                raise
            told = f"`{path}` cannot be looked at without the reader of the hub: {error}"
            raise NoReader(told, hint='pip install "auger-reconcile[hub]"') from None
    return Look(str(source), statistics)


def refuse_missing(path: Path) -> None:
    """Raise AugerError, with the nearest name beside it, where there is no such file."""
    if path.is_dir():
        raise AugerError(f"`{path}` is a folder, not a file with rows")
    if path.exists():
        return
    try:
        beside = [one.name for one in os.scandir(path.parent) if one.is_file()]
    except OSError:
        beside = []
    near = nearest(path.name, sorted(beside))
    hint = f"the nearest name is `{path.with_name(near)}`" if near else None
    raise AugerError(f"there is no file `{path}`", hint=hint)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that a wrong one may mean, whatever the case of its letters."""
    lower = {one.lower(): one for one in reversed(known)}
    near = get_close_matches(name.lower(), lower, 1)
    return lower[near[0]] if near else None
