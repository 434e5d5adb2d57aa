"""Runs of an experiment: what the hub tells of one, which one is wanted, and its start and end.

Wire contract §2.11.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from auger_reconcile.errors import ActionFailed, Conflict
from auger_reconcile.resources._base import BULKY, Differ, FieldChange, comparable
from auger_reconcile.resources._steps import Await, ReadAll, Send, Steps
from auger_reconcile.resources.files.project_file import DatasetObject, wait_processed
from auger_reconcile.resources.gates.measured import Evaluation
from auger_reconcile.resources.gates.monitor import Alert, alerts_from_wire
from auger_reconcile.resources.search import evaluation as _evaluation
from auger_reconcile.resources.search.account import EMPTY, Account, account_from_wire
from auger_reconcile.resources.search.evaluation import SearchSettings

WAITING = "waiting"  # created, but nobody has asked it to start yet
COMPLETED = "completed"
IN_PROGRESS = frozenset({"preprocess", "started"})
SATISFYING = IN_PROGRESS | {WAITING, COMPLETED}
# Settings that decide how much is searched. What else differs makes a run little longer.
LASTING = (
    "model_type",
    "max_n_trials",
    "max_total_time",
    "max_eval_time",
    "cross_validation_folds",
    "use_ensemble",
)
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:Z|[+-]00:?00)?")


_LIVE = frozenset({"packaging", "ready"})


@dataclass(frozen=True)
class Run:
    """One search of an experiment.

    Attributes:
        settings: in the words of auger.yaml; a setting that cannot be told is absent.
        score: of the best trial so far, None while there is none.
        created_at: ISO 8601.
        data_id: of the data set that it learned from, which holds actuals besides where it was
            asked to.
        seconds: that it took, once it is completed and where the hub tells.
        account: what the hub tells beside its board.
        reproduces: the run that it makes once more, where it was made for that.
    """

    id: str
    status: str
    settings: Mapping[str, Any] = field(metadata={BULKY: True})
    score: float | None = field(metadata={BULKY: True})  # moves while it runs
    created_at: str
    seconds: float | None = field(default=None, metadata={BULKY: True})
    account: Account = field(default=EMPTY, metadata={BULKY: True})
    data_id: str | None = field(default=None, metadata={BULKY: True})
    reproduces: str | None = field(default=None, metadata={BULKY: True})


@dataclass(frozen=True)
class ExperimentObject:
    """An experiment on the hub with its runs, oldest first.

    Attributes:
        runs: those that stand for something declared.
        dataset_id: the data set it is bound to for good.
        run: the run that carries the declared settings, once there is one.
        held_out: id and name of the declared holdout; the id is "" while it is not on the hub.
        alerts: that are open about live models of its runs.
        actual_days: of how many rows of each day its models know what happened; None where the hub
            does not tell.
        live_runs: ids of those whose models are deployed, beside another one too.
        reproductions: runs that only make others once more, oldest first; no plan looks at them.
        told_elsewhere: what runs of other experiments tell of trials that they found, on their
            folds; only where no run of this one has ended, by which such a trial would be judged.
    """

    id: str
    name: str
    dataset_id: int | None
    runs: tuple[Run, ...]
    run: Run | None = field(default=None, metadata={BULKY: True})
    held_out: tuple[str, str] | None = field(default=None, metadata={BULKY: True})
    alerts: tuple[Alert, ...] = field(default=(), metadata={BULKY: True})
    actual_days: Mapping[str, int] | None = field(
        default=None, compare=False, metadata={BULKY: True}
    )
    live_runs: frozenset[str] = field(default=frozenset(), compare=False, metadata={BULKY: True})
    reproductions: tuple[Run, ...] = field(default=(), metadata={BULKY: True})
    told_elsewhere: tuple[Evaluation, ...] = field(
        default=(), compare=False, metadata={BULKY: True}
    )

    @property
    def every_run(self) -> tuple[Run, ...]:
        """Its runs, those that make others once more included."""
        return (*self.runs, *self.reproductions)

    def reproduction_of(self, run_id: str) -> Run | None:
        """Return the newest good run that makes another one once more, None without any."""
        made = (r for r in self.reproductions if r.reproduces == run_id and r.status in SATISFYING)
        return next(reversed([*made]), None)

    def with_runs(self, runs: Iterable[Run]) -> ExperimentObject:
        """Return the experiment with these of its runs as they are now, bound to none."""
        now = {run.id: run for run in runs}
        return replace(
            self,
            runs=tuple(now.get(run.id, run) for run in self.runs),
            reproductions=tuple(now.get(run.id, run) for run in self.reproductions),
            run=None,
        )

    def bound_to(self, run: Run) -> ExperimentObject:
        """Return the experiment with the run that carries the declared settings."""
        return replace(self, run=run)

    @property
    def status(self) -> str:
        """That of the run it stands for, else of the newest that was begun, else `created`."""
        begun = [run for run in self.runs if run.status != WAITING] or self.runs
        newest = self.run or (begun[-1] if begun else None)
        return newest.status if newest else "created"


def experiments_from_wire(
    answers: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Iterator[ExperimentObject]:
    """Yield the experiments that exist, with their runs and what is known of their models.

    Args:
        answers: `experiments`, `experiment_sessions` and, where they were read, `pipelines`.
    """
    runs: dict[str, list[Run]] = defaultdict(list)
    for item in answers["experiment_sessions"]:
        if not item.get("deleted"):
            runs[str(item.get("experiment_id"))].append(run_from_wire(item))
    alerts = _alerts_by_run(answers.get("pipelines", ()))
    models = _models_by_run(answers.get("pipelines", ()))
    of_folds = {name: tuple(_own_evaluations(some)) for name, some in runs.items()}
    for item in answers["experiments"]:
        if item.get("deleted"):
            continue
        own = sorted(runs[str(item["id"])], key=lambda run: (run.created_at, run.id))
        yield ExperimentObject(
            id=str(item["id"]),
            name=str(item["name"]),
            dataset_id=item.get("project_file_id"),
            runs=tuple(run for run in own if run.reproduces is None),
            alerts=tuple(one for run in own for one in alerts.get(run.id, ())),
            actual_days=_count_actuals(one for run in own for one in models.get(run.id, ())),
            live_runs=frozenset(
                run.id for run in own if any(map(_is_live, models.get(run.id, ())))
            ),
            reproductions=tuple(run for run in own if run.reproduces is not None),
            told_elsewhere=()
            if any(run.status == COMPLETED for run in own)
            else tuple(one for some in of_folds.values() for one in some),
        )


def _own_evaluations(runs: Iterable[Run]) -> Iterator[Evaluation]:
    """Yield what runs tell of trials that they found themselves, on their folds."""
    for run in runs:
        for one in run.account.evaluations:
            if one.found_by == run.id and one.dataset_id is None:
                yield one


def _alerts_by_run(pipelines: Iterable[Mapping[str, Any]]) -> Mapping[str, tuple[Alert, ...]]:
    """Return run to what is open about its live models."""
    alerts: dict[str, tuple[Alert, ...]] = {}
    for item in pipelines:
        if item.get("alerts") and not item.get("deleted") and item.get("status") == "ready":
            run = str(item.get("experiment_session_id"))
            alerts[run] = (*alerts.get(run, ()), *alerts_from_wire(item["alerts"]))
    return alerts


def _models_by_run(
    pipelines: Iterable[Mapping[str, Any]],
) -> Mapping[str, list[Mapping[str, Any]]]:
    models: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in pipelines:
        models[str(item.get("experiment_session_id"))].append(item)
    return models


def _is_live(model: Mapping[str, Any]) -> bool:
    return not model.get("deleted") and model.get("status") in _LIVE


def _count_actuals(models: Iterable[Mapping[str, Any]]) -> Mapping[str, int] | None:
    """Return day to the rows whose outcome is known, of some models."""
    told = list(models)
    if told and not any("actual_days" in item for item in told):
        return None
    days: dict[str, int] = defaultdict(int)
    for item in told:
        for day, count in (item.get("actual_days") or {}).items():
            days[str(day)] += int(count)
    return days


def match_run(
    spec: SearchSettings, found: ExperimentObject, wanted: Mapping[str, Any], differ: Differ
) -> tuple[ExperimentObject, str | None, tuple[FieldChange, ...]]:
    """Bind an experiment to the newest run that has the declared settings.

    Args:
        spec: of the experiment.
        found: the experiment.
        wanted: the settings that a run has to match.
        differ: tells which settings differ.

    Returns:
        The experiment, why a run has to be started (None: the bound one satisfies), and what
        differs from the newest run.
    """
    matching = [run for run in found.runs if not differ(type(spec), wanted, run.settings)]
    good = [run for run in matching if run.status in SATISFYING]
    # A run that has come further is worth more than a newer one that only waits.
    started = [run for run in good if run.status != WAITING]
    if started:
        return found.bound_to(started[-1]), None, ()
    if good:
        return found.bound_to(good[-1]), f"run {good[-1].id} was made but never started", ()
    if matching:
        run = matching[-1]
        ended = "was interrupted" if run.status == "interrupted" else f"ended with {run.status}"
        why = f": {run.account.error}" if run.account.error else ""
        return found, f"run {run.id} {ended}{why}", ()
    if not found.runs:
        return found, "has no run", ()
    changes = differ(type(spec), wanted, found.runs[-1].settings)
    return found, "settings changed", changes


def begin(run: Run) -> Steps:
    """Yield the request that starts a waiting run; return the run as it is then."""
    path = f"experiment_sessions/{run.id}"
    try:
        yield Send("PATCH", path, {"status": "preprocess"})
    except Conflict:  # somebody else started it in the meantime
        begun = run_from_wire((yield Send("GET", path)))
        if begun.status == WAITING:
            raise
        return begun
    return replace(run, status="preprocess")


def wait_completed(run: Run) -> Steps:
    """Yield the wait for a run; return it completed.

    Raises:
        ActionFailed: the run was interrupted or ended with an error.
    """
    if run.status == COMPLETED:
        return run
    item = yield await_run(run.id)
    ended = run_from_wire(item)
    if ended.status != COMPLETED:
        errors = (item.get("model_settings") or {}).get("errors") or {}
        told = item.get("error_message") or item.get("message") or errors.get("error")
        reason = f": {told}" if told else ""
        raise ActionFailed(f"run {run.id} ended with status `{ended.status}`{reason}")
    return ended


def reproduce(found: ExperimentObject, *, wait: bool) -> Steps:
    """Make the run that an experiment is bound to once more; go on with one that does so already.

    Args:
        found: bound to the run, or to one that reproduces it and was never started.
        wait: for its end.
    """
    run = found.run
    assert run is not None, "bound by whoever plans this"
    if run.reproduces is None:
        body = {"experiment_id": found.id, "reproduces": run.id}
        run = run_from_wire((yield Send("POST", "experiment_sessions", body)))
    if run.status == WAITING:
        run = yield from begin(run)
    if wait:
        run = yield from wait_completed(run)
    kept = tuple(other for other in found.reproductions if other.id != run.id)
    return replace(found, reproductions=(*kept, run), run=run)


def hold_out(run: Run, holdout: DatasetObject) -> Steps:
    """Yield the request that gives a run another holdout; return the run as it is then.

    Nothing is searched again: of a run that is over, the hub scores the best trials anew.
    """
    scored = run.account.holdout
    if scored and scored.dataset_id == str(holdout.id) and scored.status != "error":
        return run
    holdout = yield from wait_processed(holdout)
    path = f"experiment_sessions/{run.id}"
    changed = run_from_wire((yield Send("PATCH", path, {"holdout_id": holdout.id})))
    check_held_out(changed, holdout)
    return changed


def check_held_out(run: Run, holdout: DatasetObject | None) -> None:
    """Raise ActionFailed where a hub does not take a holdout: nobody would be told otherwise."""
    told = run.account.holdout
    if holdout is not None and (told is None or told.dataset_id != str(holdout.id)):
        raise ActionFailed(
            "this hub scores no holdout",
            hint="without `holdout` the experiment runs on it as before",
        )


def wait_scored(run: Run, holdout: DatasetObject | None) -> Steps:
    """Yield the wait until the best trials of a run are scored on the holdout; return the run.

    Raises:
        ActionFailed: they cannot be.
    """
    if holdout is None or (run.account.holdout and run.account.holdout.status == "scored"):
        return run
    item = yield Await(
        "experiment_sessions",
        run.id,
        frozenset({"waiting"}),
        "holdout_status",
        lambda _: f"scoring on {holdout.name}",
    )
    scored = run_from_wire(item)
    told = scored.account.holdout
    if told is None or told.status != "scored":
        why = (told and told.error) or "no reason given"
        raise ActionFailed(f"run {run.id} could not be scored on {holdout.name}: {why}")
    return scored


def await_run(run_id: str) -> Await:
    """Return the wait for the end of a run."""
    return Await(
        "experiment_sessions",
        run_id,
        IN_PROGRESS | {WAITING},
        progress=_evaluation.describe_progress,
    )


def run_from_wire(item: Mapping[str, Any]) -> Run:
    """Translate one experiment session of the hub (wire contract §2.11)."""
    score, status = item.get("top_score_value"), str(item.get("status"))
    return Run(
        id=str(item["id"]),
        status=status,
        settings=_evaluation.from_wire(item),
        score=float(score) if isinstance(score, int | float) else None,
        created_at=str(item.get("created_at") or ""),
        seconds=run_seconds(item) if status == COMPLETED else None,
        account=account_from_wire(item),
        data_id=str(item["project_file_id"]) if item.get("project_file_id") else None,
        reproduces=str(item["reproduces"]) if item.get("reproduces") else None,
    )


def give_way(found: ExperimentObject, run: Run, project_id: Any) -> Steps:
    """Leave the search to another apply that made the same run first.

    Two applies at once may both find that a run is missing and make one. Each looks again before it
    starts its own; all see the same order, so exactly one goes on. A list that does not name its
    own run yet may lack the other's as well, and tells nothing.

    Raises:
        ActionFailed: this one came second, or cannot know. Its run stays `waiting`, costs nothing,
            and is taken up when the file asks for its settings and no other run has them.
    """
    filters = {"project_id": project_id, "experiment_id": found.id}
    items = yield ReadAll("experiment_sessions", filters, naming=run.id)
    known = {one.id for one in found.runs} | {run.id}
    told = {name: value for name, value in run.settings.items() if value}
    for other in map(run_from_wire, items):
        is_new = other.id not in known and other.status in SATISFYING
        is_same = all(other.settings.get(name) == value for name, value in told.items())
        if is_new and is_same and (other.created_at, other.id) < (run.created_at, run.id):
            raise ActionFailed(
                f"another apply has started run {other.id} with these settings",
                hint="auger wait follows it",
            )


def run_seconds(item: Mapping[str, Any]) -> float | None:
    """Return how many seconds a run took, or None when its hub does not tell."""
    settings = item.get("model_settings") or {}
    pairs = (
        (item.get("started_at"), item.get("completed_at")),
        (settings.get("start_time"), settings.get("end_time")),
    )
    for begun, ended in pairs:
        if not begun or not ended:
            continue
        first, last = _moment(begun), _moment(ended)
        if first is not None and last is not None and last >= first:
            return last - first
    return None


def _moment(text: Any) -> float | None:
    """Return a moment in seconds; both ends of a run are told in the same zone, UTC."""
    found = _MOMENT.fullmatch(str(text))
    if not found:
        return None
    year, month, day, hour, minute = map(int, found.groups()[:5])
    return timegm((year, month, day, hour, minute, 0)) + float(found[6])


def past_seconds(
    wanted: Mapping[str, Any], revisions: Iterable[ExperimentObject], dataset_id: Any
) -> tuple[float, ...]:
    """Return how long completed runs with the wanted settings took.

    Those on the same data count; where there are none, those on earlier revisions of it.

    Args:
        wanted: settings of the run to come.
        revisions: of the experiment.
        dataset_id: of the data set as it is now; None when it has yet to be made.
    """
    told = [(found, run) for found in revisions for run in found.runs if run.seconds is not None]
    like = [(found, run) for found, run in told if _is_like(run, wanted)]
    here = [run for found, run in like if str(found.dataset_id) == str(dataset_id)]
    runs = here or [run for _, run in like]
    return tuple(run.seconds for run in runs if run.seconds is not None)


def _is_like(run: Run, wanted: Mapping[str, Any]) -> bool:
    return all(
        comparable(run.settings.get(name)) == comparable(wanted[name])
        for name in LASTING
        if name in wanted
    )
