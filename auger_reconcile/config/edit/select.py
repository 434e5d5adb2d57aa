"""Set single values of auger.yaml and touch not a byte besides: what `select` and runs store.

Stricter than the editor that it uses: an alias, a list or a map is never written over, and a map is
made only where keys stand below each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from pathlib import Path

from auger_reconcile.config.edit.change_tree import (
    CLEARED,
    CannotEdit,
    KeyPath,
    name_in_use,
    own_entries,
    shape_of,
    shape_of_node,
)
from auger_reconcile.config.edit.editor import edit_document
from auger_reconcile.config.edit.quoting import Value
from auger_reconcile.config.edit.spans import ValueSpans
from auger_reconcile.config.edit.write import replace_file
from auger_reconcile.config.files.find_files import FILE_NAME, SECOND_FILE
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, is_bare, is_null
from auger_reconcile.config.syntax.text import FileText, read_text
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import ConfigError


class _Null:
    """What an overlay says where it takes a value of the file below away."""


NULL = _Null()


def set_values(path: Path, changes: Map[KeyPath, Value], env: str | None = None) -> None:
    """Set values where they belong; None clears a value, its key stays.

    With an environment that is its overlay, always: a file below holds for others too, and stays.
    Without one it is the file that says a value, itself or the config.yaml beside it.

    Args:
        path: of auger.yaml, which holds one document; a symbolic link stays one.
        changes: key path to value, such as `("experiment", "name")`; missing keys are added.
        env: the overlay that is laid over the file.

    Raises:
        ConfigError: a file cannot be read, or not be changed safely; it is untouched.
        OSError: a file cannot be written; it is untouched.
    """
    for changed, text in edited_texts(path, changes, env).items():
        replace_file(changed, text)


def edited_texts(
    path: Path, changes: Map[KeyPath, Value], env: str | None = None
) -> dict[Path, str]:
    """Return what `set_values` would write, by file; a file that stays is not among them.

    Raises:
        ConfigError: a file cannot be read, or not be changed safely.
    """
    files = _Files(path, env)
    texts: dict[Path, str] = {}
    for file, mine in files.divide(changes):
        changed = file
        for keys, value in mine.items():
            wanted = _over(file, keys, value, files.below) if file is files.layer else value
            changed = _set_one(changed, keys, wanted)
        if changed.text != file.text:
            texts[file.path] = changed.text
    return texts


def files_changed(path: Path, changes: Map[KeyPath, Value], env: str | None) -> tuple[Path, ...]:
    """Return the files that `set_values` would write the changes into.

    Raises:
        ConfigError: a file cannot be read.
    """
    return tuple(file.path for file, _ in _Files(path, env).divide(changes))


class _Files:
    """What a file is read from: itself or the two of that layout, and the overlay above."""

    def __init__(self, path: Path, env: str | None) -> None:
        self.below = [_read(path)]
        if path.name == FILE_NAME and (second := path.with_name(SECOND_FILE)).is_file():
            self.below.append(_read(second))
        over = path.with_name(f"{path.stem}.{env}{path.suffix}")
        self.layer = _read(over) if env and over.is_file() else None

    def divide(
        self, changes: Map[KeyPath, Value]
    ) -> Iterator[tuple[FileText, Map[KeyPath, Value]]]:
        """Yield the files that change, each with what is set there."""
        if self.layer is not None:
            yield self.layer, changes
            return
        for file in self.below:
            mine = {k: value for k, value in changes.items() if _source_of(k, self.below) is file}
            if mine:
                yield file, mine


def _read(path: Path) -> FileText:
    file, problems = read_text(path)
    if file is None:
        raise ConfigError(problems)
    return file


def _over(layer: FileText, keys: KeyPath, value: Value, below: list[FileText]) -> Value | _Null:
    """Return what an overlay says to clear a value: nothing, or null over one of a file below."""
    is_hidden = value is None and any(_says(file, keys) for file in below)
    return NULL if is_hidden and not _says(layer, keys) else value


def _source_of(keys: KeyPath, below: list[FileText]) -> FileText:
    """Return the file that says a value; the first one where none does."""
    return next((file for file in below if _says(file, keys)), below[0])


def _says(file: FileText, keys: KeyPath) -> bool:
    """Say whether a file holds a key, be it without a value."""
    documents = compose(file).documents
    root = documents[0].root if documents else None
    node = root
    for key in name_in_use(root if isinstance(root, Mapping) else None, keys):
        if not isinstance(node, Mapping) or key not in node.entries:
            return False
        node = node.entries[key].value
    return True


def _set_one(file: FileText, keys: KeyPath, value: Value | _Null) -> FileText:
    """Return the text with one value set."""
    try:
        root = _only_root(file)
        keys = name_in_use(root, keys)
        if isinstance(value, _Null):
            return edit_document(file, 0, {keys: None})
        if not _is_to_change(root, keys, value, ValueSpans(file.text)):
            return file
        return edit_document(file, 0, {keys: CLEARED if value is None else value})
    except CannotEdit as error:
        place = file.span(error.place)
        summary = "a value that cannot be changed safely"
        label = f"`{'/'.join(keys)}`"
        problem = Diagnostic(Severity.ERROR, "cannot-edit", summary, place, label, str(error))
        raise ConfigError([problem]) from None


def _only_root(file: FileText) -> Mapping | None:
    composed = compose(file)
    if composed.diagnostics:
        raise ConfigError(composed.diagnostics)
    if len(composed.documents) > 1:
        raise CannotEdit(composed.documents[1].start, "the file holds several documents")
    root = composed.documents[0].root if composed.documents else None
    if root is not None and not isinstance(root, Mapping):
        raise CannotEdit(root.start, "the file holds no map")
    return root


def _is_to_change(root: Mapping | None, keys: KeyPath, value: Value, spans: ValueSpans) -> bool:
    """Say whether a value is another one than it should be.

    Raises:
        CannotEdit: what stands there is more than a value, or has no room for one.
    """
    if root is None:
        return value is not None
    node: Node = root
    for depth, key in enumerate(keys, 1):
        if not isinstance(node, Mapping):
            raise CannotEdit(node.start, "the value is no map")
        entry = next((one for one in own_entries(node) if one.key.text == key), None)
        is_map_new = depth < len(keys) and (entry is None or is_null(entry.value))
        if entry is None or is_map_new:
            if value is not None and is_map_new and not _has_room(node, entry, spans):
                raise CannotEdit(node.start, "there is no place for a map")
            return value is not None
        if entry.value.start < entry.key.end:
            raise CannotEdit(entry.key.end, "the value is an alias")
        node = entry.value
    if not isinstance(node, Scalar):
        if is_bare(node):
            return value is not None
        raise CannotEdit(node.start, "the value is a list or a map")
    if value is None or is_null(node):
        return value is not None or not is_null(node)
    return not (node.text == value or shape_of_node(node) == shape_of(value))


def _has_room(node: Mapping, entry: Entry | None, spans: ValueSpans) -> bool:
    is_filled = entry is not None and entry.value.end > entry.value.start
    return not spans.is_flow(node) and not is_filled
