"""Which declared resources a plan is about: targets with what they need, less excludes.

What is to exist takes along what it needs; what is to go takes along what needs it, because that
cannot stay without it. An exclude works the other way round: what needs it cannot come to be
without it, and what it needs cannot go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from auger_reconcile.address import Address
from auger_reconcile.planner.decide import Standing
from auger_reconcile.resources._base import Wanted

References: TypeAlias = Mapping[Address, Mapping[str, Address]]
Neighbours: TypeAlias = Mapping[Address, Sequence[Address]]


def choose(
    standings: Mapping[Address, Standing],
    references: References,
    *,
    targets: Sequence[Address],
    excludes: Sequence[Address],
) -> dict[Address, Standing]:
    """Return what is left of the declared resources, in their order."""
    if not targets and not excludes:
        return dict(standings)
    needs: dict[Address, list[Address]] = {}
    needed_by: dict[Address, list[Address]] = defaultdict(list)
    for address in standings:
        needs[address] = [at for at in references[address].values() if at in standings]
        for at in needs[address]:
            needed_by[at].append(address)
    going = {at for at, one in standings.items() if one.wanted is Wanted.ABSENT}
    chosen = set(standings)
    if targets:
        named = _named(standings, targets)
        chosen = _spread(named - going, needs, within=chosen - going)
        chosen |= _spread(named & going, needed_by, within=going)
    if excludes:
        named = _named(standings, excludes)
        chosen -= named
        chosen -= _spread(named, needed_by, within=set(standings) - going)
        chosen -= _spread(named, needs, within=going)
    return {address: one for address, one in standings.items() if address in chosen}


def _named(addresses: Iterable[Address], wanted: Sequence[Address]) -> set[Address]:
    return {address for address in addresses if any(address.matches(one) for one in wanted)}


def _spread(start: set[Address], neighbours: Neighbours, *, within: set[Address]) -> set[Address]:
    """Return the start and all that is reached from it without leaving `within`."""
    reached, border = set(start), list(start)
    while border:
        found = {at for at in neighbours.get(border.pop(), ()) if at in within}
        border += found - reached
        reached |= found
    return reached
