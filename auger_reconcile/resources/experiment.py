"""Experiment: a search for models on one data set; each search is a run (experiment session).

Wire contract §2.10 (experiment), §2.11 (run) and §3.6 (flow; settings in `_evaluation`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from auger_reconcile.errors import ActionFailed, Conflict
from auger_reconcile.resources import _evaluation
from auger_reconcile.resources._base import (
    AGAIN,
    BULKY,
    Assessment,
    Differ,
    FieldChange,
    Kind,
    Loss,
    Scene,
    Trait,
    Verb,
    Wanted,
    Work,
    in_series,
    next_revision,
    place_in_series,
    series_keys,
    setting,
)
from auger_reconcile.resources._duration import past_seconds, run_seconds
from auger_reconcile.resources._evaluation import SearchSettings
from auger_reconcile.resources._steps import Await, Call, ReadAll, Steps, delete
from auger_reconcile.resources.dataset import DatasetObject, wait_processed

WAITING = "waiting"  # created, but nobody has asked it to start yet
COMPLETED = "completed"
IN_PROGRESS = frozenset({"preprocess", "started"})
SATISFYING = IN_PROGRESS | {WAITING, COMPLETED}


class ExperimentSpec(SearchSettings):
    """A search for models on one data set."""

    dataset: str = setting(description="Name of the declared data set to learn from.")
    experiment_session_id: str | None = setting(
        default=None,
        description="The run that `experiment leaderboard` shows by default.",
        traits=[Trait.LOCAL],
    )
    state: str = setting(
        default="completed",
        description=(
            "`completed` (a run with these settings exists), `created` (only the experiment), "
            "`stopped` (no run is active), or `absent`."
        ),
        traits=[Trait.LOCAL],
        pattern="^(completed|created|stopped|absent)$",
    )


@dataclass(frozen=True)
class Run:
    """One search of an experiment.

    Attributes:
        settings: in the words of auger.yaml; a setting that cannot be told is absent.
        score: of the best trial so far, None while there is none.
        created_at: ISO 8601, for order only.
        seconds: that it took, once it is completed and where the hub tells.
    """

    id: str
    status: str
    settings: Mapping[str, Any] = field(metadata={BULKY: True})
    score: float | None = field(metadata={BULKY: True})  # moves while it runs
    created_at: str
    seconds: float | None = field(default=None, metadata={BULKY: True})


@dataclass(frozen=True)
class ExperimentObject:
    """An experiment on the hub with its runs, oldest first.

    Attributes:
        dataset_id: the data set it is bound to for good.
        run: the run that carries the declared settings, once there is one.
    """

    id: str
    name: str
    dataset_id: int | None
    runs: tuple[Run, ...]
    run: Run | None = field(default=None, metadata={BULKY: True})

    @property
    def status(self) -> str:
        """The status of the run it stands for, else of the newest, else `created`."""
        newest = self.run or (self.runs[-1] if self.runs else None)
        return newest.status if newest else "created"


class Experiment(Kind[ExperimentSpec, ExperimentObject]):
    """The experiment kind."""

    name = "experiment"
    plural = "experiments"
    spec = ExperimentSpec
    object = ExperimentObject
    reads = ("experiments", "experiment_sessions")
    states: ClassVar = {
        "completed": Wanted.STARTED,
        "created": Wanted.PRESENT,
        "stopped": Wanted.STOPPED,
        "absent": Wanted.ABSENT,
    }
    losses: ClassVar = {Verb.DELETE: Loss.ARTIFACTS, Verb.STOP: Loss.COMPUTE}
    needs_active: ClassVar = {Verb.START: ("project",)}

    def observe(
        self, answers: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[ExperimentObject, ...]:
        """Join experiments with their runs."""
        runs: dict[str, list[Run]] = defaultdict(list)
        for item in answers["experiment_sessions"]:
            if not item.get("deleted"):
                runs[str(item.get("experiment_id"))].append(run_from_wire(item))
        return tuple(
            ExperimentObject(
                id=str(item["id"]),
                name=str(item["name"]),
                dataset_id=item.get("project_file_id"),
                runs=tuple(sorted(runs[str(item["id"])], key=lambda run: (run.created_at, run.id))),
            )
            for item in answers["experiments"]
            if not item.get("deleted")
        )

    def references(self, spec: ExperimentSpec) -> Mapping[str, tuple[str, str]]:
        """An experiment needs its data set."""
        return {"project": ("project", ""), "dataset": ("dataset", spec.dataset)}

    def index_keys(self, found: ExperimentObject) -> Iterable[str]:
        """By name, as a revision, and by the data set it is bound to."""
        return (*series_keys(found.name, ""), f"data:{found.dataset_id}")

    def assess(self, spec: ExperimentSpec, scene: Scene) -> Assessment:
        """Find the revision bound to the data set as it is now, and in it a run that matches."""
        revisions = in_series(scene, spec.name, "")
        dataset: DatasetObject | None = scene.refs["dataset"].object
        bound = [item for item in revisions if dataset and str(item.dataset_id) == str(dataset.id)]
        columns = [name for name, _ in dataset.columns] if dataset else []
        detail = {Verb.START: _evaluation.describe_search(spec)}
        wanted = _evaluation.settings_of(spec, columns)
        limit = spec.max_total_time * 60.0
        fault = _unknown_column(spec, columns)
        if not bound:
            taken = [item.name for item in revisions]
            other = f"`{revisions[-1].name}` is bound to other data" if revisions else None
            return Assessment(
                next_revision(spec.name, "", taken, scene.names),
                create=other or "does not exist",
                start="new",
                revisions=revisions,
                pending=is_run_to_come(spec, None),
                detail=detail,
                past=past_seconds(wanted, revisions, dataset.id if dataset else None),
                limit=limit,
                fault=fault,
            )
        found, why_start, changes = match_run(spec, bound[-1], wanted, scene.differ)
        active = next((run for run in reversed(found.runs) if run.status in IN_PROGRESS), None)
        return Assessment(
            found.name,
            object=found,
            start=why_start,
            stop=f"run {active.id} is {active.status}" if active else None,
            revisions=revisions,
            changes=changes,
            pending=is_run_to_come(spec, found.run),
            detail=detail,
            past=past_seconds(wanted, revisions, found.dataset_id),
            limit=limit,
            fault=fault if why_start else None,
        )

    def renew(self, spec: ExperimentSpec, assessment: Assessment, scene: Scene) -> Assessment:
        """A new run, where the file wants one."""
        found: ExperimentObject | None = assessment.object
        if found is None or spec.state != "completed":
            return assessment
        return replace(
            assessment,
            object=replace(found, run=None),
            start=assessment.start or AGAIN,
            pending=True,
        )

    def facts(
        self, spec: ExperimentSpec | None, found: ExperimentObject | None
    ) -> Mapping[str, str]:
        """What is searched for, on which data, and the run that stands for it."""
        facts = {"declared": _evaluation.describe_search(spec)} if spec else {}
        if found is None:
            return facts
        facts["experiment"] = f"{found.name}, id {found.id}, of data set {found.dataset_id}"
        run = found.run or (found.runs[-1] if found.runs else None)
        if run:
            label = "run" if found.run else "newest run"
            score = f", best score {run.score:.4f}" if run.score is not None else ""
            facts[label] = f"{run.id}, {run.status}{score}"
        return facts

    def declarations(
        self, found: ExperimentObject, among: Mapping[str, Sequence[Any]]
    ) -> Iterator[ExperimentSpec]:
        """With the settings of its newest run, of those that are good where there are some."""
        dataset = next((one for one in among["dataset"] if one.id == found.dataset_id), None)
        good = [run for run in found.runs if run.status in (COMPLETED, *IN_PROGRESS)]
        if dataset is None:
            return
        for run in (good or found.runs)[-1:]:
            told = {name: value for name, value in run.settings.items() if value is not None}
            options = {name: told.pop(name) for name in _evaluation.PASSED_ON if name in told}
            state = {} if good else {"state": "created"}
            given = {"name": found.name, "dataset": dataset.name, **told, **state}
            with suppress(ValueError):
                yield ExperimentSpec(**given, options=options)
            with suppress(ValueError):
                yield ExperimentSpec(**given)

    def bound_to(self, found: ExperimentObject) -> Iterable[tuple[str, str]]:
        """Its data set, for good."""
        return [("dataset", str(found.dataset_id))]

    def series(self, found: ExperimentObject) -> tuple[str, int]:
        """By its name: `baseline-1` may be a revision of `baseline`."""
        return place_in_series(found.name, "")

    def follow(self, found: ExperimentObject) -> Steps | None:
        """Wait for the run that it stands for, or the newest that is going on."""
        active = [run for run in found.runs if run.status in IN_PROGRESS]
        candidates = [found.run] if found.run else active or found.runs[-1:]
        settled = (WAITING, COMPLETED)
        return next((wait_completed(run) for run in candidates if run.status not in settled), None)

    def create(self, work: Work) -> Steps:
        """One request; `data_path` has to equal the data set's url (wire contract §2.10)."""
        dataset: DatasetObject = work.refs["dataset"]
        body = {"name": work.name, "project_id": work.project.id, "data_path": dataset.url}
        item = yield Call("POST", "experiments", body)
        return ExperimentObject(str(item["id"]), str(item["name"]), dataset.id, ())

    def delete(self, work: Work) -> Steps:
        """One request."""
        yield from delete(f"experiments/{work.object.id}")

    def start(self, work: Work) -> Steps:
        """Make a run with the declared settings and start it; one that only waits is taken up.

        The run is made and started by two requests. A cut between them leaves it `waiting`, which
        the next start takes up instead of making a second one.
        """
        found: ExperimentObject = work.object
        run = found.run
        if run is None or run.status not in IN_PROGRESS | {WAITING}:
            dataset = yield from wait_processed(work.refs["dataset"])
            body = _evaluation.to_wire(work.spec, dataset.statistics or {})
            item = yield Call("POST", "experiment_sessions", {"experiment_id": found.id, **body})
            run = run_from_wire(item)
            yield from _give_way(found, run, work.project.id)
        if run.status not in IN_PROGRESS:
            run = yield from begin(run)
        if work.wait:
            run = yield from wait_completed(run)
        kept = tuple(other for other in found.runs if other.id != run.id)
        return replace(found, runs=(*kept, run), run=run)

    def stop(self, work: Work) -> Steps:
        """Interrupt every run that is active; finished trials stay."""
        found: ExperimentObject = work.object
        runs = []
        for run in found.runs:
            stopped = run
            if run.status in IN_PROGRESS:
                try:
                    path = f"experiment_sessions/{run.id}"
                    yield Call("PATCH", path, {"status": "interrupted"})
                except Conflict:  # it ended by itself in the meantime
                    pass
                stopped = run_from_wire((yield _await_run(run.id)))
            runs.append(stopped)
        return replace(found, runs=tuple(runs), run=None)

    def takes_along(self, found: ExperimentObject) -> Iterable[tuple[str, str]]:
        """The models of its runs."""
        return [("model", f"run:{run.id}") for run in found.runs]

    def selection(self, name: str | None) -> Mapping[tuple[str, ...], str | None]:
        """Another experiment has other runs."""
        return {("experiment", "name"): name, ("experiment", "experiment_session_id"): None}


def is_run_to_come(spec: ExperimentSpec, run: Run | None) -> bool:
    """Say whether a run is expected to be completed that is not yet."""
    if run is not None and run.status in (COMPLETED, *IN_PROGRESS):
        return run.status != COMPLETED and spec.state != "stopped"
    return spec.state == "completed"


def _give_way(found: ExperimentObject, run: Run, project_id: Any) -> Steps:
    """Leave the search to another apply that made the same run first.

    Two applies at once may both find that a run is missing and make one. Each looks again before it
    starts its own; all see the same order, so exactly one goes on.

    Raises:
        ActionFailed: this one came second. Its run stays `waiting` and costs nothing.
    """
    filters = {"project_id": project_id, "experiment_id": found.id}
    items = yield ReadAll("experiment_sessions", filters)
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


def _unknown_column(spec: ExperimentSpec, columns: Sequence[str]) -> str | None:
    """Return what is wrong with the columns that a run needs; no columns are unknown columns."""
    for name in (spec.target, spec.time_series):
        if name and columns and name not in columns:
            return f"the data has no column `{name}`"
    return None


def match_run(
    spec: ExperimentSpec, found: ExperimentObject, wanted: Mapping[str, Any], differ: Differ
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
        return replace(found, run=started[-1]), None, ()
    if good:
        return replace(found, run=good[-1]), f"run {good[-1].id} was made but never started", ()
    if matching:
        run = matching[-1]
        ended = "was interrupted" if run.status == "interrupted" else f"ended with {run.status}"
        return found, f"run {run.id} {ended}", ()
    if not found.runs:
        return found, "has no run", ()
    changes = differ(type(spec), wanted, found.runs[-1].settings)
    return found, "settings changed", changes


def begin(run: Run) -> Steps:
    """Yield the request that starts a waiting run; return the run as it is then."""
    path = f"experiment_sessions/{run.id}"
    try:
        yield Call("PATCH", path, {"status": "preprocess"})
    except Conflict:  # somebody else started it in the meantime
        begun = run_from_wire((yield Call("GET", path)))
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
    item = yield _await_run(run.id)
    ended = run_from_wire(item)
    if ended.status != COMPLETED:
        errors = (item.get("model_settings") or {}).get("errors") or {}
        told = item.get("error_message") or item.get("message") or errors.get("error")
        reason = f": {told}" if told else ""
        raise ActionFailed(f"run {run.id} ended with status `{ended.status}`{reason}")
    return ended


def _await_run(run_id: str) -> Await:
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
    )


KIND = Experiment()
