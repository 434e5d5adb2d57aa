"""Text -> documents of nodes. The only home of PyYAML, of which only the event parser is used.

Own composition, because a diagnostic needs the place of every key, YAML 1.2 needs other scalars
than PyYAML resolves, and a hostile file must neither recurse nor grow: nesting and what aliases
repeat are bounded while the file is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from auger_reconcile.config.faults import explain, fault
from auger_reconcile.config.nodes import Entry, Mapping, Node, Scalar, Sequence
from auger_reconcile.config.text import FileText
from auger_reconcile.diagnostics import Diagnostic

DEEPEST = 100  # levels of nesting, those inside an alias included
MOST_REPEATED = 100_000  # nodes (or 100 characters each) that all aliases together may repeat
_CHARACTERS_PER_NODE = 100
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in
_TAG = "tag:yaml.org,2002:"
_RESOLVED_TAGS = frozenset(_TAG + name for name in ("int", "float", "bool", "null"))
_TEXT_TAGS = frozenset({"!", _TAG + "str"})
_COLLECTION_TAGS = {
    yaml.MappingStartEvent: ("!", _TAG + "map"),
    yaml.SequenceStartEvent: ("!", _TAG + "seq"),
}


@dataclass(frozen=True)
class Document:
    """One YAML document; `root` is None when it is empty."""

    root: Node | None
    start: int
    end: int


@dataclass(frozen=True)
class Composed:
    """The documents of a text, and what is wrong with it; what cannot be parsed has none."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


def compose(file: FileText) -> Composed:
    """Read every document of a text; collect what can be collected in one run."""
    composer = _Composer(file)
    documents: tuple[Document, ...] = ()
    try:
        documents = tuple(composer.documents(_PARSER(file.text)))
    except yaml.MarkedYAMLError as error:
        mark, context = error.problem_mark, error.context_mark
        at = mark.index if mark else len(file.text)
        since = context.index if context else at
        composer.faults.append(explain(file, error.problem or "", at, since))
    except _Unreadable as error:
        composer.faults.append(error.diagnostic)
    return Composed(documents, tuple(composer.faults))


def _index(mark: Any) -> int:
    """Return a mark's index; the type stubs leave it open whether there are marks."""
    return int(mark.index)


class _Unreadable(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic


@dataclass(slots=True)
class _Open:
    """A list or map whose end has not come yet."""

    start: int
    anchor: str | None
    count: int
    height: int = 0
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] | None = None
    key: Scalar | None = None
    merges: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchored:
    node: Node
    weight: int
    height: int


class _Composer:
    def __init__(self, file: FileText) -> None:
        self.file = file
        self.faults: list[Diagnostic] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._count = 0
        self._repeated = 0
        self._root: Node | None = None

    def documents(self, parser: Any) -> Iterator[Document]:
        """Yield the documents, driven by the parser's events."""
        start = 0
        while True:
            event: Any = parser.get_event()
            match event:
                case yaml.ScalarEvent():
                    self._add(self._scalar(event), event.anchor)
                case yaml.CollectionStartEvent():
                    self._begin(event)
                case yaml.CollectionEndEvent():
                    self._end(event)
                case yaml.AliasEvent():
                    self._alias(event)
                case yaml.DocumentStartEvent():
                    start, self._root = _index(event.end_mark), None
                    self._anchors.clear()
                case yaml.DocumentEndEvent():
                    root = self._root
                    empty = isinstance(root, Scalar) and root.is_null
                    yield Document(None if empty else root, start, _index(event.start_mark))
                case yaml.StreamEndEvent():
                    return

    def _scalar(self, event: Any) -> Scalar:
        tag = event.tag
        start, end = event.start_mark.index, event.end_mark.index
        if tag is None:
            plain = event.implicit[0]
        else:
            plain = tag in _RESOLVED_TAGS
            if not plain and tag not in _TEXT_TAGS:
                self._refuse_tag(start)
        return Scalar(event.value, plain, self.file, start, end)

    def _begin(self, event: Any) -> None:
        start = event.start_mark.index
        if event.tag is not None and event.tag not in _COLLECTION_TAGS[type(event)]:
            self._refuse_tag(start)
        opened = _Open(start, event.anchor, self._count)
        if type(event) is yaml.MappingStartEvent:
            opened.entries = {}
        self._open.append(opened)
        self._check_depth(len(self._open), start)

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        end = event.end_mark.index if event.end_mark.index > event.start_mark.index else None
        end = self._trim(done.start, event.start_mark.index) if end is None else end
        node: Node
        if done.entries is None:
            node = Sequence(done.items, self.file, done.start, end)
        else:
            self._merge(done)
            node = Mapping(done.entries, self.file, done.start, end)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, done.height + 1)
        weight = self._count - done.count + (end - done.start) // _CHARACTERS_PER_NODE
        self._add(node, done.anchor, weight=weight, height=done.height + 1)

    def _trim(self, start: int, end: int) -> int:
        """Return where a block ends: its last character that is no white space."""
        text = self.file.text
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        return end

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            inside = any(item.anchor == event.anchor for item in self._open)
            summary = "an alias that stands inside of its own anchor"
            summary = summary if inside else "an alias without an anchor before it"
            raise _Unreadable(fault("alias", summary, self.file.span(start, end)))
        self._repeated += anchored.weight
        if self._repeated > MOST_REPEATED:
            summary = "aliases repeat too much"
            hint = f"all aliases of a file may stand for at most {MOST_REPEATED} values"
            raise _Unreadable(fault("alias", summary, self.file.span(start, end), hint=hint))
        self._count += anchored.weight
        if self._open:
            self._open[-1].height = max(self._open[-1].height, anchored.height)
        self._check_depth(len(self._open) + anchored.height, start)
        self._add(anchored.node, None, at=(start, end))

    def _add(
        self,
        node: Node,
        anchor: str | None,
        *,
        weight: int = 0,
        height: int = 0,
        at: tuple[int, int] | None = None,
    ) -> None:
        """Put a node where it belongs: the root, a list's next value, a map's key or value."""
        self._count += 1
        if anchor is not None:
            weight += 1 + (node.end - node.start) // _CHARACTERS_PER_NODE
            self._anchors[anchor] = _Anchored(node, weight, height)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if parent.entries is None:
            parent.items.append(node)
        elif parent.key is None:
            parent.key = self._as_key(node, at or (node.start, node.end))
        else:
            key, parent.key = parent.key, None
            self._enter(parent, key, node)

    def _as_key(self, node: Node, at: tuple[int, int]) -> Scalar:
        start, end = at
        if isinstance(node, Scalar) and not node.is_null:
            return node if node.start == start else node._replace(start=start, end=end)
        summary = "a key that is empty, a list or a map"
        hint = "a key is a text, such as `name:`"
        raise _Unreadable(fault("key", summary, self.file.span(start, end), hint=hint))

    def _enter(self, parent: _Open, key: Scalar, value: Node) -> None:
        entries = parent.entries
        assert entries is not None
        if key.plain and key.text == "<<":
            parent.merges.append(value)
        elif key.text in entries:
            first = self.file.span(entries[key.text].key.start)
            summary = "a key that the map has already"
            hint = f"the first one is in line {first.line}"
            self.faults.append(
                fault("duplicate-key", summary, self.file.span(key.start, key.end), hint=hint)
            )
        else:
            entries[key.text] = Entry(key, value)

    def _merge(self, done: _Open) -> None:
        """Add what `<<` brings in: only keys that the map itself does not have."""
        entries = done.entries
        assert entries is not None
        for merged in done.merges:
            for source in merged.items if isinstance(merged, Sequence) else [merged]:
                if not isinstance(source, Mapping):
                    summary = "`<<` takes a map, or a list of maps"
                    self.faults.append(
                        fault("merge", summary, self.file.span(source.start, source.end))
                    )
                    continue
                for key, entry in source.entries.items():
                    entries.setdefault(key, entry)

    def _check_depth(self, depth: int, at: int) -> None:
        if depth > DEEPEST:
            summary = "lists and maps are nested too deeply"
            hint = f"at most {DEEPEST} levels are read"
            raise _Unreadable(fault("too-deep", summary, self.file.span(at), hint=hint))

    def _refuse_tag(self, start: int) -> None:
        text = self.file.text[start : start + 200].split(None, 1)[0]
        summary = "a tag that has no meaning here"
        self.faults.append(fault("tag", summary, self.file.span(start, start + len(text))))
