"""Read the hub and find which of its objects each declared resource stands for.

The commands that look and change nothing are made of it: show, explain, pull, rollback, wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auger_reconcile.address import Address

if TYPE_CHECKING:
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.planner.decide import ResourceStatus
    from auger_reconcile.planner.targets import Scope
    from auger_reconcile.state import DesiredState, ObservedState


@dataclass(frozen=True)
class Observation:
    """A look at the hub.

    Attributes:
        desired: what the files declare.
        observed: what the hub has.
        statuses: how each declared resource relates to it.
    """

    desired: DesiredState
    observed: ObservedState
    statuses: Mapping[Address, ResourceStatus]

    def within(self, scope: Scope) -> tuple[Address, ...]:
        """Return the declared addresses in a scope, in the order of the files."""
        from auger_reconcile.planner.build import refer
        from auger_reconcile.planner.targets import resolve_scope

        return tuple(resolve_scope(self.statuses, refer(self.desired), scope))


def observe_declared(workspace: Workspace) -> Observation:
    """Look at the hub; nothing is changed.

    Raises:
        ConfigError: the files are not valid.
        HubError: the hub cannot be read.
    """
    from auger_reconcile.planner.build import assess
    from auger_reconcile.planner.index import Index

    observed = workspace.observe()
    return Observation(workspace.desired, observed, assess(workspace.desired, Index(observed)))
