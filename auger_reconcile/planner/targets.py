"""Resolve targets and excludes to the declared resources that a plan is about. Pure.

What is to exist takes along what it needs; what is to go takes along what needs it, because that
cannot stay without it. An exclude works the other way round: what needs it cannot come to be
without it, and what it needs cannot go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from auger_reconcile.address import Address
from auger_reconcile.planner.coverage import Coverage
from auger_reconcile.planner.decide import ResourceStatus
from auger_reconcile.resources._base import Wanted

References: TypeAlias = Mapping[Address, Mapping[str, Address]]
Neighbours: TypeAlias = Mapping[Address, Sequence[Address]]


class Scope(NamedTuple):
    """The part of the files that a command is about.

    Attributes:
        targets: only these and what they need; empty means all.
        excludes: not these, nor what needs them.
    """

    targets: tuple[Address, ...] = ()
    excludes: tuple[Address, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.targets and not self.excludes

    def covers_undeclared(self, address: Address) -> bool:
        """Say whether something that no file declares is in the scope."""
        if any(address.matches(one) for one in self.excludes):
            return False
        return not self.targets or any(address.matches(one) for one in self.targets)


EVERYTHING = Scope()


def resolve_scope(
    statuses: Mapping[Address, ResourceStatus], references: References, scope: Scope
) -> dict[Address, ResourceStatus]:
    """Return the declared resources in the scope, in their order."""
    if scope.is_whole:
        return dict(statuses)
    needs: dict[Address, list[Address]] = {}
    needed_by: dict[Address, list[Address]] = defaultdict(list)
    for address in statuses:
        needs[address] = [at for at in references[address].values() if at in statuses]
        for at in needs[address]:
            needed_by[at].append(address)
    going = {at for at, one in statuses.items() if one.wanted is Wanted.ABSENT}
    chosen = set(statuses)
    if scope.targets:
        named = _named(statuses, scope.targets)
        chosen = _spread(named - going, needs, within=chosen - going)
        chosen |= _spread(named & going, needed_by, within=going)
    if scope.excludes:
        named = _named(statuses, scope.excludes)
        chosen -= named
        chosen -= _spread(named, needed_by, within=set(statuses) - going)
        chosen -= _spread(named, needs, within=going)
    return {address: one for address, one in statuses.items() if address in chosen}


def cover(
    statuses: Mapping[Address, ResourceStatus], chosen: Mapping[Address, ResourceStatus]
) -> Coverage:
    """Return what of the declared resources is not in the scope, or could not be compared in it."""
    return Coverage(
        tuple(address for address in statuses if address not in chosen),
        {
            address: one.assessment.uncompared
            for address, one in chosen.items()
            if one.assessment.uncompared and one.wanted is not Wanted.ABSENT
        },
    )


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
