"""Describe a table: what each column is, how its texts are read, how the file is written.

A schema is decided once, when a data set is profiled. It is kept with the data set, and every model
carries the one it learned from, so that a text means the same wherever it comes from later.
Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

NUMBER, CATEGORY, TEXT, DATE, BOOLEAN = "number", "category", "text", "date", "boolean"
TYPES = (NUMBER, CATEGORY, TEXT, DATE, BOOLEAN)
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
"""What `pandas.read_csv` takes for missing, and `?` as the clients do (wire contract §3.8)."""
EXACT = 2**53
"""The largest whole number up to which a float holds each."""
SPELLING = ("true", "false")
RULES = 2
"""By which texts are read: by those of 1, a number never stands for missing, but its text may."""
ISO = "iso"
"""The date format of ISO 8601: with or without time, fraction and offset."""


class BadSchema(ValueError):
    """What was said about a column cannot be; the text is one sentence for the user."""


@dataclass(frozen=True)
class ColumnSchema:
    """One column: its name as the file has it, its type, and how its texts are read.

    `decimal`, `thousands` and `symbols` are for numbers: `symbols` are the currency and percent
    signs that stand beside them. `format` is for dates: `iso`, or as `strptime` takes it; None for
    models of older hubs, which read each text by itself. Times are those of `timezone` (UTC where
    none is said): texts without an offset are meant so, others are converted. `missing` stands for
    a missing value here, besides what does so in the whole table; `kept` is a value here although
    it stands for missing elsewhere, as a class called `None`. `spelling` is how the file has true
    and false, whatever way others write them; schemas of older hubs have none, and each spelling is
    a value of its own. `whole` tells integers: of numbers, that other formats do not tell
    them from; of names, that a whole number is one name, however it is written.
    """

    name: str
    type: str
    decimal: str = "."
    thousands: str = ""
    symbols: tuple[str, ...] = ()
    format: str | None = None
    timezone: str | None = None
    missing: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    spelling: tuple[str, ...] = ()
    purpose: str = "feature"
    whole: bool = field(default=False, compare=False)

    @property
    def is_plain(self) -> bool:
        """Tell whether its texts are read as every CSV reader would."""
        match self.type:
            case "number":
                return self.decimal == "." and not self.thousands and not self.symbols
            case "date":
                return self.format == ISO and self.timezone is None
            case _:
                return True

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values, without what is as it mostly is."""
        shown: dict[str, Any] = {"name": self.name, "type": self.type}
        for known in fields(self)[2:]:
            value = getattr(self, known.name)
            if value != known.default:
                shown[known.name] = list(value) if isinstance(value, tuple) else value
        return shown

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> ColumnSchema:
        """Read what `to_dict` wrote; members of newer hubs are left alone."""
        known = {name.name for name in fields(cls)}
        members = {name: item for name, item in value.items() if name in known}
        for name in ("symbols", "missing", "kept", "spelling"):
            members[name] = tuple(members.get(name, ()))
        return cls(**members)


@dataclass(frozen=True)
class TableSchema:
    """A table: its columns in their order, and how its file is written.

    `rules` are those of the hub that made it. `format` names the kind of file; `delimiter`,
    `encoding` and the number of lines before the header (`skipped`) are those of delimited text.
    """

    columns: tuple[ColumnSchema, ...]
    missing: tuple[str, ...] = MISSING
    format: str = ""
    delimiter: str | None = None
    encoding: str | None = None
    skipped: int = 0
    rules: int = RULES

    @property
    def names(self) -> list[str]:
        """Return the names of the columns."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> ColumnSchema | None:
        """Return the column of that name, if there is one."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, ColumnSchema]:
        return {column.name: column for column in self.columns}

    def marks(self, column: ColumnSchema) -> frozenset[str]:
        """Return the texts that stand for a missing value in a column."""
        return frozenset((*self.missing, *column.missing)) - set(column.kept)

    def having(self, *changed: ColumnSchema) -> TableSchema:
        """Return the schema with other columns of the same names."""
        by_name = {column.name: column for column in changed}
        columns = tuple(by_name.get(column.name, column) for column in self.columns)
        return replace(self, columns=columns)

    def of(self, names: Sequence[str]) -> TableSchema:
        """Return the schema of some of the columns, in the order named."""
        known = {column.name: column for column in self.columns}
        return replace(self, columns=tuple(known[name] for name in names if name in known))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "format": self.format,
            "delimiter": self.delimiter,
            "encoding": self.encoding,
            "skipped": self.skipped,
            "rules": self.rules,
            "missing": list(self.missing),
            "columns": [column.to_dict() for column in self.columns],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> TableSchema:
        """Read what `to_dict` wrote."""
        return cls(
            columns=tuple(map(ColumnSchema.from_dict, value["columns"])),
            missing=tuple(value.get("missing", MISSING)),
            format=value.get("format", ""),
            delimiter=value.get("delimiter"),
            encoding=value.get("encoding"),
            skipped=value.get("skipped", 0),
            rules=value.get("rules", 1),
        )


@dataclass(frozen=True)
class Declared:
    """What the user said about a table before it was looked at (auger.yaml, `columns`)."""

    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    missing: tuple[str, ...] | None = None

    @classmethod
    def from_dict(cls, value: Mapping[str, Any] | None) -> Declared:
        """Read the member `schema` of a request; raise BadSchema when it says what cannot be."""
        columns = (value or {}).get("columns") or {}
        missing = (value or {}).get("missing")
        if not isinstance(columns, Mapping) or not all(
            isinstance(one, Mapping) for one in columns.values()
        ):
            raise BadSchema("`columns` has to map each name to what is known of the column.")
        for name, said in columns.items():
            _check(str(name), said)
        if missing is not None and not isinstance(missing, list):
            raise BadSchema("`missing` has to be a list of texts.")
        return cls(columns, None if missing is None else tuple(map(str, missing)))

    def also_dates(self, formats: Mapping[str, str]) -> Declared:
        """Return this with dates that the file itself declares, where the user said nothing."""
        dates = {name: {"type": DATE, "format": form} for name, form in formats.items()}
        return replace(self, columns={**dates, **self.columns})

    def apply(self, column: ColumnSchema) -> ColumnSchema:
        """Return a column as it was declared, what was not said as it was found."""
        said = self.columns.get(column.name)
        if not said:
            return column
        kind = said.get("type") or _type_meant(said) or column.type
        found = column if kind == column.type else _other_type(column, kind)
        if kind == DATE and found.format is None:
            found = replace(found, format=ISO)
        given = {
            name: said[name] for name in ("decimal", "thousands", "timezone") if said.get(name)
        }
        if said.get("format"):
            given["format"] = said["format"]
        return replace(found, type=kind, **given)


def _other_type(column: ColumnSchema, kind: str) -> ColumnSchema:
    """Return a column of another type than its values have.

    As names, truth values stay such, and whole numbers.
    """
    if kind in (NUMBER, DATE):
        return ColumnSchema(column.name, kind)
    default = SPELLING if kind == BOOLEAN else ()
    spelling = column.spelling or default
    return ColumnSchema(column.name, kind, spelling=spelling, whole=column.whole and not spelling)


def _type_meant(said: Mapping[str, Any]) -> str | None:
    if said.get("decimal") or said.get("thousands"):
        return NUMBER
    return DATE if said.get("format") or said.get("timezone") else None


def _check(name: str, said: Mapping[str, Any]) -> None:
    kind = said.get("type")
    if kind is not None and kind not in TYPES:
        raise BadSchema(f"The type of column `{name}` is not one of {', '.join(TYPES)}.")
    for member in ("decimal", "thousands"):
        mark = said.get(member)
        if mark is not None and (not isinstance(mark, str) or len(mark) > 1):
            raise BadSchema(f"`{member}` of column `{name}` has to be one character.")
    if said.get("decimal") and said.get("decimal") == said.get("thousands"):
        raise BadSchema(f"`decimal` and `thousands` of column `{name}` are the same.")
    zone = said.get("timezone")
    if zone is not None:
        _check_zone(name, zone)


def _check_zone(name: str, zone: Any) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(str(zone))
    except Exception as error:  # an unknown zone, or a text that is no name of one
        raise BadSchema(f"`{zone}`, the timezone of column `{name}`, is not known.") from error
