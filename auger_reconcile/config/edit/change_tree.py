"""Changes of a document's keys as a tree, and what a document says once they are made. Pure."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any, TypeAlias

from auger_reconcile.config.files.legacy import RENAMED
from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, resolve

KeyPath: TypeAlias = tuple[str, ...]


class CannotEdit(Exception):
    """The text is written in a way that allows no safe change; the place says where."""

    def __init__(self, place: int, reason: str) -> None:
        super().__init__(reason)
        self.place = place


class Gone:
    """What a key is changed to that goes."""


class Cleared:
    """What a key is changed to that stays without its value."""


GONE = Gone()
CLEARED = Cleared()
# Key to `GONE`, to `CLEARED`, to a value in a `Put`, or to the same of a map below.
Wanted: TypeAlias = dict[str, Any]


class Put:
    """What a key is changed to: plain data."""

    def __init__(self, value: Any) -> None:
        self.value = value


def tree_of(changes: Map[KeyPath, Any]) -> Wanted:
    """Return changes by path, such as `("datasets", "churn.csv", "source")`, as a tree."""
    tree: Wanted = {}
    for path, value in changes.items():
        node = tree
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = value if value in (GONE, CLEARED) else Put(value)
    return tree


def is_put(change: Any) -> bool:
    """Say whether a change brings something where there is nothing yet."""
    if isinstance(change, dict):
        return any(map(is_put, change.values()))
    return isinstance(change, Put)


def plain_of(change: Any) -> Any:
    """Return the data that a change of what is not there yet stands for."""
    if isinstance(change, Put):
        return change.value
    return {key: plain_of(one) for key, one in change.items() if is_put(one)}


def meant_for(tree: Wanted, key: Scalar) -> Any:
    """Return the change of a key; `$${` in a key is a literal `${`."""
    return tree.get(key.text, tree.get(key.text.replace("$${", "${")))


def new_keys(node: Mapping, tree: Wanted) -> Wanted:
    """Return the changes of keys that are not written in a map.

    Raises:
        CannotEdit: a key that `<<` brings in cannot go.
    """
    own = {
        text
        for entry in own_entries(node)
        for text in (entry.key.text, entry.key.text.replace("$${", "${"))
    }
    new = {key: change for key, change in tree.items() if key not in own}
    if any(change is GONE and key in node.entries for key, change in new.items()):
        raise CannotEdit(node.start, "`<<` brings in what has to go")
    return {key: change for key, change in new.items() if is_put(change)}


def own_entries(node: Mapping) -> list[Entry]:
    """Return what is written in a map, in the order of the text; what `<<` brings in is not."""
    own = (e for e in node.entries.values() if node.start <= e.key.start <= node.end)
    return sorted(own, key=lambda entry: entry.key.start)


def name_in_use(root: Mapping | None, keys: KeyPath) -> KeyPath:
    """Return a path under the name that a file uses: an old one says `project` for `name`."""
    for old, new in RENAMED.items():
        if root and new == keys[0] and new not in root.entries and old in root.entries:
            return (old, *keys[1:])
    return keys


def is_emptied(node: Mapping, tree: Wanted) -> bool:
    """Say whether a map loses all of its keys and gets no other."""
    goes = all(meant_for(tree, entry.key) is GONE for entry in node.entries.values())
    return goes and not new_keys(node, tree)


def kept_items(node: Sequence, value: list[Any]) -> tuple[list[int], list[Any] | None]:
    """Return which items stay, and the new ones behind them; None where their order changes."""
    wanted = [shape_of(one) for one in value]
    kept: list[int] = []
    for number, item in enumerate(node.items):
        if len(kept) < len(wanted) and shape_of_node(item) == wanted[len(kept)]:
            kept.append(number)
    old = [shape_of_node(item) for item in node.items]
    is_moved = any(one in old for one in wanted[len(kept) :])
    return (kept, None) if is_moved or not kept else (kept, value[len(kept) :])


def shape_of(value: Any) -> Any:
    """Return plain data as data that compares equal only if it means the same."""
    match value:
        case dict():
            return {key.replace("${", "$${"): shape_of(one) for key, one in value.items()}
        case list() | tuple():
            return [shape_of(one) for one in value]
        case str():
            return "str", value.replace("${", "$${")
    return type(value).__name__, repr(value)


def said_by(shape: Any) -> Any:
    """Return a shape in which nothing, an empty map and a missing section are one."""
    if not isinstance(shape, dict):
        return _filled(shape)
    return {key: told for key, one in shape.items() if (told := _filled(one)) is not None}


def _filled(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {key: _filled(one) for key, one in shape.items()} or None
    return None if shape is not None and shape[:1] == ("NoneType",) else shape


def with_changes(shape: Any, tree: Wanted) -> Any:
    """Return a shape with the changes made."""
    known = dict(shape) if isinstance(shape, dict) else {}
    for key, change in tree.items():
        escaped = key.replace("${", "$${")
        name = key if key in known and escaped not in known else escaped
        if change is GONE:
            known.pop(name, None)
        elif change is CLEARED:
            known |= {name: shape_of(None)} if name in known else {}
        elif isinstance(change, Put):
            known[name] = shape_of(change.value)
        elif (below := with_changes(known.get(name), change)) or name in known:
            known[name] = below
    return known


def shape_of_node(node: Node) -> Any:
    """Return a node as data that compares equal only if it means the same."""
    match node:
        case Scalar(text, plain):
            value = resolve(text) if plain else text
            return ("str", text) if isinstance(value, str) else (type(value).__name__, repr(value))
        case Sequence(items):
            return [shape_of_node(item) for item in items]
        case Mapping(entries):
            return {key: shape_of_node(entry.value) for key, entry in entries.items()}
