"""The kinds, found by listing this folder: one kind per file, named like the file."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from auger_reconcile.resources._base import Kind


@cache
def all_kinds() -> dict[str, Kind[Any, Any]]:
    """Return every kind by name, in the order of the alphabet.

    Raises:
        TypeError: a file declares no kind, or one that is named otherwise. A bug in the package.
    """
    kinds: dict[str, Kind[Any, Any]] = {}
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        kind = getattr(import_module(f"{__package__}.{path.stem}"), "KIND", None)
        if not isinstance(kind, Kind) or type(kind).__name__.lower() != path.stem:
            raise TypeError(f"{path.name} declares no kind named {path.stem}")
        if kind.name != path.stem:
            raise TypeError(f"{path.name} declares the kind {kind.name}")
        kinds[kind.name] = kind
    return kinds


def kind_of(name: str) -> Kind[Any, Any]:
    """Return the kind with a name.

    Raises:
        KeyError: there is none.
    """
    return all_kinds()[name]
