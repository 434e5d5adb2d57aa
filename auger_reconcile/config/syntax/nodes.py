"""What a YAML document holds, each key and value with its place in the file it came from.

Scalars stay text until somebody asks for the value: a name written `0123` or `1e5` is that text, a
number written so is that number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.diagnostics import SourceSpan

# YAML 1.2 §10.3, the core schema; nothing else has a meaning beyond its text.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"(?P<infinite>[-+]?\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)")
_MEANINGFUL = frozenset("0123456789+-.~nNtTfF")
_MOST_DIGITS = 4_000  # int() refuses more; no setting has as many


class Scalar(NamedTuple):
    """One value; `plain` means written without quotes, so that it may be a number."""

    text: str
    plain: bool
    file: FileText
    start: int
    end: int

    @property
    def value(self) -> Any:
        """The value by the core schema of YAML 1.2."""
        return resolve(self.text) if self.plain else self.text

    @property
    def is_null(self) -> bool:
        """Whether this is an empty value."""
        return self.plain and self.text in _NULL

    @property
    def is_number(self) -> bool:
        """Whether this is written as a number, whose text may be a name just as well."""
        value = self.value
        return isinstance(value, (int, float)) and not isinstance(value, bool)


class Sequence(NamedTuple):
    """A list."""

    items: list[Node]
    file: FileText
    start: int
    end: int


class Entry(NamedTuple):
    """A key of a map with its value."""

    key: Scalar
    value: Node


class Mapping(NamedTuple):
    """A map, by the text of its keys, in the order of the file.

    Attributes:
        removed: keys that something laid over it has taken out, or would have.
    """

    entries: dict[str, Entry]
    file: FileText
    start: int
    end: int
    removed: tuple[Scalar, ...] = ()

    def value(self, key: str) -> Node | None:
        """Return the value of a key; an empty value or text counts as absent."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        value = entry.value
        if type(value) is Scalar and (not value.text or (value.plain and value.text in _NULL)):
            return None
        return value

    def removal_of(self, key: str) -> Scalar | None:
        """Return where a key was taken out, if it was."""
        return next((one for one in self.removed if one.text == key), None)

    def without(self, *keys: str) -> Mapping:
        """Return the map without some keys."""
        gone = frozenset(keys)
        return self._replace(
            entries={k: e for k, e in self.entries.items() if k not in gone},
            removed=tuple(key for key in self.removed if key.text not in gone),
        )

    def only(self, keys: Iterable[str]) -> Mapping:
        """Return the map with some keys and no others, in the order that they are given in."""
        kept = dict.fromkeys(keys)
        return self._replace(
            entries={key: self.entries[key] for key in kept if key in self.entries},
            removed=tuple(key for key in self.removed if key.text in kept),
        )


Node: TypeAlias = Scalar | Sequence | Mapping


def resolve(text: str) -> Any:
    """Return what an unquoted text means: null, a boolean, a number, or the text itself."""
    if text in _NULL:
        return None
    if text[0] not in _MEANINGFUL or len(text) > _MOST_DIGITS:
        return text
    if text in _BOOL:
        return _BOOL[text]
    return int(text) if _DECIMAL.fullmatch(text) else _resolve_number(text)


def _resolve_number(text: str) -> Any:
    """Return the number a text means, in a form less common than `42`; else the text."""
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OTHER_BASE.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if special := _SPECIAL.fullmatch(text):
        return float(text.replace(".", "")) if special["infinite"] else float("nan")
    return text


def is_null(node: Node) -> bool:
    """Say whether a node is an empty value."""
    return isinstance(node, Scalar) and node.plain and node.text in _NULL


def is_absent(node: Node) -> bool:
    """Say whether a node counts as absent: an empty value, or an empty text such as `''`."""
    return isinstance(node, Scalar) and (not node.text or node.is_null)


def is_empty_text(node: Node) -> bool:
    """Say whether a node is a text without characters, such as `''` or an empty variable."""
    return isinstance(node, Scalar) and not node.text and not node.plain


def is_bare(node: Node) -> bool:
    """Say whether a node is an empty value, map or list."""
    if isinstance(node, Scalar):
        return is_absent(node)
    return not (node.entries if isinstance(node, Mapping) else node.items)


def to_plain(node: Node) -> Any:
    """Return the plain data of a node; empty values of maps are left out."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [to_plain(item) for item in node.items]
    entries = node.entries.items()
    return {key: to_plain(value) for key, (_, value) in entries if not is_absent(value)}


def span_of(node: Node) -> SourceSpan:
    """Return the place of a node; of a list or map in block style, its first line."""
    return node.file.span(node.start, node.end)
