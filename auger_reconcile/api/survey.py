"""What the hub has of the declared projects, and what of it each declared resource stands for.

What the commands that look and change nothing are made of: show, explain, pull, rollback, wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auger_reconcile.address import Address

if TYPE_CHECKING:
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.planner.decide import Standing
    from auger_reconcile.state import DesiredState, ObservedState


@dataclass(frozen=True)
class Survey:
    """A look at the hub.

    Attributes:
        desired: what the files declare.
        observed: what the hub has.
        standings: how each declared resource stands to it.
    """

    desired: DesiredState
    observed: ObservedState
    standings: Mapping[Address, Standing]


def survey(workspace: Workspace) -> Survey:
    """Look at the hub; nothing is changed.

    Raises:
        ConfigError: the files are not valid.
        HubError: the hub cannot be read.
    """
    from auger_reconcile.planner.build import assess
    from auger_reconcile.planner.index import Index

    observed = workspace.observe()
    return Survey(workspace.desired, observed, assess(workspace.desired, Index(observed)))
