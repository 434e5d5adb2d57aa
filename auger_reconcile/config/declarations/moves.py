"""Read `moved` and `removed`: what a resource was called before, and what the file lets go.

There is no state file, so both stay in the file for as long as the hub has what they speak of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from auger_reconcile.address import Address
from auger_reconcile.config.declarations.declaration import HOME, ProjectFile
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence, span_of
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import SourceSpan, nearest, quote_some
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


class _Reader:
    def __init__(self, document: ProjectFile, report: Report) -> None:
        self._document = document
        self._report = report
        self._declared = {item.address for item in document.declarations}

    def read_moved(self) -> dict[str, tuple[str, ...]]:
        targets: dict[str, tuple[Address, Node]] = {}
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
            else:
                targets[str(source)] = (target, entries["to"])
        formerly: dict[str, tuple[str, ...]] = defaultdict(tuple)
        for name in reversed(targets):
            if end := self._follow(name, targets):
                formerly[end] += (Address.parse(name).name,)
        return formerly

    def _follow(self, source: str, targets: dict[str, tuple[Address, Node]]) -> str | None:
        """Return the declared resource at the end of a chain of moves."""
        at, passed = source, {source}
        while at in targets:
            target, node = targets[at]
            at = str(target)
            if at in passed:
                self._report.error("wrong-move", "moves in a circle", node)
                return None
            passed.add(at)
        if at not in self._declared:
            near = nearest(at, self._declared)
            known = quote_some(sorted(i for i in self._declared if i.startswith(f"{target.kind}.")))
            hint = f"declared are {known}" if known else f"no {target.kind} is declared"
            hint = f"there is `{near}`" if near else hint
            summary = f"a move to an undeclared {target.kind}"
            self._report.error("unknown-reference", summary, node, hint=hint)
            return None
        return at

    def read_removed(self) -> Iterator[tuple[Address, SourceSpan]]:
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
            elif address:
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
