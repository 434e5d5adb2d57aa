"""The kinds: one file of this folder each, named like the file, and those that packages add.

A package adds a kind by an entry point of the group `auger_reconcile.kinds`; docs/extending.md has
the contract.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from auger_reconcile.errors import AugerError
from auger_reconcile.resources._base import Kind

GROUP = "auger_reconcile.kinds"


@cache
def all_kinds() -> dict[str, Kind[Any, Any]]:
    """Return every kind by name, in the order of the alphabet, those of packages at the end.

    Raises:
        TypeError: a file declares no kind, or one that is named otherwise. A bug in the package.
        AugerError: a kind of another package cannot be used.
    """
    kinds: dict[str, Kind[Any, Any]] = {}
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        kind = getattr(import_module(f"{__package__}.{path.stem}"), "KIND", None)
        if not isinstance(kind, Kind) or type(kind).__name__.lower() != path.stem:
            raise TypeError(f"{path.name} declares no kind named {path.stem}")
        if kind.name != path.stem:
            raise TypeError(f"{path.name} declares the kind {kind.name}")
        kinds[kind.name] = kind
    for name, kind in added_kinds().items():
        if name in kinds:
            raise AugerError(f"a package adds a kind `{name}`, which auger has already")
        kinds[name] = kind
    return kinds


@cache
def added_kinds() -> dict[str, Kind[Any, Any]]:
    """Return the kinds that other packages add, by name.

    Raises:
        AugerError: one of them cannot be loaded, or is none.
    """
    return dict(sorted(_load_added())) if _is_any_added() else {}


def _is_any_added() -> bool:
    """Say whether any installed package has an entry point of the group.

    Looks for its very bytes, which takes half as long as to let `importlib.metadata` read them all.
    """
    head = f"[{GROUP}]".encode()
    for folder in dict.fromkeys(sys.path):
        for path in Path(folder).glob("*.dist-info/entry_points.txt"):
            with suppress(OSError):
                if head in path.read_bytes():
                    return True
    return False


def _load_added() -> Iterator[tuple[str, Kind[Any, Any]]]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - most installations have none

    for point in entry_points(group=GROUP):
        owner = point.dist.name if point.dist else "another package"
        try:
            kind = point.load()
        except Exception as error:  # somebody else's code may raise anything
            raise AugerError(
                f"the kind `{point.name}` of {owner} cannot be loaded: {error}"
            ) from error
        if not isinstance(kind, Kind) or kind.name != point.name:
            raise AugerError(f"`{point.value}` of {owner} is no kind named `{point.name}`")
        yield kind.name, kind


def kind_of(name: str) -> Kind[Any, Any]:
    """Return the kind with a name.

    Raises:
        KeyError: there is none.
    """
    return all_kinds()[name]
