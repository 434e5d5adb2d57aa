import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from laws.declared import addresses, declare
from laws.driver import Driver, impatient
from laws.wire import Fault, Wire
from laws.world import World

from auger_reconcile.applier.apply import ApplyOptions, apply_plan
from auger_reconcile.applier.result import (
    ApplyResult,
    Finished,
    Outcome,
    Progressed,
    Started,
    Status,
)
from auger_reconcile.errors import ActionFailed, HubError, PlanRefused, Unavailable
from auger_reconcile.planner.one_resource import with_selection
from auger_reconcile.planner.plan import Action, Plan

MODEL = {
    "name": "shop",
    "datasets": {"d.csv": {"content": "x"}},
    "experiments": {"exp": {"dataset": "d.csv"}},
    "models": {"prod": {"experiment": "exp"}},
}


@dataclass
class Applied:
    """What came of an apply, and everything that was told on the way."""

    result: ApplyResult
    events: list[Any]

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return {shorten(outcome.action): outcome for outcome in self.result.outcomes}

    @property
    def statuses(self) -> dict[str, str]:
        return {name: outcome.status.value for name, outcome in self.outcomes.items()}


@dataclass
class Stage:
    """A hub, a folder and a user."""

    folder: Path
    world: World = field(default_factory=World)

    def plan(self, document: dict[str, Any]) -> Plan:
        return Driver(Wire(self.world), self.folder).plan(declare(document, folder=self.folder))

    def apply(self, plan: Plan, client: Any = None, **options: Any) -> Applied:
        events: list[Any] = []
        told = options.pop("on_event", lambda _: None)
        options = {"patience": impatient(), "parallelism": 1, **options}

        def note(event: Any) -> None:
            events.append(event)
            told(event)

        chosen = ApplyOptions(on_event=note, **options)
        client = client or Wire(self.world)
        return Applied(apply_plan(plan, client, self.folder, chosen), events)

    def live(self, document: dict[str, Any]) -> None:
        assert self.apply(self.plan(document), wait=True).result.is_complete


@pytest.fixture
def stage(folder: Path) -> Stage:
    return Stage(folder)


def shorten(action: Action) -> str:
    return f"{action.verb.value} {action.address}"


def many(number: int, **more: Any) -> dict[str, Any]:
    datasets = {f"d{n}.csv": {"source": f"https://data.test/{n}.csv"} for n in range(number)}
    return {"name": "shop", "datasets": datasets, **more}


def test_everything_is_applied_in_the_order_of_the_plan(stage: Stage) -> None:
    applied = stage.apply(stage.plan(MODEL))
    begun = [shorten(event.action) for event in applied.events if isinstance(event, Started)]
    assert begun == [
        "create project.shop",
        "start project.shop",
        "create dataset.d.csv",
        "create experiment.exp",
        "start experiment.exp",
        "create model.prod",
    ]
    assert applied.result.is_complete
    assert applied.result.count(Status.APPLIED) == 6


def test_independent_actions_run_at_the_same_time_and_never_more_than_allowed(stage: Stage) -> None:
    both, active, most = threading.Barrier(2, timeout=10), [0], [0]

    class Meeting(Wire):
        def call(self, method: str, path: str, body: Any = None) -> Any:
            if (method, path) == ("POST", "project_files"):
                both.wait()  # breaks unless two are there
            return super().call(method, path, body)

    def count(event: Any) -> None:
        active[0] += {Started: 1, Finished: -1}.get(type(event), 0)
        most[0] = max(most[0], active[0])

    plan = stage.plan(many(6))
    applied = stage.apply(plan, Meeting(stage.world), parallelism=2, on_event=count)
    assert applied.result.is_complete
    assert most == [2]


def test_a_failed_action_skips_only_what_depends_on_it(stage: Stage) -> None:
    document = many(1, experiments={"good": {"dataset": "d0.csv"}, "bad": {"dataset": "u.csv"}})
    document["datasets"]["u.csv"] = {"content": "unreadable"}
    applied = stage.apply(stage.plan(document))
    assert applied.statuses == {
        "create project.shop": "applied",
        "start project.shop": "applied",
        "create dataset.d0.csv": "applied",
        "create dataset.u.csv": "failed",
        "create experiment.good": "applied",
        "start experiment.good": "applied",
        "create experiment.bad": "skipped",
        "start experiment.bad": "skipped",
    }
    assert applied.outcomes["create experiment.bad"].note == "needs dataset.u.csv"
    assert str(applied.outcomes["create dataset.u.csv"].error).endswith("no table")
    assert not applied.result.is_complete


def test_a_refused_plan_does_nothing(stage: Stage) -> None:
    stage.live(many(1))
    gone = {"name": "shop", "state": "absent", "lifecycle": {"prevent_destroy": True}}
    wire = Wire(stage.world)
    with pytest.raises(PlanRefused):
        stage.apply(stage.plan(gone), wire)
    assert wire.sent == []


def test_a_bug_in_one_action_does_not_take_others_down(stage: Stage) -> None:
    class Broken(Wire):
        def call(self, method: str, path: str, body: Any = None) -> Any:
            if (body or {}).get("url") == "https://data.test/0.csv":
                raise ZeroDivisionError("oh")
            return super().call(method, path, body)

    applied = stage.apply(stage.plan(many(2)), Broken(stage.world))
    assert applied.statuses["create dataset.d0.csv"] == "failed"
    assert applied.statuses["create dataset.d1.csv"] == "applied"
    told = str(applied.outcomes["create dataset.d0.csv"].error)
    assert told == "ZeroDivisionError: oh; this is a bug in auger_reconcile"


@pytest.mark.parametrize(
    ("method", "path", "answer", "request_"),
    [
        ("POST", "projects", {}, "POST /api/v1/projects"),
        ("POST", "projects", [], "POST /api/v1/projects"),
        ("GET", "projects/2", {}, "GET /api/v1/projects/2"),
        ("GET", "projects/2", [], "GET /api/v1/projects/2"),
        ("GET", "trials", [None], "GET /api/v1/trials"),
    ],
)
def test_an_answer_in_another_form_is_the_hubs_fault(
    stage: Stage, method: str, path: str, answer: Any, request_: str
) -> None:
    class Foreign(Wire):
        def call(self, asked: str, at: str, body: Any = None) -> Any:
            found = super().call(asked, at, body)
            return answer if (asked, at) == (method, path) else found

        def list_all(self, collection: str, filters: Any = None) -> Any:
            found = super().list_all(collection, filters)
            return answer if (method, path) == ("GET", collection) else found

    applied = stage.apply(stage.plan(MODEL), Foreign(stage.world))
    [error] = [one.error for one in applied.result.outcomes if one.error]
    assert isinstance(error, HubError)
    assert error.request == request_
    assert "in a form that is not the API's" in str(error)
    assert ("may have been carried out" in str(error)) == (method == "POST")


def test_the_stop_signal_finishes_what_runs_and_skips_the_rest(stage: Stage) -> None:
    patience = impatient()

    def stop(event: Any) -> None:
        if isinstance(event, Progressed) and event.action.address.kind == "experiment":
            patience.stop.set()

    applied = stage.apply(stage.plan(MODEL), patience=patience, on_event=stop)
    assert applied.statuses["start experiment.exp"] == "applied"
    assert applied.outcomes["start experiment.exp"].note == "it continues on the hub, unwatched"
    assert applied.statuses["create model.prod"] == "skipped"
    assert applied.result.interrupted
    assert not applied.result.is_complete


def test_a_run_that_is_being_made_by_the_stop_signal_is_started_too(stage: Stage) -> None:
    patience = impatient()

    def stop(event: Any) -> None:
        if isinstance(event, Started) and shorten(event.action) == "start experiment.exp":
            patience.stop.set()

    applied = stage.apply(stage.plan(MODEL), patience=patience, on_event=stop)
    assert applied.outcomes["start experiment.exp"].note == "it continues on the hub, unwatched"
    [run] = stage.world.rows["experiment_sessions"].values()
    assert run["status"] != "waiting"


def test_what_has_not_changed_anything_yet_is_skipped_by_the_stop_signal(stage: Stage) -> None:
    stage.live({**MODEL, "models": {}})
    [run] = stage.world.rows["experiment_sessions"].values()
    run["status"] = "started"
    patience = impatient()

    def stop(event: Any) -> None:
        if isinstance(event, Started):
            patience.stop.set()

    applied = stage.apply(stage.plan(MODEL), patience=patience, on_event=stop)
    assert applied.statuses == {"create model.prod": "skipped"}
    assert applied.outcomes["create model.prod"].note == "interrupted"


def test_ctrl_c_stops_what_has_not_begun(stage: Stage) -> None:
    def interrupt(event: Any) -> None:
        if isinstance(event, Finished) and shorten(event.outcome.action) == "create project.shop":
            raise KeyboardInterrupt

    applied = stage.apply(stage.plan(MODEL), on_event=interrupt)
    assert applied.statuses["create project.shop"] == "applied"
    assert set(applied.statuses.values()) == {"applied", "skipped"}
    assert applied.result.interrupted


def test_a_second_ctrl_c_ends_at_once(stage: Stage) -> None:
    def interrupt(event: Any) -> None:
        if isinstance(event, Finished):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.apply(stage.plan(MODEL), on_event=interrupt)


def test_a_wait_without_an_end_is_given_up(stage: Stage) -> None:
    class Stuck(World):
        def _move(self, collection: str, row: Any) -> None:
            if collection != "project_files":
                super()._move(collection, row)

    stage.world = Stuck()
    applied = stage.apply(stage.plan(many(1)), patience=impatient(timeout=60))
    told = str(applied.outcomes["create dataset.d0.csv"].error)
    assert told.startswith("the data set of id ")
    assert "has not come to its end after 6" in told


def test_runs_that_nothing_depends_on_are_not_waited_for(stage: Stage) -> None:
    stage.apply(stage.plan({**MODEL, "models": {}}))
    [run] = stage.world.rows["experiment_sessions"].values()
    assert run["status"] == "preprocess"


def test_runs_are_waited_for_when_asked(stage: Stage) -> None:
    stage.apply(stage.plan({**MODEL, "models": {}}), wait=True)
    [run] = stage.world.rows["experiment_sessions"].values()
    assert run["status"] == "completed"


def test_progress_is_told_in_words_and_bytes(stage: Stage) -> None:
    class Telling(Wire):
        def upload(self, form: Any, source: Path, *, progress: Any = None) -> None:
            self.world.upload(form, source, progress=progress)

    applied = stage.apply(stage.plan(MODEL), Telling(stage.world))
    told = [event for event in applied.events if isinstance(event, Progressed)]
    texts = [event.text for event in told if event.action.address.kind == "experiment"]
    assert texts == ["started"]
    uploads = [(event.done, event.total) for event in told if event.text == "uploading"]
    assert uploads == [(1, 1)]


def test_a_champion_that_nothing_beats_is_kept(stage: Stage) -> None:
    stage.live(MODEL)
    rows = stage.world.rows
    for row in rows["trials"].values():
        row["score_value"] = 1.0
    [run], [live] = rows["experiment_sessions"].values(), rows["pipelines"]
    run["top_score_value"] = rows["pipelines"][live]["trial"]["score_value"] = 1.0
    again = {**MODEL, "experiments": {"exp": {"dataset": "d.csv", "max_n_trials": 7}}}
    applied = stage.apply(stage.plan(again))
    assert applied.outcomes["delete model.prod"].note == "kept: nothing better came"
    assert rows["pipelines"][live]["status"] == "ready"
    assert stage.plan(again).is_empty


def test_data_that_changed_since_the_plan_is_not_sent(stage: Stage) -> None:
    plan = stage.plan(MODEL)
    (stage.folder / "x.csv").write_text("other")
    applied = stage.apply(plan)
    error = applied.outcomes["create dataset.d.csv"].error
    assert isinstance(error, ActionFailed)
    assert "has changed since the plan was made" in str(error)
    assert stage.world.made["uploads"] == 0


def test_data_that_is_gone_since_the_plan_fails_its_action(stage: Stage) -> None:
    plan = stage.plan(MODEL)
    (stage.folder / "x.csv").unlink()
    applied = stage.apply(plan)
    assert "cannot be read" in str(applied.outcomes["create dataset.d.csv"].error)


def test_a_lost_answer_fails_its_action(stage: Stage) -> None:
    applied = stage.apply(stage.plan(many(0)), Wire(stage.world, Fault.LOST_BEFORE, 0))
    assert isinstance(applied.outcomes["create project.shop"].error, Unavailable)


def test_a_project_that_the_plan_creates_is_stopped_in_the_end(stage: Stage) -> None:
    stage.live({**MODEL, "state": "stopped"})
    [project] = stage.world.rows["projects"].values()
    assert project["status"] == "undeployed"


def test_a_download_lies_beside_its_note_and_goes_with_it(stage: Stage) -> None:
    local = {**MODEL, "models": {"prod": {"experiment": "exp", "locally": True}}}
    stage.live(local)
    names = sorted(path.name for path in (stage.folder / "models").iterdir())
    [trial, _] = stage.world.rows["trials"]
    assert names == [f"model-{trial}.json", f"model-{trial}.zip"]
    gone = {**MODEL, "models": {"prod": {"experiment": "exp", "locally": True, "state": "absent"}}}
    stage.live(gone)
    assert list((stage.folder / "models").iterdir()) == []


def test_select_writes_through_the_given_editor(stage: Stage) -> None:
    [address] = addresses(["shop/project.shop"])
    plan = with_selection(stage.plan(many(0)), address, "shop", {})
    selected: list[str] = []
    applied = stage.apply(plan, select=lambda action: selected.append(action.name))
    assert selected == ["shop"]
    assert applied.result.is_complete


def test_select_without_a_file_fails(stage: Stage) -> None:
    [address] = addresses(["shop/project.shop"])
    applied = stage.apply(with_selection(stage.plan(many(0)), address, "shop", {}))
    told = str(applied.outcomes["select project.shop"].error)
    assert told == "there is no auger.yaml to write the name into"
