"""Plan a rollback of a model: an ordinary create, then the delete. Pure.

What was live before is a model that was undeployed and belongs to the declared one: it bears its
name, where the hub keeps names, or was the best trial of an older run of its experiment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, sort_diagnostics
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.decide import ResourceStatus, delete_action
from auger_reconcile.planner.guards.protection import check_protection
from auger_reconcile.planner.order import order_actions
from auger_reconcile.planner.plan import Action, Plan, Replacement
from auger_reconcile.planner.remove import unique_deletes
from auger_reconcile.resources._base import Assessment, FieldChange, Verb
from auger_reconcile.resources._deployment import UNDEPLOYING, ModelObject, from_wire
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.model import ModelSpec, is_owned
from auger_reconcile.resources.search.trials import BEST
from auger_reconcile.state import Declared, DesiredState, ObservedState


@dataclass(frozen=True)
class Past:
    """A model that was undeployed.

    Attributes:
        ended_at: ISO 8601, when the hub last touched it; for order only.
    """

    model: ModelObject
    ended_at: str


def find_previous(
    status: ResourceStatus, experiment: Assessment, past: Sequence[Past]
) -> Past | None:
    """Return what was live before, the last to be undeployed first; None when there was nothing.

    A hub that keeps no names tells only of best trials whose they are; so that one rollback can
    follow another, they count whatever trial the file names by now.

    Args:
        status: of the declared model.
        experiment: how its experiment stands, with all revisions.
        past: undeployed models of the project.
    """
    spec, live = status.declared.spec, live_objects(status)
    assert isinstance(spec, ModelSpec)
    trials = {found.trial_id for found in live}
    specs = (spec, spec.model_copy(update={"trial": BEST}))
    mine = [
        one
        for one in past
        if one.model.trial_id not in trials
        and any(is_owned(one.model, said, experiment) for said in specs)
    ]
    return max(mine, key=lambda one: (one.ended_at, one.model.id), default=None)


def live_objects(status: ResourceStatus) -> tuple[Any, ...]:
    """Return everything live that a declared model stands for, what it would supersede included."""
    assessment = status.assessment
    found = (assessment.object, *assessment.superseded, *assessment.broken, *assessment.revisions)
    return tuple({item.id: item for item in found if item is not None}.values())


def plan_rollback(
    desired: DesiredState, observed: ObservedState, status: ResourceStatus, previous: Past
) -> Plan:
    """Return the plan that deploys a trial again, and then undeploys what is live.

    The gate is left out: a person decides, and the trial has been live. The experiment is not
    touched, whatever the files say of it by now.
    """
    address, trial = status.declared.address, previous.model.trial_id
    left_out = dict.fromkeys(("min_score", "gate", "rollout", "experiment"))
    changed = {**left_out, "trial": trial}
    spec = status.declared.spec.model_copy(update=changed)
    resources = {
        at: one
        for at, one in desired.resources.items()
        if at.project == address.project and kind_of(at.kind).is_home
    }
    resources[address] = Declared(address, spec, status.declared.spans)
    narrowed = replace(desired, resources=resources, keeps_lock=False)
    plan = build_plan(narrowed, observed, PlanOptions(targets=(address,)))
    return _instead_of_live(plan, narrowed, status, live_objects(status))


def _instead_of_live(
    plan: Plan, desired: DesiredState, status: ResourceStatus, live: Sequence[Any]
) -> Plan:
    """Return the plan with everything live deleted once the create has succeeded."""
    address = status.declared.address
    actions: list[Action] = []
    for action in plan.actions:
        if action.address == address and action.verb is Verb.CREATE:
            others = [found for found in live if found not in action.replaces]
            actions += _replacing(action, status, others)
        else:
            actions.append(action)
    ordered = order_actions(list(unique_deletes(actions, {})), plan.references)
    refusals: list[Diagnostic] = [*plan.refusals, *check_protection(desired, ordered)]
    return replace(plan, actions=ordered, refusals=sort_diagnostics(refusals))


def _replacing(create: Action, status: ResourceStatus, live: Sequence[Any]) -> list[Action]:
    if not live:
        return [replace(create, reason="was live before")]
    new_first = Replacement.NEW_FIRST
    told = f"was live before {', '.join(found.trial_id for found in live)}"
    return [
        replace(
            create,
            reason=told,
            replaces=(*create.replaces, *live),
            replacement=create.replacement or new_first,
        ),
        *(delete_action(status, found, "rolled back", new_first) for found in live),
    ]


def with_trial(plan: Plan, address: Address, before: str, trial: str) -> Plan:
    """Return the plan with a select at its end that writes the trial into auger.yaml.

    Args:
        plan: the rollback.
        address: of the model.
        before: the trial that is declared.
        trial: the one to declare.
    """
    select = Action(
        id=f"select:{address.qualified}",
        address=address,
        verb=Verb.SELECT,
        name=address.name,
        reason="so that the next apply does not move forward again",
        depends_on=tuple(action.id for action in plan.actions if action.address == address),
        changes=(FieldChange(f"models/{address.name}/trial", before, trial),),
    )
    return replace(plan, actions=(*plan.actions, select))


def past_models(items: Sequence[Mapping[str, Any]]) -> tuple[Past, ...]:
    """Translate pipelines of the hub, those alone that are undeployed (wire contract §2.13)."""
    return tuple(
        Past(from_wire(item), str(item.get("updated_at") or item.get("created_at") or ""))
        for item in items
        if item.get("status") in ("undeployed", UNDEPLOYING) and not item.get("deleted")
    )
