"""Represent a file that is open as a table, and how it is to be read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from auger_hub.data.notices import Notice
from auger_hub.data.schema import CATEGORY, MISSING, ColumnSchema, Declared, TableSchema
from auger_hub.data.text.infer import Found
from auger_hub.data.text.wide import WideTable, parts_of


@dataclass(frozen=True)
class Table:
    """A file as the table `data` of a connection, its columns named `c0`, `c1` by their places.

    The columns at the places `pending` hold texts that the schema makes numbers or dates of.
    `found` says of each column how it was judged; it is empty where the schema was known before.
    `header` has the names as the file has them, `comments` counts the lines among its rows that are
    none, and `told` is what else was left out. A table of very many columns is `whole` in memory
    instead, and its `parts` are in databases; `lost` counts the values of theirs that could not be
    read, by the place of the column.
    """

    connection: duckdb.DuckDBPyConnection
    schema: TableSchema
    pending: tuple[int, ...]
    found: tuple[Found, ...] = ()
    header: tuple[str, ...] = ()
    comments: int = 0
    told: tuple[Notice, ...] = ()
    whole: WideTable | None = None
    is_part: bool = False
    lost: Mapping[int, int] = field(default_factory=dict)

    def parts(self) -> Iterator["Table"]:
        """Yield the table, one of very many columns in parts that are tables of their own."""
        if self.whole is None:
            yield self
            return
        for connection, part in parts_of(self.whole):
            lost = {place: count for place, count in enumerate(part.lost) if count}
            yield Table(connection, part.schema, (), part.found, is_part=True, lost=lost)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: by a schema that is known, or by looking and what was declared."""

    schema: TableSchema | None = None
    declared: Declared = Declared()  # noqa: RUF009 - it is frozen
    types: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what stands for missing in the whole table."""
        if self.schema is not None:
            return self.schema.missing
        return MISSING if self.declared.missing is None else self.declared.missing

    def known(self, names: Sequence[str], written: TableSchema) -> TableSchema | None:
        """Return the schema to read by without looking: one given, or one that types nothing."""
        if not self.types:
            texts = tuple(ColumnSchema(name, CATEGORY) for name in names)
            return replace(written, columns=texts, missing=())
        if self.schema is None:
            return None
        columns = tuple(
            self.schema.column(name) or ColumnSchema(name, CATEGORY, kept=()) for name in names
        )
        return replace(written, columns=columns)

    def declare(self, found: Sequence[Found]) -> tuple[ColumnSchema, ...]:
        """Return the columns as they were judged, where nothing else was declared of them."""
        return tuple(self.declared.apply(one.column) for one in found)
