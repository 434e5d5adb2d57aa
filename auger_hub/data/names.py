"""Name the columns of a table: each once, in every reader alike.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_NAMELESS = re.compile(r"Unnamed: (\d+)")


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


def nameless(names: Iterable[str]) -> list[str]:
    """Return those of the names that stand for none."""
    return [name for name in names if _NAMELESS.fullmatch(name)]


def names_as_before(columns: Iterable[object], before: Sequence[str]) -> list[str]:
    """Name the columns of a table as one of before has named its own.

    What has no name is called by its place, which is another one where a column to the left is
    left out, as the target is in rows to be predicted. As many columns without a name as before
    are then those of before, in their order.

    Args:
        columns: the header of the table.
        before: those without a name in the table of before.

    Raises:
        LookupError: they are not as many, so that nobody can tell which is which.
    """
    names = unique_names(columns)
    found, known = nameless(names), set(before)
    more = [_place_of(name) for name in found if name not in known]
    if not before or not more:
        return names
    if len(found) == len(before):
        renamed = dict(zip(found, before, strict=True))
        return [renamed.get(name, name) for name in names]
    if known.issubset(found) and min(more) > max(map(_place_of, before)):
        return names  # each of those of before is in its place, more stand behind them
    raise LookupError(f"{len(found)} columns without a name")


def _place_of(name: str) -> int:
    return int(name.removeprefix("Unnamed: "))


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, or one like it that is not taken yet: `y_predicted.1`."""
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free
