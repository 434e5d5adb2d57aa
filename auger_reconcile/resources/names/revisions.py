"""How the hub compares names, and the names of revisions: `churn.csv`, `churn-1.csv`, ..."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from auger_reconcile.address import composed
from auger_reconcile.resources.names.vocabulary import COMPRESSED


class DeclaredNames:
    """The names of all declared resources of one kind in one project."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exact = frozenset(names)
        self._spelled = self._exact | {canonical(name) for name in self._exact}

    def is_free(self, name: str) -> bool:
        """Say whether no declared resource has this name, however the hub spells it."""
        return name not in self._spelled

    def is_of_another(self, actual: str, own: str) -> bool:
        """Say whether an object bears the name of another declared resource than `own`."""
        if is_named(actual, own):
            return actual != own and actual in self._exact
        return composed(actual) in self._spelled


def canonical(name: str) -> str:
    """Return the form under which the hub compares names."""
    return composed(name).replace("_", "-")


def name_key(name: str | None) -> str:
    """Return the key of what is looked up by a name that the hub only keeps."""
    return f"name:{composed(name or '')}"


def series_keys(name: str, extension: str) -> tuple[str, ...]:
    """Return the keys of a revision: its own name, and that of the series it may belong to."""
    stem = name[: len(name) - len(extension)]
    base, dash, number = stem.rpartition("-")
    if dash and base and number.isascii() and number.isdigit():
        return (canonical(name), canonical(base + extension))
    return (canonical(name),)


def place_in_series(name: str, extension: str) -> tuple[str, int]:
    """Return the series that a name may be of, and its number there; 0 is the first of a series."""
    base = series_keys(name, extension)[-1]
    stem = base[: len(base) - len(extension)]
    return base, revision_number(stem, extension, name) or 0


def in_series(
    found: Sequence[Any], names: DeclaredNames, base: str, extension: str
) -> tuple[Any, ...]:
    """Return the objects of a series of revisions, oldest first.

    One that bears the name of another declared resource is no revision of this one.
    """
    own = base + extension
    if [item.name for item in found] == [own]:
        return tuple(found)  # so it is nearly always
    objects = [item for item in found if not names.is_of_another(item.name, own)]
    numbered = [(revision_number(base, extension, item.name), item) for item in objects]
    series = [(number, item.id, item) for number, item in numbered if number is not None]
    return tuple(item for _, _, item in sorted(series, key=lambda one: one[:2]))


def is_named(actual: str, wanted: str) -> bool:
    """Compare names as the hub does, which may turn `_` into `-` (wire contract §2)."""
    actual, wanted = composed(actual), composed(wanted)
    return actual in (wanted, wanted.replace("_", "-"))


def split_extension(name: str) -> tuple[str, str]:
    """Split off the extension, a compression's included: `x.csv.gz` is (`x`, `.csv.gz`)."""
    for compression in COMPRESSED:
        if name.lower().endswith(compression):
            stem, extension = split_extension(name[: -len(compression)])
            return stem, extension + name[-len(compression) :]
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem else (name, "")


def revision_number(base: str, extension: str, name: str) -> int | None:
    """Return which revision of `base + extension` a name is: 0 the first, None if it is none."""
    base, extension, name = composed(base), composed(extension), composed(name)
    if is_named(name, base + extension):
        return 0
    for stem in {base, base.replace("_", "-")}:
        middle = name[len(stem) + 1 : len(name) - len(extension)]
        if (
            name.startswith(f"{stem}-")
            and name.endswith(extension)
            and middle.isascii()
            and middle.isdigit()
            and not middle.startswith("0")
        ):
            return int(middle)
    return None


def next_revision(base: str, extension: str, taken: Iterable[str], declared: DeclaredNames) -> str:
    """Return the name of the next object in the series `churn.csv`, `churn-1.csv`, ...

    Numbers are not used again while a later one is there, nor those of other declared resources.
    """
    numbers = [revision_number(base, extension, name) for name in taken]
    used = [number for number in numbers if number is not None]
    if not used:
        return base + extension
    following = (f"{base}-{number}{extension}" for number in count(max(used) + 1))
    return next(name for name in following if declared.is_free(canonical(name)))
