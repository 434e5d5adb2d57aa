"""Read `moved` and `removed`: what a resource was called before, and what the file lets go.

There is no state file, so both stay in the file for as long as the hub has what they speak of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Map
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.config.declarations.declaration import HOME, ProjectFile
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence, span_of
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import MOST_FINDINGS, SourceSpan, quote_some
from auger_reconcile.resources._registry import all_kinds


class Moves(NamedTuple):
    """What a document says of names that it does not declare any more.

    Attributes:
        formerly: `kind.name` of a declared resource to its earlier names, the last one first.
        forgotten: what stays on the hub, and is none of the document's business, with its place.
    """

    formerly: dict[str, tuple[str, ...]]
    forgotten: dict[Address, SourceSpan]


def read_moves(document: ProjectFile, report: Report) -> Moves:
    """Return the moves of a document; report those that cannot be."""
    if not (document.head.moved or document.head.removed):
        return Moves({}, {})
    reader = _Reader(document, report)
    return Moves(reader.read_moved(), dict(reader.read_removed()))


def former_names(moved: object, kind: str) -> dict[str, list[str]]:
    """Return the names that resources of a kind had before, by the name at the end of their moves.

    For commands that read a file which need not be valid: of plain data, what can be understood.
    """
    moves: dict[str, str] = {}
    for one in moved if isinstance(moved, list) else [moved]:
        if isinstance(one, Map):
            with suppress(ValueError):
                source, target = (Address.parse(str(one.get(end))) for end in ("from", "to"))
                if source.kind == target.kind == kind:
                    moves[source.name] = target.name
    former: dict[str, list[str]] = defaultdict(list)
    for name in moves:
        at, passed = name, set[str]()
        while at in moves and at not in passed:
            passed.add(at)
            at = moves[at]
        former[at].append(name)
    return former


class _Reader:
    def __init__(self, document: ProjectFile, report: Report) -> None:
        self._document = document
        self._report = report
        self._declared = dict.fromkeys(sorted(item.address for item in document.declarations))
        self._moved: frozenset[str] = frozenset()

    def read_moved(self) -> dict[str, tuple[str, ...]]:
        targets: dict[str, tuple[Address, Node]] = {}
        sources: dict[str, str] = {}
        for entries in self._items("moved"):
            hint = "its declaration has to get its new name, or to go"
            source = self._read_former(entries["from"], hint)
            target = self._read_address(entries["to"])
            if source is None or target is None:
                continue
            if source.kind != target.kind:
                hint = f"`{source}` can only become another {source.kind}"
                self._report.error("wrong-move", "a move to another kind", entries["to"], hint=hint)
            elif str(source) in targets:
                summary = "moved twice"
                self._report.error("declared-twice", summary, entries["from"])
            elif (other := sources.setdefault(str(target), str(source))) != str(source):
                summary = "two moves to one resource"
                hint = f"`{other}` becomes it before; of a chain, each move leads to the next name"
                self._report.error("declared-twice", summary, entries["to"], hint=hint)
            else:
                targets[str(source)] = (target, entries["to"])
        self._moved = frozenset(targets)
        formerly: dict[str, list[str]] = defaultdict(list)
        ends: dict[str, str | None] = {}
        for name in reversed(targets):
            if end := self._follow(name, targets, ends):
                formerly[end].append(Address.parse(name).name)
        return {end: tuple(names) for end, names in formerly.items()}

    def _follow(
        self,
        source: str,
        targets: dict[str, tuple[Address, Node]],
        ends: dict[str, str | None],
    ) -> str | None:
        """Return the declared resource at the end of a chain of moves.

        Args:
            source: where it begins.
            targets: where each move leads to.
            ends: of the chains that were followed before, each in one go.
        """
        at, passed = source, [source]
        while at in targets and at not in ends:
            target, node = targets[at]
            ends[at], at = None, str(target)
            passed.append(at)
        end = ends[at] if at in ends else self._declared_end(target, node)
        if at in ends and at in passed[:-1]:
            for one in passed[passed.index(at) : -1]:
                self._report.error("wrong-move", "moves in a circle", targets[one][1])
        ends.update(dict.fromkeys(passed, end))
        return end

    def _declared_end(self, target: Address, node: Node) -> str | None:
        """Return the resource that a chain ends at; report one that is not declared."""
        at = str(target)
        if at in self._declared:
            return at
        near = self._report.nearest(at, self._declared)
        of_kind = (one for one in self._declared if one.startswith(f"{target.kind}."))
        known = quote_some([*islice(of_kind, MOST_FINDINGS)])
        hint = f"declared are {known}" if known else f"no {target.kind} is declared"
        hint = f"there is `{near}`" if near else hint
        summary = f"a move to an undeclared {target.kind}"
        self._report.error("unknown-reference", summary, node, hint=hint)
        return None

    def read_removed(self) -> Iterator[tuple[Address, SourceSpan]]:
        told: set[str] = set()
        for entries in self._items("removed"):
            hint = (
                "`removed` forgets what is no longer declared: its declaration has to go; "
                "with `state: absent` in it, it is deleted"
            )
            address = self._read_former(entries["address"], hint)
            keep = entries.get("keep")
            if isinstance(keep, Scalar) and keep.value is False:
                hint = "to delete it, declare it with `state: absent`; `keep: true` leaves it there"
                self._report.error("wrong-value", "a removal that deletes", keep, hint=hint)
            elif address and (str(address) in told or str(address) in self._moved):
                is_moved = str(address) in self._moved
                summary = "moved and removed" if is_moved else "removed twice"
                advice = "it is known by its new name, or forgotten" if is_moved else None
                self._report.error("declared-twice", summary, entries["address"], hint=advice)
            elif address:
                told.add(str(address))
                yield address._replace(project=self._document.name), span_of(entries["address"])

    def _items(self, name: str) -> Iterator[dict[str, Node]]:
        """Yield the entries of each item of a list that is valid."""
        listed = self._document.root.value(name)
        for item in listed.items if isinstance(listed, Sequence) else [listed]:
            if isinstance(item, Mapping):
                yield {key: entry.value for key, entry in item.entries.items()}

    def _read_former(self, node: Node, hint: str) -> Address | None:
        """Return the address of what is not declared any more."""
        address = self._read_address(node)
        if address and str(address) in self._declared:
            summary = "it is still declared"
            self._report.error("still-declared", summary, node, hint=hint)
            return None
        return address

    def _read_address(self, node: Node) -> Address | None:
        text = node.text if isinstance(node, Scalar) else ""
        kinds = {name for name, kind in all_kinds().items() if not kind.is_home}
        try:
            address = Address.parse(text)
        except ValueError:
            address = Address("", "", "")
        if address.kind in kinds and address.project in ("", self._document.name):
            return address._replace(project="")
        hint = f"write kind.name, such as `experiment.churn`; kinds are {quote_some(sorted(kinds))}"
        if address.kind == HOME.name:
            hint = f"a {HOME.name} keeps its name: the hub has no other way to know it"
        self._report.error("wrong-address", "no address of this project", node, hint=hint)
        return None
