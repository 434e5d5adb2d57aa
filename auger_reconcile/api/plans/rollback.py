"""Plan the return of the trial that was live before, and write it into auger.yaml."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auger_reconcile.address import Address
from auger_reconcile.errors import AugerError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api.plans.observation import Observation
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.result import ApplyResult
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.planner.rollback import Past


@dataclass(frozen=True)
class Rollback:
    """A planned rollback.

    Attributes:
        plan: deploys the trial, then undeploys what is live.
        trial: its id.
        file: that declares the model, where `trial` has to name it.
    """

    workspace: Workspace
    plan: Plan
    trial: str
    file: Path

    def apply(self, plan: Plan, options: ApplyOptions) -> ApplyResult:
        """Carry out the plan; a select in it changes the file and not a byte besides.

        Raises:
            PlanRefused: a guard forbids the plan; nothing was done.
            AugerError: the file cannot be written; nothing was done.
        """
        from auger_reconcile.api.files.store import Store
        from auger_reconcile.applier.apply import refusals_of

        store = Store(self.file, self.workspace.env, plan, option="--no-edit")
        if not refusals_of(plan):
            store.check()
        return self.workspace.apply(plan, replace(options, select=store))


def plan_rollback(
    workspace: Workspace, observation: Observation, address: Address, *, edit: bool
) -> Rollback:
    """Return the rollback of a declared model.

    Args:
        workspace: whose hub is asked.
        observation: made of it before.
        address: of the model.
        edit: let the plan end with a select that writes the trial into the file.

    Raises:
        AugerError: the address is no model on the hub.
        NotFound: nothing was live before.
    """
    from auger_reconcile.planner import rollback
    from auger_reconcile.resources._base import Assessment
    from auger_reconcile.resources.model import ModelSpec

    status = observation.statuses[address]
    spec = status.declared.spec
    if not isinstance(spec, ModelSpec):
        raise AugerError(f"`{address}` is no model: only models are rolled back")
    if spec.locally or spec.state == "absent":
        raise AugerError(f"`{address}` is not deployed on the hub by its declaration")
    needed = observation.statuses.get(Address(address.project, "experiment", spec.experiment or ""))
    past = _read_past(workspace, observation, address.project)
    known = needed.assessment if needed else Assessment("")
    previous = rollback.find_previous(status, known, past)
    if previous is None:
        raise NotFound(
            f"no other trial of `{address}` was live before",
            hint=f"auger experiment history {shlex.quote(spec.experiment or 'NAME')}",
        )
    trial = previous.model.trial_id
    plan = rollback.plan_rollback(observation.desired, observation.observed, status, previous)
    span = status.declared.spans.get("trial") or status.declared.spans.get("")
    file = Path(span.path) if span else workspace.folder / "auger.yaml"
    if edit and spec.trial != trial and not plan.refusals:
        plan = rollback.with_trial(plan, address, spec.trial, trial)
    return Rollback(workspace, workspace.judge(plan), trial, file)


def _read_past(workspace: Workspace, observation: Observation, project: str) -> tuple[Past, ...]:
    from auger_reconcile.planner.rollback import past_models

    found = observation.observed.of(project, "project")
    if not found:
        raise NotFound(f"project `{project}` is not on the hub")
    items = workspace.session.client.list_all("pipelines", {"project_id": found[0].id})
    return past_models(items)
