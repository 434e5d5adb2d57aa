"""Expand `for_each`: one declaration becomes one for each value, or for each cell of a matrix.

Runs before variables are replaced, so that values may hold some. Every copy keeps the places where
its settings are written once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from math import prod
from typing import TypeGuard

from auger_reconcile.config.syntax.lists import to_list
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, is_absent
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import nearest, quote_some

KEY = "for_each"
MOST = 1_000  # resources that one loop may make
_EACH = re.compile(r"\$\$\{|\$\{\s*each(?:\.([^{}]*))?\s*\}")
_HINT = f"`{KEY}` is a list of values, or a map from names to lists: every combination is made"
_Values = dict[str | None, Scalar]  # by the name in a matrix; a list has None alone


def without_loops(root: Mapping, sections: Iterable[str]) -> Mapping:
    """Return a document without the resources that are written as loops."""
    changed: dict[str, Entry] = {}
    for section in sections:
        node = root.value(section)
        if isinstance(node, Mapping):
            rest = {name: one for name, one in node.entries.items() if _loop_of(one) is None}
            changed[section] = root.entries[section]._replace(value=node._replace(entries=rest))
    return root._replace(entries=root.entries | changed)


def expand_loops(
    root: Mapping, sections: Iterable[str], report: Report, settle: Callable[[Scalar], Node]
) -> Mapping:
    """Return a document in which every loop is written out.

    Args:
        root: the document.
        sections: the keys whose maps declare resources by name.
        report: takes what is wrong with a loop, at its place.
        settle: returns the value of a variable or a reference that stands in the place of a list.
    """
    changed: dict[str, Entry] = {}
    for section in sections:
        node = root.value(section)
        if isinstance(node, Mapping) and any(map(_loop_of, node.entries.values())):
            expanded = node._replace(entries=_expand(node, report, settle))
            changed[section] = Entry(root.entries[section].key, expanded)
    return root._replace(entries=root.entries | changed) if changed else root


def _loop_of(entry: Entry) -> Entry | None:
    return entry.value.entries.get(KEY) if isinstance(entry.value, Mapping) else None


def _expand(section: Mapping, report: Report, settle: Callable[[Scalar], Node]) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name, entry in section.entries.items():
        loop = _loop_of(entry)
        if loop is None or not isinstance(entry.value, Mapping):
            _add(entries, name, entry, report)
            continue
        settings = entry.value.without(KEY)
        for values in _combinations(_settled(loop.value, settle), report):
            replacing = _Replacing(values, report)
            key = replacing.scalar(_with_place(entry.key, values))
            _add(entries, key.text, Entry(key, replacing.node(settings)), report)
    return entries


def _settled(node: Node, settle: Callable[[Scalar], Node]) -> Node:
    """Return the loop with the values of what stands in the place of a list."""
    match node:
        case Scalar():
            return settle(node)
        case Mapping(entries):
            told = {
                name: Entry(key, settle(value) if isinstance(value, Scalar) else value)
                for name, (key, value) in entries.items()
            }
            return node._replace(entries=told)
    return node


def _is_one(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and not is_absent(node)


def _add(entries: dict[str, Entry], name: str, entry: Entry, report: Report) -> None:
    if name in entries:
        hint = f"`{name}` is declared before: each combination needs a name of its own"
        report.error("declared-twice", "declared twice", entry.key, label=f"`{name}`", hint=hint)
    entries.setdefault(name, entry)


def _with_place(key: Scalar, values: _Values) -> Scalar:
    """Return the name with the places of the values at its end, where it has none."""
    if any(found[0] != "$${" for found in _EACH.finditer(key.text)):
        return key
    places = ("${each}" if name is None else f"${{each.{name}}}" for name in values)
    return key._replace(text="-".join((key.text, *places)), plain=False)


def _combinations(node: Node, report: Report) -> Iterator[_Values]:
    """Yield the values of each copy, in the order of the file."""
    dimensions = _dimensions_of(node)
    if report.is_settled(node):
        return
    if not dimensions:
        report.error("wrong-type", "expected a list", node, hint=_HINT)
        return
    lists: list[list[Scalar]] = []
    for values in dimensions.values():
        found = _values_of(values, report)
        if found is None:
            return
        lists.append(found)
    count = prod(map(len, lists))
    if count > MOST:
        hint = f"{count} resources; a loop makes at most {MOST}"
        report.error("out-of-range", "a loop that is too long", node, hint=hint)
        return
    for cell in product(*lists):
        yield dict(zip(dimensions, cell, strict=True))


def _dimensions_of(node: Node) -> dict[str | None, Node]:
    """Return the lists of a matrix by name; a list alone has no name."""
    if isinstance(node, Mapping):
        return {name: entry.value for name, entry in node.entries.items()}
    # A number alone may be meant as a number of copies.
    is_list = isinstance(node, Sequence) or (_is_one(node) and not node.is_number)
    return {None: node} if is_list else {}


def _values_of(node: Node, report: Report) -> list[Scalar] | None:
    """Return the values of a list; None where the report tells why there are none."""
    listed = to_list(node, report) if _is_one(node) else node
    items = listed.items if isinstance(listed, Sequence) else [listed]
    wrong = next((one for one in items if not isinstance(one, Scalar) or is_absent(one)), None)
    if wrong is not None:
        report.error("wrong-type", "expected a value", wrong, hint=_HINT)
    elif not items:
        hint = "without a value, nothing is declared by it"
        report.warn("empty-loop", "a loop over no values", node, hint=hint)
    if wrong is not None or report.is_settled(node):
        return None
    return [one for one in items if isinstance(one, Scalar)]


class _Replacing:
    """Replaces `${each}` and `${each.name}` within one copy."""

    def __init__(self, values: _Values, report: Report) -> None:
        self._values, self._report = values, report

    def node(self, node: Node) -> Node:
        match node:
            case Scalar():
                return self.scalar(node)
            case Sequence(items):
                return node._replace(items=[self.node(item) for item in items])
            case Mapping():
                return self.mapping(node)

    def mapping(self, node: Mapping) -> Mapping:
        entries: dict[str, Entry] = {}
        for key, value in node.entries.values():
            new = self.scalar(key)
            entries[new.text] = Entry(new, self.node(value))
        return node._replace(entries=entries)

    def scalar(self, node: Scalar) -> Scalar:
        if "${" not in node.text:
            return node
        whole = _EACH.fullmatch(node.text)
        if whole and whole[0] != "$${":
            value = self._value(whole, node)
            return node._replace(text=value.text, plain=value.plain)
        return node._replace(text=_EACH.sub(lambda found: self._text(found, node), node.text))

    def _text(self, found: re.Match[str], node: Scalar) -> str:
        return found[0] if found[0] == "$${" else self._value(found, node).text

    def _value(self, found: re.Match[str], node: Scalar) -> Scalar:
        """Return what a reference stands for; report one that stands for nothing."""
        name = found[1].strip() if found[1] is not None else None
        if name not in self._values:
            known = [f"each.{one}" if one else "each" for one in self._values]
            near = nearest(f"each.{name}" if name else "each", known)
            hint = f"there is `${{{near}}}`" if near else f"there are {quote_some(known)}"
            self._report.error("unset-variable", "a variable without a value", node, hint=hint)
            self._report.settle(node)
            return node._replace(text="?", plain=False)
        return self._values[name]
