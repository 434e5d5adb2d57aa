"""How the hub differs from the files, of all that they declare or of a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from auger_reconcile.api.survey import Survey, survey

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.planner.drift import Drift


def find_drift(
    workspace: Workspace, *, targets: Sequence[Address] = (), excludes: Sequence[Address] = ()
) -> Drift:
    """Return how the hub differs from what the files say; nothing is changed.

    Args:
        workspace: whose hub is read.
        targets: only these and what they need; empty means all.
        excludes: not these, nor what needs them.

    Raises:
        ConfigError: the files are not valid.
        HubError: the hub cannot be read.
    """
    from auger_reconcile.planner import drift

    found = survey(workspace)
    whole = drift.find_drift(found.desired, found.observed)
    if not targets and not excludes:
        return whole
    chosen = frozenset(choose(found, targets=targets, excludes=excludes))
    kept = [
        one
        for one in whole.differences
        if one.address in chosen
        or (one.address not in found.standings and _is_meant(one.address, targets, excludes))
    ]
    return replace(whole, differences=tuple(kept))


def choose(
    found: Survey, *, targets: Sequence[Address], excludes: Sequence[Address]
) -> tuple[Address, ...]:
    """Return the declared addresses that targets and excludes leave, in the order of the files."""
    from auger_reconcile.planner import choose as planner
    from auger_reconcile.planner.build import refer

    references = refer(found.desired)
    left = planner.choose(found.standings, references, targets=targets, excludes=excludes)
    return tuple(left)


def _is_meant(address: Address, targets: Sequence[Address], excludes: Sequence[Address]) -> bool:
    """Say whether targets and excludes leave something that no file declares."""
    if any(address.matches(one) for one in excludes):
        return False
    return not targets or any(address.matches(one) for one in targets)
