"""Set single values of auger.yaml and touch not a byte besides: what `select` and runs store.

Stricter than the editor that it uses: an alias, a list or a map is never written over, and a map is
made only where keys stand below each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from contextlib import contextmanager
from pathlib import Path

from auger_reconcile.config.declarations.second_file import is_second
from auger_reconcile.config.edit.change_tree import (
    CLEARED,
    GONE,
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
from auger_reconcile.resources._registry import all_kinds


class _Null:
    """What an overlay says where it takes a value of the file below away."""


NULL = _Null()


def set_values(path: Path, changes: Map[KeyPath, Value], env: str | None = None) -> None:
    """Set values where they belong; None clears a value, its key stays.

    With an environment that is its overlay, always: a file below holds for others too, and stays.
    An overlay says what differs, so that a value that the files below say is taken out of it.
    Without one it is the file that says a value, itself or the config.yaml beside it; what is
    cleared is cleared in both, so that no value below takes its place.

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
        if file is files.layer:
            changed = _set_in_overlay(file, mine, files.below)
        else:
            changed = _set_all(file, mine)
        if changed.text != file.text:
            texts[file.path] = changed.text
    return texts


def files_changed(path: Path, changes: Map[KeyPath, Value], env: str | None) -> tuple[Path, ...]:
    """Return the files that `set_values` would write the changes into.

    Raises:
        ConfigError: a file cannot be read.
    """
    return tuple(file.path for file, _ in _Files(path, env).divide(changes))


def files_saying(
    path: Path, keys: Iterable[KeyPath], env: str | None
) -> dict[KeyPath, tuple[Path, str]]:
    """Return which file says each value so far, and how it is written there; others are left out.

    Raises:
        ConfigError: a file cannot be read.
    """
    files = _Files(path, env)
    read = [files.layer, *files.below] if files.layer else files.below
    found: dict[KeyPath, tuple[Path, str]] = {}
    for one in keys:
        for file in read:
            if isinstance(node := _value_in(file, one), Scalar):
                found.setdefault(one, (file.path, node.text))
    return found


class _Files:
    """What a file is read from: itself or the two of that layout, and the overlay above."""

    def __init__(self, path: Path, env: str | None) -> None:
        self.below = [_read(path)]
        if path.name == FILE_NAME and is_second(second := path.with_name(SECOND_FILE)):
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
            mine = {
                keys: value
                for keys, value in changes.items()
                if _source_of(keys, self.below) is file or (value is None and _is_said(file, keys))
            }
            if mine:
                yield file, mine


def _read(path: Path) -> FileText:
    file, problems = read_text(path)
    if file is None:
        raise ConfigError(problems)
    return file


def _set_in_overlay(
    layer: FileText, changes: Map[KeyPath, Value], below: list[FileText]
) -> FileText:
    """Return an overlay that says values where the files below do not; it never says nothing."""
    repeated = _said_below(changes, below)
    changed = _set_all(
        layer,
        {
            keys: _over(layer, keys, value, below)
            for keys, value in changes.items()
            if keys not in repeated
        },
    )
    said = [keys for keys in repeated if _says(layer, keys)]
    left = _take_out(changed, said)
    if any(document.root for document in compose(left).documents):
        return left
    kept = {keys: value for keys, value in changes.items() if value is not None}
    return _take_out(_set_all(changed, kept), [one for one in said if one not in kept])


def _said_below(changes: Map[KeyPath, Value], below: list[FileText]) -> list[KeyPath]:
    """Return what an overlay need not say: what is below, and what goes along with such a choice.

    A select clears what belongs to the choice of before; that of the files below is theirs again.
    """
    same = [
        keys for keys, value in changes.items() if value is not None and _is(keys, value, below)
    ]
    chosen = (tuple(kind.selection(None)) for kind in all_kinds().values())
    along = (keys for one in chosen if one and one[0] in same for keys in one)
    return list(dict.fromkeys([*same, *along]))


def _is(keys: KeyPath, value: Value, below: list[FileText]) -> bool:
    node = _value_in(_source_of(keys, below), keys)
    return isinstance(node, Scalar) and _means(node, value)


def _over(layer: FileText, keys: KeyPath, value: Value, below: list[FileText]) -> Value | _Null:
    """Return what an overlay says to clear a value: nothing, or null over one of a file below."""
    is_hidden = value is None and any(_says(file, keys) for file in below)
    return NULL if is_hidden and not _says(layer, keys) else value


def _source_of(keys: KeyPath, below: list[FileText]) -> FileText:
    """Return the file that says a value; the first one where none does."""
    return next((file for file in below if _says(file, keys)), below[0])


def _says(file: FileText, keys: KeyPath) -> bool:
    """Say whether a file holds a key, be it without a value."""
    return _value_in(file, keys) is not None


def _is_said(file: FileText, keys: KeyPath) -> bool:
    node = _value_in(file, keys)
    return isinstance(node, Scalar) and not is_null(node)


def _value_in(file: FileText, keys: KeyPath) -> Node | None:
    """Return what a file says of a key; None where it does not hold it."""
    documents = compose(file).documents
    root = documents[0].root if documents else None
    node = root
    for key in name_in_use(root if isinstance(root, Mapping) else None, keys):
        if not isinstance(node, Mapping) or key not in node.entries:
            return None
        node = node.entries[key].value
    return node


def _set_all(file: FileText, changes: Map[KeyPath, Value | _Null]) -> FileText:
    for keys, value in changes.items():
        file = _set_one(file, keys, value)
    return file


def _take_out(file: FileText, keys: list[KeyPath]) -> FileText:
    """Return the text without some keys, and without a section of which nothing is left."""
    if not keys:
        return file
    with _told(file, keys[0]):
        root = _only_root(file)
        return edit_document(file, 0, {name_in_use(root, one): GONE for one in keys})


def _set_one(file: FileText, keys: KeyPath, value: Value | _Null) -> FileText:
    """Return the text with one value set."""
    with _told(file, keys):
        root = _only_root(file)
        keys = name_in_use(root, keys)
        if isinstance(value, _Null):
            return edit_document(file, 0, {keys: None})
        if not _is_to_change(root, keys, value, ValueSpans(file.text)):
            return file
        return edit_document(file, 0, {keys: CLEARED if value is None else value})


@contextmanager
def _told(file: FileText, keys: KeyPath) -> Iterator[None]:
    """Tell what cannot be edited, at its place."""
    try:
        yield
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
    return not _means(node, value)


def _means(node: Scalar, value: Value) -> bool:
    return node.text == value or shape_of_node(node) == shape_of(value)


def _has_room(node: Mapping, entry: Entry | None, spans: ValueSpans) -> bool:
    is_filled = entry is not None and entry.value.end > entry.value.start
    return not spans.is_flow(node) and not is_filled
