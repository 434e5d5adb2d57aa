"""Text -> documents of nodes. The only home of PyYAML, of which only the event parser is used.

Own composition, because a diagnostic needs the place of every key, YAML 1.2 needs other scalars
than PyYAML resolves, and a hostile file must neither recurse nor grow: nesting and what aliases
repeat are bounded while the file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, is_null
from auger_reconcile.config.syntax.text import FileText
from auger_reconcile.config.syntax.yaml_errors import (
    explain,
    explain_conflict,
    explain_quote,
    fault,
    holds_keys,
)
from auger_reconcile.diagnostics import Diagnostic

DEEPEST = 100  # levels of nesting, those inside an alias included
MOST_REPEATED = 100_000  # nodes (or 100 characters each) that all aliases together may repeat
_CHARACTERS_PER_NODE = 100
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in
_SCALAR, _MAPPING_END = yaml.ScalarEvent, yaml.MappingEndEvent  # asked for with every value
_TAG = "tag:yaml.org,2002:"
_RESOLVED_TAGS = frozenset(_TAG + name for name in ("int", "float", "bool", "null"))
_TEXT_TAGS = frozenset({"!", _TAG + "str"})
_COLLECTION_TAGS = {
    yaml.MappingStartEvent: ("!", _TAG + "map"),
    yaml.SequenceStartEvent: ("!", _TAG + "seq"),
}


class Document(NamedTuple):
    """One YAML document; `root` is None when it is empty."""

    root: Node | None
    start: int
    end: int


class Composed(NamedTuple):
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
        mark, began = error.problem_mark, error.context_mark
        at = mark.index if mark else len(file.text)
        since = _index(began) if began else None
        scanned = isinstance(error, yaml.scanner.ScannerError)
        is_deep = _open_brackets(file.text[:at]) > DEEPEST
        told = _too_deep(file, at) if is_deep else explain(file, at, since, scanned=scanned)
        swallowed = _find_swallowing_quote(file, at)
        composer.faults.append(told if swallowed is None else explain_quote(file, swallowed))
    except _Unreadable as error:
        composer.faults.append(error.diagnostic)
    if composer.faults and (conflict := explain_conflict(file)):
        return Composed((), (conflict,))
    return Composed(documents, tuple(composer.faults))


def _find_swallowing_quote(file: FileText, at: int) -> int | None:
    """Return where a quoted text begins that holds keys of later lines, before a place; or None.

    A quote that was not closed is closed by the next one, and the parser stops behind that.
    """
    with suppress(yaml.YAMLError):
        for token in yaml.scan(file.text, Loader=_PARSER):
            start, end = _index(token.start_mark), _index(token.end_mark)
            if start >= at:
                break
            is_quoted = isinstance(token, yaml.ScalarToken) and token.style in ("'", '"')
            stops_here = "\n" not in file.text[end:at]
            if is_quoted and stops_here and holds_keys(file.text[start:end]):
                return start
    return None


def _open_brackets(text: str) -> int:
    """Return how many brackets are open at the end of a text; a parser may give up on many."""
    return text.count("[") + text.count("{") - text.count("]") - text.count("}")


def _too_deep(file: FileText, at: int) -> Diagnostic:
    hint = f"at most {DEEPEST} levels are read"
    return fault("too-deep", "lists and maps are nested too deeply", file.span(at), hint=hint)


def _index(mark: Any) -> int:
    """Return a mark's index; the type stubs leave it open whether there are marks."""
    return int(mark.index)


class _Unreadable(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic


class _Anchored(NamedTuple):
    """What an alias stands for.

    Attributes:
        weight: how many nodes it repeats; so many characters count as another.
        height: levels of nesting.
    """

    node: Node
    weight: int
    height: int


class _Composer:
    """Builds nodes of the parser's events; a level of nesting is a call, of which few are open."""

    def __init__(self, file: FileText) -> None:
        self.file = file
        self.faults: list[Diagnostic] = []
        self._anchors: dict[str, _Anchored] = {}
        self._open_anchors: list[str] = []
        self._count = 0
        self._repeated = 0
        self._deepest = 0

    def documents(self, parser: Any) -> Iterator[Document]:
        """Yield the documents, driven by the parser's events."""
        self._next: Callable[[], Any] = parser.get_event
        self._next()  # the start of the stream
        while type(begun := self._next()) is yaml.DocumentStartEvent:
            self._anchors.clear()
            root = self._node(self._next(), 1)
            empty = isinstance(root, Scalar) and root.is_null
            ended = self._next()
            yield Document(
                None if empty else root, _index(begun.end_mark), _index(ended.start_mark)
            )

    def _node(self, event: Any, depth: int) -> Node:
        """Return the node that begins with an event, `depth` levels deep."""
        kind = type(event)
        if kind is _SCALAR:
            return self._scalar(event)
        if kind is yaml.AliasEvent:
            return self._alias(event, depth)
        return self._collection(event, depth)

    def _scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark.index, event.end_mark.index
        tag = event.tag
        if tag is None:
            plain = event.implicit[0]
        else:
            plain = tag in _RESOLVED_TAGS
            if not plain and tag not in _TEXT_TAGS:
                self._refuse_tag(start)
        node = Scalar(event.value, plain, self.file, start, end)
        self._count += 1
        if event.anchor is not None:
            self._remember(event.anchor, node, 0, 0)
        return node

    def _collection(self, event: Any, depth: int) -> Node:
        start = event.start_mark.index
        if event.tag is not None and event.tag not in _COLLECTION_TAGS[type(event)]:
            self._refuse_tag(start)
        self._check_depth(depth, start)
        read = self._mapping if type(event) is yaml.MappingStartEvent else self._sequence
        if event.anchor is None:
            self._deepest = max(self._deepest, depth)
            node = read(start, depth)
        else:
            count, deepest, self._deepest = self._count, self._deepest, depth
            self._open_anchors.append(event.anchor)
            node = read(start, depth)
            self._open_anchors.pop()
            height = self._deepest - depth + 1
            self._remember(event.anchor, node, self._count - count, height)
            self._deepest = max(self._deepest, deepest)
        self._count += 1
        return node

    def _remember(self, anchor: str, node: Node, inside: int, height: int) -> None:
        weight = inside + 1 + (node.end - node.start) // _CHARACTERS_PER_NODE
        self._anchors[anchor] = _Anchored(node, weight, height)

    def _sequence(self, start: int, depth: int) -> Sequence:
        items: list[Node] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._node(event, depth + 1))
        return Sequence(items, self.file, start, self._end(event, start))

    def _mapping(self, start: int, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        read, scalar = self._next, self._scalar
        while type(event := read()) is not _MAPPING_END:
            key = scalar(event) if type(event) is _SCALAR else self._node(event, depth + 1)
            if type(key) is not Scalar or key.start != event.start_mark.index or key.is_null:
                key = self._unusual_key(key, event)
            event = read()
            value = scalar(event) if type(event) is _SCALAR else self._node(event, depth + 1)
            if key.plain and key.text == "<<":
                merged.append(value)
            elif key.text in entries:
                self._refuse_second(key, entries[key.text].key)
            else:
                entries[key.text] = Entry(key, value)
        for source in merged:
            self._merge(entries, source)
        return Mapping(entries, self.file, start, self._end(event, start))

    def _end(self, event: Any, start: int) -> int:
        """Return where a collection ends: a block at its last character that is no white space."""
        text, end = self.file.text, event.start_mark.index
        if event.end_mark.index > end:  # the bracket of the flow style
            return _index(event.end_mark)
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        return int(end)

    def _alias(self, event: Any, depth: int) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            summary = "an alias without an anchor before it"
            if event.anchor in self._open_anchors:
                summary = "an alias that stands inside of its own anchor"
            raise _Unreadable(fault("alias", summary, self.file.span(start, end)))
        self._repeated += anchored.weight
        if self._repeated > MOST_REPEATED:
            summary = "aliases repeat too much"
            hint = f"all aliases of a file may stand for at most {MOST_REPEATED} values"
            raise _Unreadable(fault("alias", summary, self.file.span(start, end), hint=hint))
        self._count += anchored.weight + 1
        deepest = depth - 1 + anchored.height
        self._deepest = max(self._deepest, deepest)
        self._check_depth(deepest, start)
        return anchored.node

    def _unusual_key(self, node: Node, event: Any) -> Scalar:
        """Return the key that an alias stands for, in the place where it stands; refuse others."""
        if isinstance(node, Scalar) and not is_null(node):
            return node._replace(start=event.start_mark.index, end=event.end_mark.index)
        summary = "a key that is empty, a list or a map"
        hint = "a key is a text, such as `name:`"
        start, end = node.start, node.end
        if type(event) is yaml.AliasEvent:
            start, end = _index(event.start_mark), _index(event.end_mark)
        raise _Unreadable(fault("key", summary, self.file.span(start, end), hint=hint))

    def _refuse_second(self, key: Scalar, first: Scalar) -> None:
        line = self.file.span(first.start).line
        summary, hint = "a key that the map has already", f"the first one is in line {line}"
        place = self.file.span(key.start, key.end)
        self.faults.append(fault("duplicate-key", summary, place, hint=hint))

    def _merge(self, entries: dict[str, Entry], merged: Node) -> None:
        """Add what `<<` brings in: only keys that the map itself does not have."""
        for source in merged.items if isinstance(merged, Sequence) else [merged]:
            if isinstance(source, Mapping):
                for key, entry in source.entries.items():
                    entries.setdefault(key, entry)
            else:
                summary = "`<<` takes a map, or a list of maps"
                place = self.file.span(source.start, source.end)
                self.faults.append(fault("merge", summary, place))

    def _check_depth(self, depth: int, at: int) -> None:
        if depth > DEEPEST:
            raise _Unreadable(_too_deep(self.file, at))

    def _refuse_tag(self, start: int) -> None:
        text = self.file.text[start : start + 200].split(None, 1)[0]
        summary = "a tag that has no meaning here"
        self.faults.append(fault("tag", summary, self.file.span(start, start + len(text))))
