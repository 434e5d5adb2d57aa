"""Choose which models a gate compares, and on which rows: in a plan, and when it is applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from auger_reconcile.resources._base import Assessment, Work
from auger_reconcile.resources._deployment import DEPLOYING, READY, ModelObject
from auger_reconcile.resources.gates.gate import (
    FOLDS,
    HOLDOUT,
    Bout,
    Contender,
    Decision,
    Gate,
    Where,
    decide,
)
from auger_reconcile.resources.gates.measured import Evaluation
from auger_reconcile.resources.search.runs import ExperimentObject, Run
from auger_reconcile.resources.search.trials import BEST, best_run


class Gated(Protocol):
    """What of a declared model says which trial it wants, and what that has to reach."""

    @property
    def trial(self) -> str: ...  # noqa: D102 - told above

    @property
    def gate(self) -> Gate | None: ...  # noqa: D102 - told above


def decide_before(
    spec: Gated, experiment: Assessment, owned: Sequence[ModelObject]
) -> Decision | None:
    """Return what the gate says of the trial that is wanted, as far as the hub has told."""
    if spec.gate is None:
        return None
    found: ExperimentObject | None = experiment.object
    best = best_run(found.runs, found.run) if found and not experiment.pending else None
    told = tuple(evaluations_of(experiment.revisions))
    if spec.trial == BEST:
        challenger = Contender(
            best.account.best_trial if best else None,
            best.id if best else None,
            best.score if best else None,
            told,
            metric_of(found),
        )
    else:
        challenger = named_before(spec.trial, found, told)
    live = [item for item in owned if item.status in DEPLOYING | {READY}]
    return decide(
        spec.gate,
        Bout(
            metric=challenger.metric or "score",
            challenger=challenger,
            champion=contender_of(live[-1], told, challenger.metric) if live else None,
            folds=folds_of(challenger),
            holdout=holdout_of(found),
        ),
    )


def bout_of(trial: Mapping[str, Any], live: Sequence[ModelObject], work: Work) -> Bout:
    """Return what the gate decides about once the trial is chosen."""
    experiment: ExperimentObject | None = work.refs.get("experiment")
    told = tuple(evaluations_of([experiment] if experiment else []))
    run, score = trial.get("experiment_session_id"), trial.get("score_value")
    found_by = str(run) if run else None
    if work.spec.trial == BEST:
        metric = str(trial["score_name"]) if trial.get("score_name") else None
        challenger = Contender(str(trial["id"]), found_by, score, told, metric)
    else:
        challenger = _named(str(trial["id"]), found_by, score, experiment, told)
    return Bout(
        metric=challenger.metric or "score",
        challenger=challenger,
        champion=contender_of(live[-1], told, challenger.metric) if live else None,
        folds=folds_of(challenger),
        holdout=holdout_of(experiment),
    )


def named_before(
    trial_id: str, experiment: ExperimentObject | None, told: tuple[Evaluation, ...]
) -> Contender:
    """Return a trial that is declared by its id, as far as a plan can know it."""
    found_by = next((one.found_by for one in told if one.trial_id == trial_id), None)
    return _named(trial_id, found_by, None, experiment, told)


def _named(
    trial_id: str,
    found_by: str | None,
    score: float | None,
    experiment: ExperimentObject | None,
    told: tuple[Evaluation, ...],
) -> Contender:
    """Return a trial that is declared by its id, with the run by which it is judged.

    That is the run that found it; where that is on other data, or of another experiment, the best
    one of this experiment, if there is one. A plan knows which run found it when it is the best of
    one, or once it was measured.
    """
    runs = experiment.runs if experiment else ()
    is_best_of = next((one for one in runs if one.account.best_trial == trial_id), None)
    own = next((one for one in runs if one.id == found_by), is_best_of)
    if own is not None:
        known = own.score if own is is_best_of else score
        return Contender(trial_id, own.id, known, told, _told_metric(own))
    best = best_run(runs, experiment.run) if experiment else None
    if best is None:
        return Contender(trial_id, found_by, score, told)
    return Contender(trial_id, best.id, None, told, _told_metric(best))


def folds_of(one: Contender) -> Where | None:
    """Return the folds of the run that a trial is judged by."""
    return Where(FOLDS, one.run_id, one.run_id) if one.run_id else None


def contender_of(found: ModelObject, told: tuple[Evaluation, ...], metric: str | None) -> Contender:
    """Return what is live, with what was measured of it."""
    return Contender(found.trial_id, found.run_id, found.score, told, metric)


def evaluations_of(experiments: Iterable[ExperimentObject]) -> Iterator[Evaluation]:
    """Yield what is kept with the runs of experiments, or with others that found their trials."""
    for experiment in experiments:
        yield from experiment.told_elsewhere
        for run in experiment.runs:
            yield from run.account.evaluations


def holdout_of(found: ExperimentObject | None) -> Where | None:
    """Return the declared holdout of an experiment, if it has one."""
    return Where(HOLDOUT, *found.held_out) if found and found.held_out else None


def metric_of(found: ExperimentObject | None) -> str | None:
    """Return the metric of the run that carries the declared settings."""
    return _told_metric(found.run) if found and found.run else None


def _told_metric(run: Run) -> str | None:
    told = run.settings.get("metric")
    return str(told) if told else None
