"""Gates of a model: in words, what they say of what is live, and the steps that measure a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._base import Assessment, Work
from auger_reconcile.resources._deployment import ModelObject
from auger_reconcile.resources._steps import Steps
from auger_reconcile.resources.gates.bouts import (
    Gated,
    bout_of,
    contender_of,
    decide_before,
    evaluations_of,
    holdout_of,
    metric_of,
)
from auger_reconcile.resources.gates.gate import (
    FOLDS,
    Bout,
    Decision,
    Gate,
    Verdict,
    Where,
    as_champion,
    decide,
    describe_gate,
)
from auger_reconcile.resources.gates.measure import keep_outcome, measure
from auger_reconcile.resources.search.trials import BEST

KEPT = "the live model stays; nothing is tried again until the run, the data or the gate change"


class GatedModel(Gated, Protocol):
    """A declared model with both of its gates."""

    @property
    def min_score(self) -> float | None: ...


def tell_gates(spec: GatedModel) -> str:
    """Return the gates of a model in words, to be put behind what is deployed."""
    told = [f"gate {spec.min_score:g}"] if spec.min_score is not None else []
    told += [describe_gate(spec.gate)] if spec.gate is not None else []
    return "".join(f", {one}" for one in told if one)


def ask_gates(
    spec: GatedModel, experiment: Assessment, score: float | None, live: Sequence[ModelObject]
) -> tuple[str | None, Decision | None]:
    """Return what refuses a trial of such a score, and the decision of its gate where it is asked.

    Args:
        spec: the declared model.
        experiment: of its trial.
        score: of the trial, where it is known.
        live: what it has to beat.
    """
    if score is not None and spec.min_score is not None and score < spec.min_score:
        whose = "best score" if spec.trial == BEST else "score"
        return f"the {whose} {score:.4f} is below the gate {spec.min_score:g}", None
    decision = decide_before(spec, experiment, live)
    if decision is not None and decision.verdict is Verdict.CLOSED:
        return decision.text, decision
    return None, decision


def judge_live(spec: GatedModel, live: ModelObject, experiment: Assessment) -> dict[str, Any]:
    """Return that what is live would not pass its gate as it is declared now; it stays."""
    told = []
    if spec.min_score is not None and live.score is not None and live.score < spec.min_score:
        told.append(f"its score {live.score:.4f} is below {spec.min_score:g}")
    decision = None
    if spec.gate is not None:
        evaluations = tuple(evaluations_of(experiment.revisions))
        one = contender_of(live, evaluations, metric_of(experiment.object))
        folds = Where(FOLDS, live.run_id, live.run_id) if live.run_id else None
        metric, holdout = metric_of(experiment.object), holdout_of(experiment.object)
        alone = spec.gate.model_copy(update={"beats_live": False})
        decision = as_champion(decide(alone, Bout(metric or "score", one, None, folds, holdout)))
        told += [check.text for check in decision.checks if check.verdict is Verdict.CLOSED]
        if experiment.start:  # a run, or another holdout, will tell
            return {"gate": decision}
        if decision.verdict is Verdict.UNKNOWN and not told:
            unknown = f"whether the live model passes its gate is not known: {decision.text}"
            return {"caution": unknown, "caution_code": "gate-unknown", "gate": decision}
    if not told:
        return {"gate": decision}
    below = f"the live model is below its gate: {'; '.join(told)}"
    return {"caution": below, "caution_code": "below-gate", "gate": decision}


def pass_gates(
    spec: GatedModel, trial: Mapping[str, Any], live: Sequence[ModelObject], work: Work
) -> Steps:
    """Yield what measures a trial for its gates.

    Raises:
        ActionFailed: one of them is closed.
    """
    score = trial.get("score_value")
    if spec.min_score is not None and not (score is not None and score >= spec.min_score):
        told = "unknown" if score is None else f"{score:.4f}"
        if spec.trial != BEST:
            least = Gate(min_score=spec.min_score, on=FOLDS)
            yield from keep_outcome(least, bout_of(trial, live, work))
        raise ActionFailed(
            f"gate: the score of trial {trial['id']} is {told}, below {spec.min_score:g}"
        )
    if spec.gate is not None:
        bout = bout_of(trial, live, work)
        decision = yield from measure(spec.gate, bout)
        if decision.verdict is not Verdict.OPEN:
            if spec.trial != BEST:
                yield from keep_outcome(spec.gate, bout)
            raise ActionFailed(decision.text, hint=KEPT if live else None)
