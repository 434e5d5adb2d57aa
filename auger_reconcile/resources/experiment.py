"""Experiment: a search for models on one data set; each search is a run (experiment session).

Wire contract §2.10 (experiment), §2.11 (run) and §3.6 (flow; settings in `_evaluation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from auger_reconcile.diagnostics import quote_some
from auger_reconcile.errors import Conflict
from auger_reconcile.resources._base import (
    AGAIN,
    Assessment,
    FieldChange,
    Finding,
    Kind,
    Loss,
    Reference,
    Scene,
    Verb,
    Wanted,
    Work,
)
from auger_reconcile.resources._spec import Trait, setting
from auger_reconcile.resources._steps import Send, Steps, delete
from auger_reconcile.resources.files.project_file import DatasetObject, wait_processed
from auger_reconcile.resources.files.source import is_same_data
from auger_reconcile.resources.names.revisions import (
    in_series,
    next_revision,
    place_in_series,
    series_keys,
)
from auger_reconcile.resources.names.vocabulary import OPTIONS, PASSED_ON
from auger_reconcile.resources.search import evaluation as _evaluation
from auger_reconcile.resources.search.account import Notice
from auger_reconcile.resources.search.evaluation import SearchSettings
from auger_reconcile.resources.search.retrain import (
    RETRAIN,
    Facts,
    Retrain,
    check_retrain,
    describe_use,
    find_due,
    to_wire,
)
from auger_reconcile.resources.search.runs import (
    COMPLETED,
    IN_PROGRESS,
    SATISFYING,
    WAITING,
    ExperimentObject,
    Run,
    await_run,
    begin,
    check_held_out,
    experiments_from_wire,
    give_way,
    hold_out,
    match_run,
    past_seconds,
    reproduce,
    run_from_wire,
    wait_completed,
    wait_scored,
)


class ExperimentSpec(SearchSettings):
    """A search for models on one data set."""

    dataset: str = setting(description="Name of the declared data set to learn from.")
    holdout: str | None = setting(
        default=None,
        description=(
            "Name of the declared data set whose rows no search sees: the best trials, the "
            "ensemble and the live model are scored on it at the end of a run."
        ),
        traits=[Trait.RAIL],
    )
    experiment_session_id: str | None = setting(
        default=None,
        description="The run that `experiment leaderboard` shows by default.",
        traits=[Trait.LOCAL],
    )
    retrain: Retrain | None = setting(
        default=None,
        description="When it is run again though nothing of it has changed.",
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


class Experiment(Kind[ExperimentSpec, ExperimentObject]):
    """The experiment kind."""

    name = "experiment"
    plural = "experiments"
    at_top = ("model_type", "target", "exclude")
    refers_to = (
        Reference("dataset", "dataset"),
        Reference("holdout", "dataset", is_implied=False),
    )
    options = OPTIONS
    spec = ExperimentSpec
    object = ExperimentObject
    reads = ("experiments", "experiment_sessions", "pipelines")
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
        return tuple(experiments_from_wire(answers))

    def check_written(self, settings: Mapping[str, Any]) -> Iterator[Finding]:
        """Compare the roles of columns."""
        yield from _evaluation.check_roles(settings)

    def check(self, spec: ExperimentSpec, refs: Mapping[str, Any]) -> Iterator[Finding]:
        """Compare the metric with the model type, and the columns with those of the data."""
        yield from _evaluation.check_metric(spec)
        header = getattr(refs.get("dataset"), "header", None)
        if header is not None and spec.state != "absent":
            yield from _evaluation.check_columns(spec, header)
        yield from _check_holdout(spec, refs)
        if spec.retrain is not None:
            yield from check_retrain(spec.retrain)

    def index_keys(self, found: ExperimentObject) -> Iterable[str]:
        """By name, as a revision, by the data set it is bound to, and by its runs' holdouts."""
        held_out = {run.account.holdout.dataset_id for run in found.runs if run.account.holdout}
        return (
            *series_keys(found.name, ""),
            f"data:{found.dataset_id}",
            *(f"data:{one}" for one in sorted(held_out)),
        )

    def assess(self, spec: ExperimentSpec, scene: Scene) -> Assessment:
        """Find the revision bound to the data set as it is now, and in it a run that matches."""
        revisions = in_series(scene.objects, scene.names, spec.name, "")
        dataset: DatasetObject | None = scene.refs["dataset"].object
        bound = [item for item in revisions if dataset and str(item.dataset_id) == str(dataset.id)]
        if dataset is None or not bound:
            taken = [item.name for item in revisions]
            other = f"`{revisions[-1].name}` is bound to other data" if revisions else None
            new = Assessment(
                next_revision(spec.name, "", taken, scene.names),
                create=other or "does not exist",
                start="new",
                revisions=revisions,
                pending=is_run_to_come(spec, None),
            )
            return _with_outlook(new, spec, scene)
        wanted = _evaluation.settings_of(spec, dataset.column_names)
        newest = bound[-1]
        if spec.holdout:
            newest = replace(newest, held_out=_held_out_by(scene.refs["holdout"]))
        found, why_start, changes = match_run(spec, newest, wanted, scene.differ)
        if not why_start and found.run and spec.holdout:
            rescoring = _rescore(found, found.run, scene.refs["holdout"], revisions)
            if rescoring:
                return rescoring._replace(pending=is_run_to_come(spec, found.run))
        active = next((run for run in reversed(found.runs) if run.status in IN_PROGRESS), None)
        assessment = Assessment(
            found.name,
            object=found,
            start=why_start,
            stop=f"run {active.id} is {active.status}" if active else None,
            revisions=revisions,
            changes=changes,
            pending=is_run_to_come(spec, found.run),
        )
        if spec.retrain and not why_start and spec.state == "completed":
            assessment = _retrain(spec.retrain, found, assessment, scene)
        if not assessment.start and not assessment.pending:
            return assessment  # most are so, and nothing more is asked of those
        return _with_outlook(assessment, spec, scene)

    def renew(self, spec: ExperimentSpec, assessment: Assessment, scene: Scene) -> Assessment:
        """A new run, where the file wants one."""
        found: ExperimentObject | None = assessment.object
        if found is None:
            return assessment
        if spec.state != "completed":
            refusal = f"with `state: {spec.state}` no run is started, and so none again"
            return assessment._replace(refusal=refusal)
        again = assessment._replace(
            object=replace(found, run=None),
            start=assessment.start or AGAIN,
            pending=True,
        )
        return _with_outlook(again, spec, scene)

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
            expected = run.account.expected
            score = f", best score {run.score:.4f}" if run.score is not None else ""
            score += f", {expected.outlook} on new rows" if expected else ""
            why = f": {run.account.error}" if run.account.error else ""
            facts[label] = f"{run.id}, {run.status}{score}{why}"
        if run and run.account.holdout:
            facts["holdout"] = run.account.held_out.removeprefix("holdout ")
        return facts

    def notices(self, found: ExperimentObject) -> tuple[Notice, ...]:
        """What the run that it stands for has told."""
        return found.run.account.notices if found.run else ()

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
            options = {name: told.pop(name) for name in PASSED_ON if name in told}
            state = {} if good else {"state": "created"}
            others = [one for one in among["dataset"] if one.id != dataset.id]
            held_out = _held_out(run, others)
            given = {"name": found.name, "dataset": dataset.name, **told, **state, **held_out}
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
        item = yield Send("POST", "experiments", body)
        return ExperimentObject(str(item["id"]), str(item["name"]), dataset.id, ())

    def delete(self, work: Work) -> Steps:
        """One request."""
        yield from delete(f"experiments/{work.object.id}")

    def start(self, work: Work) -> Steps:
        """Make a run with the declared settings and start it; one that only waits is taken up.

        The run is made and started by two requests. A cut between them leaves it `waiting`, which
        the next start takes up instead of making a second one. Without a declaration, the run that
        the experiment is bound to is made once more.
        """
        found: ExperimentObject = work.object
        if work.spec is None:
            return (yield from reproduce(found, wait=work.wait))
        run, holdout = found.run, work.refs.get("holdout")
        if run is not None and holdout is not None and run.status in SATISFYING:
            run = yield from hold_out(run, holdout)
        if run is None or run.status not in SATISFYING:
            dataset = yield from wait_processed(work.refs["dataset"])
            body = _evaluation.to_wire(work.spec, dataset.statistics or {}, holdout)
            body |= to_wire(work.spec.retrain)
            item = yield Send("POST", "experiment_sessions", {"experiment_id": found.id, **body})
            run = run_from_wire(item)
            yield from give_way(found, run, work.project.id)
            check_held_out(run, holdout)
        if run.status == WAITING:
            run = yield from begin(run)
        if work.wait:
            run = yield from wait_completed(run)
            run = yield from wait_scored(run, holdout)
        kept = tuple(other for other in found.runs if other.id != run.id)
        held_out = (str(holdout.id), holdout.name) if holdout else None
        return replace(found, runs=(*kept, run), run=run, held_out=held_out)

    def stop(self, work: Work) -> Steps:
        """Interrupt every run that is active; finished trials stay."""
        found: ExperimentObject = work.object
        stopped = []
        for run in found.every_run:
            if run.status not in IN_PROGRESS:
                continue
            with suppress(Conflict):  # it ended by itself in the meantime
                path = f"experiment_sessions/{run.id}"
                yield Send("PATCH", path, {"status": "interrupted"})
            stopped.append(run_from_wire((yield await_run(run.id))))
        return found.with_runs(stopped)

    def takes_along(self, found: ExperimentObject) -> Iterable[tuple[str, str]]:
        """The models of its runs."""
        return [("model", f"run:{run.id}") for run in found.every_run]

    def selection(self, name: str | None) -> Mapping[tuple[str, ...], str | None]:
        """Another experiment has other runs."""
        return {("experiment", "name"): name, ("experiment", "experiment_session_id"): None}


def _retrain(
    retrain: Retrain, found: ExperimentObject, assessment: Assessment, scene: Scene
) -> Assessment:
    """Return the assessment with the start that what has happened since the last run asks for.

    A run that was made for it and never started is taken up.
    """
    if found.run is None or found.run.status != COMPLETED:
        return assessment
    known = {run.id: run for item in assessment.revisions for run in item.runs}
    alerts = [one for item in assessment.revisions for one in item.alerts]
    live = {one for item in assessment.revisions for one in item.live_runs}
    facts = Facts(scene.present, live, found.actual_days or {})
    due = find_due(retrain, list(known.values()), alerts, facts)
    if due.later:
        return assessment._replace(caution=due.later, caution_code="retrain-later")
    if due.why is None:
        return assessment
    newer = [run for run in found.runs if run.created_at > found.run.created_at]
    waiting = next((run for run in reversed(newer) if run.status == WAITING), None)
    return assessment._replace(
        object=replace(found, run=waiting), start=f"{RETRAIN}{due.why}", pending=True
    )


def is_run_to_come(spec: ExperimentSpec, run: Run | None) -> bool:
    """Say whether a run is expected to be completed that is not yet."""
    if run is not None and run.status in (COMPLETED, *IN_PROGRESS):
        return run.status != COMPLETED and spec.state != "stopped"
    return spec.state == "completed"


def _with_outlook(assessment: Assessment, spec: ExperimentSpec, scene: Scene) -> Assessment:
    """Add what there is to say of the run that is to come, or that is under way."""
    data, found = scene.refs["dataset"], assessment.object
    use = describe_use(spec.retrain, found.actual_days) if found else ""
    dataset: DatasetObject | None = data.object
    columns = dataset.column_names if dataset else frozenset()
    wanted = _evaluation.settings_of(spec, columns)
    is_first = assessment.start and dataset and not (assessment.object and assessment.object.runs)
    breach = data.breach if is_first and spec.state == "completed" else None
    return assessment._replace(
        detail={Verb.START: _evaluation.describe_search(spec) + use},
        past=past_seconds(wanted, assessment.revisions, dataset.id if dataset else None),
        limit=spec.max_total_time * 60.0,
        fault=(_evaluation.say_unfit(spec, dataset) if assessment.start else None) or breach,
        schema_changes=data.schema_changes if is_first else (),
    )


def _check_holdout(spec: ExperimentSpec, refs: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield why a holdout tells nothing: the search sees it, or it has nothing to compare with."""
    header = getattr(refs.get("holdout"), "header", None)
    if spec.holdout is not None and spec.holdout == spec.dataset:
        hint = "the holdout is rows that no search sees, so it is another data set"
        yield Finding("seen-holdout", "a holdout that the search sees", ("holdout",), hint)
    elif is_same_data(refs.get("dataset"), refs.get("holdout")):
        hint = f"`{spec.dataset}` is made of the same; the holdout is rows that no search sees"
        yield Finding("seen-holdout", "a holdout that the search sees", ("holdout",), hint)
    elif header is not None and spec.state != "absent" and spec.target not in header:
        hint = f"it has no column `{spec.target}`, so nothing can be scored on it"
        yield Finding("unknown-column", "a holdout without the target", ("holdout",), hint)
    elif header is not None and spec.state != "absent":
        known = getattr(refs.get("dataset"), "header", None) or ()
        missing = [name for name in known if name not in {*header, *spec.exclude}]
        if missing:
            told = quote_some(missing, 5)
            hint = f"it has no {told}: if the model learns from it, nothing can be scored there"
            summary = "a holdout without a column of the data"
            yield Finding("unknown-column", summary, ("holdout",), hint, is_error=False)


def _rescore(
    found: ExperimentObject, run: Run, holdout: Assessment, revisions: Sequence[ExperimentObject]
) -> Assessment | None:
    """Return that a run has to be scored on another holdout, without a search; None if it is not.

    What is learned does not depend on the holdout, so another one is no reason for another run.
    """
    dataset_id, name = _held_out_by(holdout)
    scored = run.account.holdout
    before = scored.name if scored else None
    if scored is None or scored.dataset_id != dataset_id:
        why = "another holdout" if scored else "a holdout"
        changes: tuple[FieldChange, ...] = (FieldChange("holdout", before, name),)
    elif scored.status == "error":
        changes = ()
        why = f"run {run.id} could not be scored on the holdout: {scored.error}"
    else:
        return None
    return Assessment(
        found.name,
        object=found,
        start=why,
        revisions=tuple(revisions),
        changes=changes,
        detail={Verb.START: f"score run {run.id} on {name}, without a search"},
    )


def _held_out_by(holdout: Assessment) -> tuple[str, str]:
    declared: DatasetObject | None = holdout.object
    return (str(declared.id), declared.name) if declared else ("", holdout.name)


def _held_out(run: Run, datasets: Sequence[DatasetObject]) -> Mapping[str, str]:
    """Return the holdout of a run as it would be declared."""
    holdout = run.account.holdout
    names = [one.name for one in datasets if holdout and str(one.id) == holdout.dataset_id]
    return {"holdout": names[0]} if names else {}


KIND = Experiment()
