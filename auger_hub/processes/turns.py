"""Schedule what the hub has few of in turns of organizations, so that none can stop another.

One that has nothing of a kind at work may always begin one, however many of another are stuck. One
that waits for somebody else's server counts apart: it uses no more than a connection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

DOWNLOADS = 2
"""At the same time for one organization."""


class Owned(Protocol):
    """A piece of work: whose it is, and whether it begins with a download."""

    @property
    def organization_id(self) -> int: ...  # noqa: D102 - told above

    @property
    def is_download(self) -> bool: ...  # noqa: D102 - told above


Work = TypeVar("Work", bound=Owned)


def in_turn(waiting: Iterable[Work], running: Iterable[Owned]) -> list[Work]:
    """Return what waits, those first whose organization has least of it at work."""
    have = Counter(one.organization_id for one in running)
    ranked = []
    for number, one in enumerate(waiting):
        ranked.append((have[one.organization_id], number, one))
        have[one.organization_id] += 1
    return [one for _, _, one in sorted(ranked, key=lambda rank: rank[:2])]


def may_begin(one: Owned, running: Collection[Owned], places: int) -> bool:
    """Return whether there is a place: one of all, or the first of the organization."""
    alike = [other for other in running if other.is_download == one.is_download]
    own = sum(other.organization_id == one.organization_id for other in alike)
    if one.is_download:
        return own < DOWNLOADS
    return len(alike) < places or not own
