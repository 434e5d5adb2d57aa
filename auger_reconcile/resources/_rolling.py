"""Models that take the place of live ones step by step: what stands beside what, and the requests.

What is decided is in `gates/rollout`. Every step is an action of a plan: a create begins one, a
start changes its share, a create with the delete of the live model promotes, a delete aborts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._base import Assessment, Verb
from auger_reconcile.resources._deployment import DEPLOYING, READY, ModelObject, from_wire
from auger_reconcile.resources._steps import Send, Steps
from auger_reconcile.resources._watching import Ignored, set_monitor
from auger_reconcile.resources.gates.monitor import Monitor
from auger_reconcile.resources.gates.rollout import (
    ABORTED,
    PROMOTE,
    Rollout,
    Step,
    decide_next,
    describe_rollout,
    to_wire,
)
from auger_reconcile.resources.names.revisions import name_key
from auger_reconcile.resources.search.runs import Run

NO_ROLLOUTS = "this hub has no rollouts; without `rollout` the model is replaced at once"


class Standing(NamedTuple):
    """What is live of a model, and what is beside it.

    Attributes:
        live: answers; None where nothing does.
        others: what is of the same declaration besides.
    """

    live: ModelObject | None
    others: tuple[ModelObject, ...]


def standing_of(owned: Sequence[ModelObject]) -> Standing:
    """Tell the live model from what is beside it."""
    beside = {one.rollout.challenger for one in owned if one.rollout}
    answering = [one for one in owned if one.status in DEPLOYING | {READY}]
    rolling = [one for one in answering if one.rollout]
    plain = [one for one in answering if one.id not in beside]
    live = next(reversed(rolling or plain), None)
    return Standing(live, tuple(one for one in owned if one is not live))


class Beginning(NamedTuple):
    """Where a new model begins.

    Attributes:
        beside: the live model that answers on meanwhile; None where it takes its place at once.
        superseded: what goes when the new one is there.
        refusal: why it cannot begin so.
    """

    beside: ModelObject | None
    superseded: tuple[ModelObject, ...]
    refusal: str | None = None


def begin(rollout: Rollout | None, owned: Sequence[ModelObject]) -> Beginning:
    """Return beside which model a new one begins, and what it supersedes at once."""
    live, others = standing_of(owned)
    if rollout is None or live is None or live.path is not None:
        return Beginning(None, tuple(owned))
    return Beginning(live, others, None if live.is_rollable else NO_ROLLOUTS)


def assess_rollout(
    rollout: Rollout | None,
    name: str,
    challenger: ModelObject,
    owned: Sequence[ModelObject],
    *,
    present: str | None,
) -> Assessment | None:
    """Return how the wanted model goes on that stands beside the live one; None if it does not."""
    live, others = standing_of(owned)
    found = live.rollout if live else None
    if live is None or found is None or found.challenger != challenger.id:
        return None
    if not found.is_under_way or challenger.status not in DEPLOYING | {READY}:
        return None
    rest = tuple(one for one in others if one is not challenger)
    come = decide_next(rollout, found, present, live.metric)
    here = Assessment(name, object=live, superseded=rest, revisions=(live, challenger, *rest))
    match come.step:
        case Step.PROMOTE:
            return Assessment(
                name,
                create=f"{PROMOTE}{come.why}",
                superseded=(live, *rest),
                revisions=(live, challenger, *rest),
                detail={Verb.CREATE: f"trial {challenger.trial_id} answers instead"},
            )
        case Step.ABORT:
            gone = replace(challenger, verdict=come.why)
            return here._replace(superseded=(gone, *rest))
        case Step.CHANGE:
            return here._replace(restart=come.why)
        case Step.WAIT:
            return here._replace(caution=come.why, caution_code="rollout")


def was_aborted(live: ModelObject | None, trial_id: str | None) -> str | None:
    """Return why a trial is not tried again beside what is live; None where it may be."""
    found = live.rollout if live else None
    if found is None or found.stage != ABORTED or trial_id is None or found.challenger != trial_id:
        return None
    return f"trial {trial_id} was aborted beside the live model: {found.why or 'no reason given'}"


def begin_beside(
    rollout: Rollout, live: ModelObject, trial_id: str, watched: Monitor | Ignored | None
) -> Steps:
    """Yield what brings the live model's monitor to the declared one, as nothing else will.

    Returns:
        What the request that deploys a model says of the one that it begins beside.

    Raises:
        ActionFailed: the trial was aborted.
    """
    if aborted := was_aborted(live, trial_id):
        raise ActionFailed(aborted)
    yield from set_monitor(live, watched)
    return {"rollout": to_wire(rollout, live.id)}


def change_share(live: ModelObject, rollout: Rollout) -> Steps:
    """Yield the request that changes stage and share of what is beside a live model."""
    found = live.rollout
    if found is not None and (found.stage, found.share) != (rollout.stage, rollout.share):
        path = f"pipelines/{found.challenger}"
        yield Send("PATCH", path, {"rollout": to_wire(rollout, live.id)})
    return live


def stay_beside(
    found: ModelObject,
    live: ModelObject,
    rollout: Rollout | None,
    watched: Monitor | Ignored | None,
) -> Steps:
    """Yield what lets a model that a new run chose again go on beside the live one as declared."""
    yield from set_monitor(live, watched)
    if rollout is not None:
        yield from change_share(live, rollout)
    return found


def promote(superseded: Sequence[ModelObject], trial_id: str, watched: Mapping[str, Any]) -> Steps:
    """Yield the request after which a model answers that stood beside one it is to supersede.

    Returns:
        The model; None where it stood beside none, or does not answer any more.
    """
    known = (one.rollout for one in superseded if one.rollout and one.rollout.is_under_way)
    if trial_id not in {one.challenger for one in known}:
        return None
    item = yield Send("PATCH", f"pipelines/{trial_id}", {"rollout": {"stage": "live"}, **watched})
    return from_wire(item) if item["status"] in DEPLOYING | {READY} else None


def tell_begin(rollout: Rollout, live: ModelObject) -> str:
    """Return in words that a model begins beside another."""
    return f"{describe_rollout(rollout)}, beside trial {live.trial_id}"


def deployed_by_hand(live: Sequence[ModelObject], experiment: Assessment) -> list[ModelObject]:
    """Return what is live of the best trials of runs without a name, that of the newest run last.

    A trial that is deployed by its id alone is called by it on a hub that keeps names.
    """
    nameless = [one for one in live if one.name == one.trial_id]
    found = [one for run in _runs_of(experiment) for one in nameless if is_best(one, run)]
    return list({one.id: one for one in found}.values())


def stand_in(
    by_hand: Sequence[ModelObject],
    experiment: Assessment,
    live: Sequence[ModelObject],
    names: Collection[str],
) -> list[ModelObject]:
    """Return what stands for a declared model without its name, where nothing bears that.

    The best trial of the newest run does; what was best before that may be there on purpose.

    Args:
        by_hand: best trials without a name.
        experiment: whose trials they are.
        live: all that might bear the name.
        names: of the model, those that it had before included.
    """
    keys = {name_key(name) for name in names}
    if any(one.name and name_key(one.name) in keys for one in live):
        return []
    scored = [run for run in _runs_of(experiment) if run.score is not None]
    return [one for one in by_hand if scored and is_best(one, scored[-1])]


def _runs_of(experiment: Assessment) -> Iterator[Run]:
    """Yield the runs of all revisions, oldest first."""
    return (run for item in experiment.revisions for run in item.runs)


def tell_besides(spare: Iterable[ModelObject]) -> dict[str, Any]:
    """Return the word that a former best trial, deployed by its id, is live beside the model."""
    found = next((one for one in spare if one.status in DEPLOYING | {READY}), None)
    if found is None:
        return {}
    told = f"trial {found.trial_id}, a former best of its experiment, is live besides"
    advice = f"`auger model undeploy {found.trial_id}` takes it away"
    return {"caution": f"{told}; {advice}", "caution_code": "live-besides"}


def is_best(found: ModelObject, run: Run) -> bool:
    """Say whether something live is the best trial of a run."""
    return (
        found.run_id == run.id
        and found.score is not None
        and run.score is not None
        and math.isclose(
            found.score, run.score, rel_tol=1e-12
        )  # 15 digits travel, wire contract §2.12
    )
