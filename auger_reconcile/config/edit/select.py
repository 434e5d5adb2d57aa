"""Change values in auger.yaml and not a byte besides: comments, order, quotes and line ends stay.

What cannot be changed safely is refused with the file untouched: the changed text is read again
before it is written, and has to differ in the wanted values and in nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from auger_reconcile.config.edit.quoting import Value, to_yaml
from auger_reconcile.config.edit.write import replace_file
from auger_reconcile.config.files.legacy import RENAMED
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import (
    Entry,
    Mapping,
    Node,
    Scalar,
    Sequence,
    is_null,
    resolve,
)
from auger_reconcile.config.syntax.text import FileText, decode, read_text
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import ConfigError

KeyPath: TypeAlias = tuple[str, ...]

_LINE_END = re.compile(r"\r\n|\r|\n")
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t]+|$))*")  # anchor and tag before a value
# Where a new key goes: after the nearest of those before it. Others go to the end.
_ORDER: dict[KeyPath, tuple[str, ...]] = {
    (): (
        *("hub", "organization", "project", "name", "state", "source", "dataset", "model_type"),
        *("target", "exclude", "experiment", "cluster", "datasets", "experiments", "models"),
    ),
    ("experiment",): ("name", "experiment_session_id"),
}


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


class _CannotEdit(Exception):
    def __init__(self, place: int, hint: str) -> None:
        super().__init__(hint)
        self.place = place
        self.hint = hint


def set_values(path: Path, changes: Map[KeyPath, Value]) -> None:
    """Set values of a file that holds one document; None clears a value, its key stays.

    Args:
        path: the file; a symbolic link stays one.
        changes: key path to value, such as `("experiment", "name")`; missing keys are added.

    Raises:
        ConfigError: the file cannot be read, or not be changed safely; it is untouched.
        OSError: the file cannot be written; it is untouched.
    """
    file, problems = read_text(path)
    if file is None:
        raise ConfigError(problems)
    before = file.text
    for keys, value in changes.items():
        file = _set_one(file, keys, value)
    if file.text != before:
        replace_file(path, file.text)


def _set_one(file: FileText, keys: KeyPath, value: Value) -> FileText:
    """Return the text with one value set."""
    try:
        root = _only_root(file)
        keys = _present_name(root, keys)
        edit = _Editor(file, root).edit(keys, value)
        if edit is None:
            return file
        text = file.text[: edit.start] + edit.text + file.text[edit.end :]
        changed = _verified(file, root, text, keys, value)
    except _CannotEdit as error:
        place = file.span(error.place)
        summary = "a value that cannot be changed safely"
        label = f"`{'/'.join(keys)}`"
        problem = Diagnostic(Severity.ERROR, "cannot-edit", summary, place, label, error.hint)
        raise ConfigError([problem]) from None
    return changed


def _only_root(file: FileText) -> Mapping | None:
    composed = compose(file)
    if composed.diagnostics:
        raise ConfigError(composed.diagnostics)
    if len(composed.documents) > 1:
        raise _CannotEdit(composed.documents[1].start, "the file holds several documents")
    root = composed.documents[0].root if composed.documents else None
    if root is not None and not isinstance(root, Mapping):
        raise _CannotEdit(root.start, "the file holds no map")
    return root


def _present_name(root: Mapping | None, keys: KeyPath) -> KeyPath:
    """Return the path under the name that the file uses: an old file says `project` for `name`."""
    if root is not None and keys[0] not in root.entries:
        for old, new in RENAMED.items():
            if new == keys[0] and old in root.entries:
                return (old, *keys[1:])
    return keys


class _Editor:
    def __init__(self, file: FileText, root: Mapping | None) -> None:
        self._text = file.text
        self._root = root
        found = _LINE_END.search(file.text)
        self._newline = found[0] if found else "\n"

    def edit(self, keys: KeyPath, value: Value) -> _Edit | None:
        """Return the edit that sets a value; None when there is nothing to change."""
        node = self._root
        for depth, key in enumerate(keys):
            entry = self._own_entry(node, key)
            if entry is None:
                return None if value is None else self._add(node, keys, depth, value)
            if depth == len(keys) - 1:
                return self._replace(entry, value, in_flow=node is not None and self._is_flow(node))
            if is_null(entry.value):
                return None if value is None else self._fill(node, entry, keys[depth + 1 :], value)
            if not isinstance(entry.value, Mapping) or entry.value.start < entry.key.end:
                raise _CannotEdit(entry.key.start, f"`{key}` is not written here as a map")
            node = entry.value
        return None

    def _own_entry(self, node: Mapping | None, key: str) -> Entry | None:
        """Return an entry that is written in this map; one that `<<` brings in is not."""
        entry = node.entries.get(key) if node else None
        own = entry is not None and node is not None and node.start <= entry.key.start <= node.end
        return entry if own else None

    def _is_flow(self, node: Mapping) -> bool:
        return self._text.startswith("{", self._content_start(node))

    def _content_start(self, node: Node) -> int:
        found = _PROPERTIES.match(self._text, node.start, max(node.end, node.start))
        return found.end() if found else node.start

    def _indent_of(self, key: Scalar) -> str:
        start = max(self._text.rfind("\n", 0, key.start), self._text.rfind("\r", 0, key.start)) + 1
        indent = self._text[start : key.start]
        if indent.strip():
            raise _CannotEdit(key.start, "there is something before the key in its line")
        return indent

    def _replace(self, entry: Entry, value: Value, *, in_flow: bool) -> _Edit | None:
        """Replace the text of one value."""
        key, node = entry
        if node.start < key.end:
            raise _CannotEdit(key.end, "the value is an alias")
        if isinstance(node, (Mapping, Sequence)) and (
            node.entries if isinstance(node, Mapping) else node.items
        ):
            raise _CannotEdit(node.start, "the value is a list or a map")
        start, end = self._content_start(node), node.end
        old = self._text[start:end]
        if old[:1] in ("|", ">"):
            end -= len(old) - len(old.rstrip())
        if isinstance(node, Scalar) and node.is_null if value is None else _is_same(node, value):
            return None
        if value is None:
            return self._clear(key, node, start, end, in_flow=in_flow)
        new = to_yaml(value, quote=old[:1])
        if not old:
            if self._text[start - 1 : start] not in (":", " ", "\t") and start == node.start:
                raise _CannotEdit(key.start, "the key has no `:`")
            new = new if self._text[start - 1] in " \t" else f" {new}"
        return _Edit(start, end, new)

    def _clear(self, key: Scalar, node: Node, start: int, end: int, *, in_flow: bool) -> _Edit:
        """Take a value away, and the blank before it; anchors and tags stay."""
        between = self._text[key.end : start]
        if start == node.start and not in_flow and between.strip() == ":":
            start = key.end + between.index(":") + 1
        return _Edit(start, end, "")

    def _fill(self, node: Mapping | None, entry: Entry, keys: KeyPath, value: Value) -> _Edit:
        """Put a map under a key that has no value yet."""
        if node is None or self._is_flow(node) or entry.value.end > entry.value.start:
            raise _CannotEdit(entry.key.start, "there is no place for a map")
        indent = self._indent_of(entry.key) + "  "
        return self._line_after(entry.key.end, self._lines(keys, value, indent))

    def _add(self, node: Mapping | None, keys: KeyPath, depth: int, value: Value) -> _Edit:
        """Add a key where it is looked for."""
        rest = keys[depth:]
        if node is None:
            return self._line_after(len(self._text), self._lines(rest, value, ""))
        own = [entry for key in node.entries if (entry := self._own_entry(node, key))]
        if self._is_flow(node):
            if len(rest) > 1:
                raise _CannotEdit(node.start, "there is no place for a map")
            at = self._content_start(node) + 1
            text = f"{to_yaml(rest[0])}: {to_yaml(value)}"
            return _Edit(at, at, f"{text}, " if node.entries else text)
        if not own:
            raise _CannotEdit(node.start, "the map has no key of its own")
        indent = self._indent_of(own[0].key)
        lines = self._lines(rest, value, indent)
        before = self._neighbour(own, keys[:depth], rest[0])
        if before is not None:
            end = before.value.end if before.value.start >= before.key.end else before.key.end
            return self._line_after(end, lines)
        at = own[0].key.start - len(indent)
        return _Edit(at, at, lines + self._newline)

    def _neighbour(self, own: list[Entry], parent: KeyPath, key: str) -> Entry | None:
        """Return the entry after which a key belongs; None puts it first."""
        order = _ORDER.get(parent, ())
        if key not in order:
            return own[-1]
        earlier = order[: order.index(key)]
        before = [entry for entry in own if entry.key.text in earlier]
        return max(before, key=lambda entry: entry.key.start, default=None)

    def _lines(self, keys: KeyPath, value: Value, indent: str) -> str:
        steps = [f"{indent}{'  ' * depth}{to_yaml(key)}:" for depth, key in enumerate(keys)]
        return f"{self._newline.join(steps)} {to_yaml(value)}"

    def _line_after(self, index: int, lines: str) -> _Edit:
        """Insert lines below the one that holds an index."""
        if not self._text:
            return _Edit(0, 0, lines + self._newline)
        last = max(index - 1, 0) if self._text[index - 1 : index] in "\r\n" else index
        found = _LINE_END.search(self._text, last)
        if found is None:
            return _Edit(len(self._text), len(self._text), self._newline + lines)
        return _Edit(found.end(), found.end(), lines + self._newline)


def _is_same(node: Node, value: Value) -> bool:
    if not isinstance(node, Scalar) or node.is_null:
        return False
    return node.text == value if isinstance(value, str) else shape_of_node(node) == _shape_of(value)


def _verified(
    file: FileText, root: Mapping | None, text: str, keys: KeyPath, value: Value
) -> FileText:
    """Return the changed text, which has been read again and says exactly what was wanted."""
    changed, problems = decode(file.path, text.encode("utf-8", "surrogatepass"))
    if changed is None or problems:
        raise _CannotEdit(0, "the value has a character that YAML does not allow")
    composed = compose(changed)
    roots = [document.root for document in composed.documents]
    wanted = _with(shape_of_node(root) if root else {}, keys, _shape_of(value))
    if (
        composed.diagnostics
        or len(roots) != 1
        or roots[0] is None
        or shape_of_node(roots[0]) != wanted
    ):
        raise _CannotEdit(root.start if root else 0, "the change would alter other values as well")
    return changed


def shape_of_node(node: Node) -> Any:
    """Return a node as data that compares equal only if it means the same."""
    match node:
        case Scalar(text, plain):
            return _shape_of(resolve(text)) if plain else ("str", text)
        case Sequence(items):
            return [shape_of_node(item) for item in items]
        case Mapping(entries):
            return {key: shape_of_node(entry.value) for key, entry in entries.items()}


def _shape_of(value: Value) -> tuple[str, str]:
    return type(value).__name__, repr(value) if not isinstance(value, str) else value


def _with(shape: Any, keys: KeyPath, value: Any) -> Any:
    """Return a shape with one value set; keys stay in no particular order."""
    head, *rest = keys
    known = shape if isinstance(shape, dict) else {}
    return {**known, head: _with(known.get(head), tuple(rest), value) if rest else value}
