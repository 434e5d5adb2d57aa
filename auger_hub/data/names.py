"""Name the columns of a table: each once, in every reader alike.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable


def unique_names(names: Iterable[object]) -> list[str]:
    """Name columns as pandas does: `a`, `a.1`, and `Unnamed: 3` where the header has a gap."""
    taken: set[str] = set()
    unique = []
    for position, given in enumerate(names):
        name = base = (
            str(given) if given is not None and str(given).strip() else f"Unnamed: {position}"
        )
        number = 0
        while name in taken:
            number += 1
            name = f"{base}.{number}"
        taken.add(name)
        unique.append(name)
    return unique


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, or one like it that is not taken yet: `y_predicted.1`."""
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free
