"""Edit a YAML text: put keys in, change them and take them out, and touch no byte besides.

The one editor, of whole resources, lists and maps as of single values: comments of what stays,
order, quotes and line ends stay. The changed text is read again, and has to say what was wanted in
the one document and nothing else in any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any

from auger_reconcile.config.declarations.declaration import LONG_FORM
from auger_reconcile.config.edit.change_tree import (
    CLEARED,
    GONE,
    CannotEdit,
    KeyPath,
    Put,
    Wanted,
    is_emptied,
    kept_items,
    meant_for,
    new_keys,
    own_entries,
    plain_of,
    said_by,
    shape_of_node,
    tree_of,
    with_changes,
)
from auger_reconcile.config.edit.format import INDENT, key_order
from auger_reconcile.config.edit.lines import Lines, newline_of
from auger_reconcile.config.edit.quoting import to_yaml
from auger_reconcile.config.edit.render import render_value
from auger_reconcile.config.edit.spans import Edit, ValueSpans, edit_flow
from auger_reconcile.config.syntax.compose import Document, compose
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Scalar, is_null
from auger_reconcile.config.syntax.nodes import Sequence as List
from auger_reconcile.config.syntax.text import FileText, decode

_BLOCK_DEPTH = 2  # sections and resources are written in lines, their settings on one
_FLOW = ("cluster",)


def edit_document(file: FileText, number: int, changes: Map[KeyPath, Any]) -> FileText:
    """Return a text in which some keys of one document are put, changed or taken out.

    Args:
        file: the text.
        number: of the document.
        changes: path of keys to plain data, or to `GONE`.

    Raises:
        CannotEdit: not without touching something else.
    """
    newline = newline_of(file.text)
    is_whole = not file.text or file.text.endswith(("\n", "\r"))
    whole = FileText(file.path, file.text if is_whole else file.text + newline)
    documents = compose(whole).documents
    document = documents[number] if documents else Document(None, 0, len(whole.text))
    tree = tree_of(changes)
    edits = sorted(_Editor(whole.text, newline).edits(document, tree), key=lambda one: one[:2])
    pieces, last = [], 0
    for start, end, text in edits:
        if start < last:
            raise CannotEdit(start, "two changes meet here")
        pieces += [whole.text[last:start], text]
        last = end
    text = "".join([*pieces, whole.text[last:]])
    if not is_whole:
        text = text.removesuffix(newline)
    changed = FileText(file.path, text)
    _verify(changed, documents, number, tree)
    return changed


class _Editor:
    """Yields the edits of one text, those of a map below before those of the map itself."""

    def __init__(self, text: str, newline: str) -> None:
        self._text, self._newline = text, newline
        self._lines, self._spans = Lines(text), ValueSpans(text)

    def edits(self, document: Document, tree: Wanted) -> Iterator[Edit]:
        root = document.root
        end = self._lines.line_of(document.end)
        end = self._lines.count if document.end >= len(self._text) else end
        if root is None:
            at = self._lines.start_of(end)
            yield Edit(at, at, self._block(tree, (), ""))
        elif isinstance(root, Mapping):
            yield from self._map(root, (), tree, (None, end))
        else:
            raise CannotEdit(root.start, "the file holds no map")

    def _map(
        self, node: Mapping, path: KeyPath, tree: Wanted, region: tuple[int | None, int]
    ) -> Iterator[Edit]:
        own = own_entries(node)
        if self._spans.is_flow(node):
            yield from self._flow_map(node, own, path, tree)
            return
        if not own or any(self._lines.indent_of(entry.key.start) is None for entry in own):
            raise CannotEdit(node.start, "its keys do not stand below each other")
        regions = list(self._lines.regions(own, *region))
        for entry, lines in zip(own, regions, strict=True):
            change = meant_for(tree, entry.key)
            below = (self._lines.line_of(entry.key.start) + 1, lines[1])
            if change is GONE or (not path and self._goes(entry, change)):
                begin, end = self._lines.with_blank(lines)
                yield Edit(self._lines.start_of(begin), self._lines.start_of(end), "")
            elif change is not None:
                yield from self._value(entry, (*path, entry.key.text), change, below)
        yield from self._additions(node, own, regions, path, tree)

    def _goes(self, entry: Entry, change: Any) -> bool:
        """Say whether a section has nothing left."""
        node = entry.value
        is_own = node.start >= entry.key.end and isinstance(change, dict)
        return is_own and isinstance(node, Mapping) and is_emptied(node, change)

    def _additions(
        self,
        node: Mapping,
        own: Sequence[Entry],
        regions: Sequence[tuple[int, int]],
        path: KeyPath,
        tree: Wanted,
    ) -> Iterator[Edit]:
        """Yield the new keys, each behind the last of those that come before it in order."""
        order = key_order(path)
        place = {name: number for number, name in enumerate(order)}
        new = new_keys(node, tree)
        indent = self._lines.indent_of(own[0].key.start) or ""
        for key in sorted(new, key=lambda name: place.get(name, len(place))):
            known = place.get(key, len(place))
            before = [n for n, e in enumerate(own) if place.get(e.key.text, len(place)) <= known]
            line = regions[before[-1]][1] if before else regions[0][0]
            at = self._lines.start_of(line)
            yield Edit(at, at, self._block({key: new[key]}, path, indent))

    def _value(
        self, entry: Entry, path: KeyPath, change: Any, lines: tuple[int, int]
    ) -> Iterator[Edit]:
        """Yield the edits of one value in a block."""
        key, value = entry
        if isinstance(change, Put):
            yield from self._put(entry, change.value, lines)
        elif change is CLEARED:
            yield from self._clear(entry, in_flow=False)
        elif is_null(value):
            if value.end > value.start:
                yield Edit(value.start, value.end, "")
            at = self._lines.start_of(self._lines.line_of(key.start) + 1)
            indent = (self._lines.indent_of(key.start) or "") + INDENT
            yield Edit(at, at, self._block(change, path, indent))
        elif isinstance(value, Mapping) and value.start >= key.end:
            if self._spans.is_flow(value) or not is_emptied(value, change):
                yield from self._map(value, path, change, lines)
            else:
                yield from self._replace_block(entry, "{}", lines)
        else:
            raise CannotEdit(key.start, f"`{key.text}` is not written here as a map")

    def _put(self, entry: Entry, value: Any, lines: tuple[int, int]) -> Iterator[Edit]:
        """Yield the edits that set a value of a block to plain data."""
        key, node = entry
        if node.start < key.end:
            yield self._spans.over_alias(key, value)
        elif isinstance(node, Scalar) and not isinstance(value, (list, dict)):
            yield self._set_scalar(entry, value)
        elif isinstance(node, List) and isinstance(value, list) and value:
            yield from self._list(entry, node, value, lines)
        elif isinstance(node, Scalar) or self._spans.is_flow(node):
            yield Edit(*self._spans.span(entry), self._spans.behind(entry, render_value(value)))
        else:
            yield from self._replace_block(entry, render_value(value), lines)

    def _clear(self, entry: Entry, *, in_flow: bool) -> Iterator[Edit]:
        """Yield the edit that takes a value away, and the blank before it; anchor and tag stay."""
        key, node = entry
        if is_null(node):
            return
        if node.start < key.end or not isinstance(node, Scalar):
            raise CannotEdit(key.end, "the value is an alias, a list or a map")
        start, end = self._spans.inner(entry)
        between = self._text[key.end : start]
        if start == node.start and not in_flow and between.strip() == ":":
            start = key.end + between.index(":") + 1
        yield Edit(start, end, "")

    def _set_scalar(self, entry: Entry, value: Any) -> Edit:
        start, end = self._spans.inner(entry)
        quote = self._text[start : start + 1]
        escaped = value.replace("${", "$${") if isinstance(value, str) else value
        return Edit(start, end, self._spans.behind(entry, to_yaml(escaped, quote=quote)))

    def _replace_block(self, entry: Entry, text: str, lines: tuple[int, int]) -> Iterator[Edit]:
        """Yield the edits that put a value on the line of its key, for one in lines below it."""
        colon = self._text.index(":", entry.key.end)
        end = self._lines.end_of(self._lines.line_of(colon))
        rest = self._text[colon + 1 : end].strip()
        if rest and not rest.startswith("#"):
            raise CannotEdit(colon, "the value has an anchor or a tag")
        yield Edit(colon + 1, colon + 1, f" {text}")
        yield Edit(self._lines.start_of(lines[0]), self._lines.start_of(lines[1]), "")

    def _list(
        self, entry: Entry, node: List, value: list[Any], lines: tuple[int, int]
    ) -> Iterator[Edit]:
        """Yield the edits of a list, item by item where what stays keeps its order."""
        kept, new = kept_items(node, value)
        is_flow = self._spans.is_flow(node)
        places = [(item.start, item.end) for item in node.items]
        gone = set(range(len(places))) - set(kept)
        if new is None or any(start < node.start for start, _ in places):
            text = render_value(value)
            yield from (
                [Edit(*self._spans.span(entry), text)]
                if is_flow
                else self._replace_block(entry, text, lines)
            )
        elif is_flow:
            inner = (self._spans.content_start(node) + 1, node.end - 1)
            yield from edit_flow(self._text, inner, places, gone, [*map(render_value, new)])
        else:
            yield from self._block_list(places, gone, new)

    def _block_list(
        self, places: Sequence[tuple[int, int]], gone: set[int], new: Sequence[Any]
    ) -> Iterator[Edit]:
        rows = [self._lines.line_of(start) for start, _ in places]
        dash = self._text[self._lines.start_of(rows[0]) : places[0][0]]
        if dash.strip() != "-":
            raise CannotEdit(places[0][0], "its items do not stand below each other")
        for number in gone:
            row = rows[number]
            yield Edit(self._lines.start_of(row), self._lines.start_of(row + 1), "")
        at = self._lines.start_of(rows[-1] + 1)
        yield Edit(at, at, "".join(f"{dash}{render_value(one)}{self._newline}" for one in new))

    def _flow_map(
        self, node: Mapping, own: Sequence[Entry], path: KeyPath, tree: Wanted
    ) -> Iterator[Edit]:
        """Yield the edits of a map in `{}`."""
        gone = set()
        for number, entry in enumerate(own):
            change = meant_for(tree, entry.key)
            if change is GONE:
                gone.add(number)
            elif change is CLEARED:
                yield from self._clear(entry, in_flow=True)
            elif isinstance(change, Put):
                yield self._put_in_flow(entry, change.value)
            elif change is not None:
                if not isinstance(entry.value, Mapping) or entry.value.start < entry.key.end:
                    raise CannotEdit(entry.key.start, "it is not written here as a map")
                yield from self._map(entry.value, (*path, entry.key.text), change, (0, 0))
        new = {
            key: f"{render_value(key)}: {render_value(plain_of(change))}"
            for key, change in new_keys(node, tree).items()
        }
        place = {name: number for number, name in enumerate(key_order(path))}
        least = min((place.get(entry.key.text, len(place)) for entry in own), default=0)
        first = [key for key in new if place.get(key, len(place)) < least and not gone]
        for key in first:  # comes before all others
            yield Edit(own[0].key.start, own[0].key.start, f"{new.pop(key)}, ")
        inner = (self._spans.content_start(node) + 1, node.end - 1)
        items = [(entry.key.start, self._spans.end_in_flow(entry)) for entry in own]
        yield from edit_flow(self._text, inner, items, gone, [*new.values()])

    def _put_in_flow(self, entry: Entry, value: Any) -> Edit:
        key, node = entry
        if node.start < key.end:
            return self._spans.over_alias(key, value)
        if (
            isinstance(node, Scalar)
            and node.end > node.start
            and not isinstance(value, (list, dict))
        ):
            return self._set_scalar(entry, value)
        start, end = self._spans.span(entry)
        if end == start and not self._text[key.end : start].strip():
            return Edit(key.end, key.end, f": {render_value(value)}")
        return Edit(start, end, self._spans.behind(entry, render_value(value)))

    def _block(self, tree: Wanted, path: KeyPath, indent: str) -> str:
        """Return new keys in lines."""
        return "".join(
            line + self._newline for line in _block_lines(plain_of(tree), path, indent, self._text)
        )


def _block_lines(plain: Map[str, Any], path: KeyPath, indent: str, text: str) -> Iterator[str]:
    order = {name: number for number, name in enumerate(key_order(path))}
    for key in sorted(plain, key=lambda name: order.get(name, len(order))):
        value, name = plain[key], f"{indent}{render_value(key)}:"
        is_block = isinstance(value, dict) and value and len(path) < _BLOCK_DEPTH
        if is_block and key not in _FLOW:
            if not path and text and key in LONG_FORM:
                yield ""
            yield name
            yield from _block_lines(value, (*path, key), indent + INDENT, text)
        else:
            yield f"{name} {render_value(value)}"


def _verify(changed: FileText, before: Sequence[Document], number: int, tree: Wanted) -> None:
    """Read the text again: it has to say what was wanted, and nothing else.

    Raises:
        CannotEdit: it does not.
    """
    if decode(changed.path, changed.text.encode("utf-8", "surrogatepass"))[1]:
        raise CannotEdit(0, "the value has a character that YAML does not allow")
    composed = compose(changed)
    wanted = [_shape_of(one) for one in before] or [{}]
    wanted[number] = with_changes(wanted[number], tree)
    found = [_shape_of(one) for one in composed.documents] or [{}]
    if composed.diagnostics or [*map(said_by, found)] != [*map(said_by, wanted)]:
        place = before[number].root if before else None
        raise CannotEdit(place.start if place else 0, "other values would change as well")


def _shape_of(document: Document) -> Any:
    return {} if document.root is None else shape_of_node(document.root)
