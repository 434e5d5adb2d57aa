from dataclasses import replace
from typing import Any

import pytest

from auger_reconcile.errors import ActionFailed, Conflict
from auger_reconcile.resources import dataset
from auger_reconcile.resources._steps import Await, ReadAll, Send
from auger_reconcile.resources.experiment import KIND, ExperimentSpec
from auger_reconcile.resources.files.source import DatasetSpec
from auger_reconcile.resources.search.runs import ExperimentObject, Run, run_from_wire

from .driving import CONFLICT, GONE, drive, work
from .test_dataset import PROJECT
from .test_dataset import wire as data_wire

SPEC = ExperimentSpec(name="exp", dataset="d.csv", model_type="classification", target="age")
DATA = dataset.from_wire(data_wire())
BEGIN = Send("PATCH", "experiment_sessions/R1", {"status": "preprocess"})
LOOK = ReadAll("experiment_sessions", {"project_id": 3, "experiment_id": "E1"}, naming="R1")
INTERRUPT = Send("PATCH", "experiment_sessions/R1", {"status": "interrupted"})


def run(status: str, run_id: str = "R1") -> Run:
    return Run(run_id, status, {}, None, "2020")


def experiment(*runs: Run, bound: Run | None = None) -> ExperimentObject:
    return ExperimentObject("E1", "exp", 11, runs, bound)


SENT: dict[str, Any] = {
    "model_settings": {"evaluation_options": {"max_n_trials": 5, "scoring": "f1_macro"}}
}


def wire(status: str, **more: Any) -> dict[str, Any]:
    told = {"id": "R1", "experiment_id": "E1", "status": status, "model_settings": {}}
    return {**told, **more}


def start(found: ExperimentObject, *, wait: bool = False) -> Any:
    return KIND.start(work(SPEC, found, refs={"dataset": DATA}, project=PROJECT, wait=wait))


def test_experiments_are_read_with_their_runs_oldest_first() -> None:
    answers = {
        "experiments": [
            {"id": "E1", "name": "exp", "project_file_id": 11, "deleted": False},
            {"id": "E2", "name": "old", "deleted": True},
        ],
        "experiment_sessions": [
            wire("completed", id="R2", created_at="2020-02"),
            wire("error", created_at="2020-01"),
            wire("completed", id="R3", deleted=True),
            wire("completed", id="R4", experiment_id="E9"),
        ],
    }
    [found] = KIND.observe(answers)
    assert [one.id for one in found.runs] == ["R1", "R2"]
    assert found.status == "completed"


def test_an_experiment_without_runs_is_created() -> None:
    assert experiment().status == "created"


@pytest.mark.parametrize("score", [None, "0.5"])
def test_a_score_that_is_no_number_is_none(score: Any) -> None:
    assert run_from_wire(wire("completed", top_score_value=score)).score is None


def test_empty_settings_of_a_run_that_failed_early_are_unknown() -> None:
    found = run_from_wire(wire("error", model_type=None, dataset_statistics=None))
    assert {name for name, value in found.settings.items() if value is not None} == set()


def test_create_binds_to_the_url_of_the_data() -> None:
    steps = KIND.create(work(SPEC, refs={"dataset": DATA}, project=PROJECT))
    asked, found = drive(steps, {"id": "E1", "name": "exp"})
    body = {"name": "exp", "project_id": 3, "data_path": DATA.url}
    assert asked == [Send("POST", "experiments", body)]
    assert found == experiment()


def test_start_makes_a_run_and_starts_it() -> None:
    asked, found = drive(
        start(experiment()), wire("waiting"), [wire("waiting")], wire("preprocess")
    )
    assert isinstance(asked[0], Send)
    assert (asked[0].method, asked[0].path) == ("POST", "experiment_sessions")
    assert asked[0].body["experiment_id"] == "E1"
    assert asked[1] == LOOK
    assert asked[2] == BEGIN
    assert found.run.status == "preprocess"


def test_start_waits_for_data_that_is_still_processed() -> None:
    data = dataset.from_wire(data_wire("processing"))
    steps = KIND.start(
        work(SPEC, experiment(), refs={"dataset": data}, project=PROJECT, wait=False)
    )
    asked, _ = drive(steps, data_wire(), wire("waiting"), [], wire("preprocess"))
    assert isinstance(asked[0], Await)
    assert isinstance(asked[1], Send)
    assert asked[1].body["dataset_statistics"]["stat_data"][0]["column_name"] == "age"


def test_of_two_applies_that_make_the_same_run_the_second_gives_way() -> None:
    mine = wire("waiting", created_at="2020-02", **SENT)
    theirs = wire("started", id="R0", created_at="2020-01", **SENT)
    with pytest.raises(ActionFailed, match="another apply has started run R0"):
        drive(start(experiment()), mine, [mine, theirs])


def test_of_two_applies_that_make_the_same_run_the_first_goes_on() -> None:
    mine = wire("waiting", created_at="2020-01", **SENT)
    theirs = wire("waiting", id="R0", created_at="2020-02", **SENT)
    _, found = drive(start(experiment()), mine, [mine, theirs], wire("preprocess"))
    assert found.run.status == "preprocess"


@pytest.mark.parametrize(
    "other",
    [
        {"id": "R0", "status": "interrupted"},
        {"id": "R0", "status": "started", "model_settings": {"evaluation_options": {}}},
    ],
)
def test_another_run_that_is_no_twin_does_not_matter(other: dict[str, Any]) -> None:
    mine = wire("waiting", created_at="2020-02", **SENT)
    rival = {**mine, "created_at": "2020-01", **other}
    _, found = drive(start(experiment()), mine, [mine, rival], wire("preprocess"))
    assert found.run.status == "preprocess"


def test_start_takes_up_a_run_that_waits() -> None:
    waiting = run("waiting")
    asked, found = drive(start(experiment(waiting, bound=waiting)), wire("preprocess"))
    assert asked == [BEGIN]
    assert len(found.runs) == 1


def test_start_of_what_is_under_way_only_waits() -> None:
    busy = run("started")
    asked, found = drive(start(experiment(busy, bound=busy), wait=True), wire("completed"))
    assert [type(step) for step in asked] == [Await]
    assert found.run.status == "completed"


def test_a_run_that_somebody_else_started_is_waited_for() -> None:
    waiting = run("waiting")
    steps = start(experiment(waiting, bound=waiting), wait=True)
    asked, found = drive(steps, CONFLICT, wire("started"), wire("completed"))
    assert asked[1] == Send("GET", "experiment_sessions/R1")
    assert found.run.status == "completed"


def test_a_run_that_cannot_be_started_fails() -> None:
    waiting = run("waiting")
    with pytest.raises(Conflict):
        drive(start(experiment(waiting, bound=waiting)), CONFLICT, wire("waiting"))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (wire("error", message="boom"), "ended with status `error`: boom"),
        (wire("interrupted"), "ended with status `interrupted`$"),
        (
            wire("error", model_settings={"errors": {"error": "no memory"}}),
            "ended with status `error`: no memory",
        ),
    ],
)
def test_a_run_that_ends_badly_fails(item: dict[str, Any], words: str) -> None:
    steps = start(experiment(), wait=True)
    with pytest.raises(ActionFailed, match=words):
        drive(steps, wire("waiting"), [], wire("preprocess"), item)


def test_stop_interrupts_what_is_active_and_nothing_else() -> None:
    found = experiment(run("completed", "R0"), run("started"), run("waiting", "R2"))
    asked, left = drive(KIND.stop(work(SPEC, found)), wire("interrupted"), wire("interrupted"))
    assert asked[0] == INTERRUPT
    assert [one.status for one in left.runs] == ["completed", "interrupted", "waiting"]


def test_stop_of_a_run_that_ended_by_itself_is_fine() -> None:
    steps = KIND.stop(work(SPEC, experiment(run("started"))))
    _, left = drive(steps, CONFLICT, wire("completed"))
    assert [one.status for one in left.runs] == ["completed"]


@pytest.mark.parametrize("answer", [{}, GONE])
def test_delete_takes_gone_for_deleted(answer: Any) -> None:
    asked, _ = drive(KIND.delete(work(SPEC, experiment())), answer)
    assert asked == [Send("DELETE", "experiments/E1")]


def test_selecting_an_experiment_clears_the_run() -> None:
    assert KIND.selection("exp") == {
        ("experiment", "name"): "exp",
        ("experiment", "experiment_session_id"): None,
    }


HOLDOUT = dataset.from_wire({**data_wire(), "id": 12, "name": "h.csv"})
HELD_SPEC = SPEC.model_copy(update={"holdout": "h.csv"})


def held(status: str, scored: str, data_id: int = 12, error: str | None = None) -> dict[str, Any]:
    told = {"project_file_id": data_id, "name": "h.csv", "status": scored, "error": error}
    return wire(status, model_settings={"holdout": told}, holdout_status=scored)


def start_held(found: ExperimentObject, *, wait: bool = True) -> Any:
    refs = {"dataset": DATA, "holdout": HOLDOUT}
    return KIND.start(work(HELD_SPEC, found, refs=refs, project=PROJECT, wait=wait))


def test_a_run_is_made_with_its_holdout_and_waited_for_until_it_is_scored() -> None:
    new = held("waiting", "waiting")
    done = (held("completed", "waiting"), held("completed", "scored"))
    asked, found = drive(start_held(experiment()), new, [new], held("preprocess", ""), *done)
    assert isinstance(asked[0], Send)
    assert asked[0].body["holdout_id"] == 12
    assert isinstance(asked[4], Await)
    assert (asked[4].field, asked[4].waiting) == ("holdout_status", frozenset({"waiting"}))
    assert asked[4].progress is not None
    assert asked[4].progress({}) == "scoring on h.csv"
    assert found.held_out == ("12", "h.csv")


def test_another_holdout_is_scored_without_another_run() -> None:
    before = run_from_wire(held("completed", "scored", data_id=9))
    asked, found = drive(
        start_held(experiment(before, bound=before)),
        held("completed", "waiting"),
        held("completed", "scored"),
    )
    assert asked[0] == Send("PATCH", "experiment_sessions/R1", {"holdout_id": 12})
    assert len(asked) == 2
    assert found.run.account.holdout.status == "scored"


def test_a_holdout_that_is_scored_already_asks_for_nothing() -> None:
    before = run_from_wire(held("completed", "scored"))
    with pytest.raises(StopIteration) as end:
        next(start_held(experiment(before, bound=before)))
    assert end.value.value.run == before


@pytest.mark.parametrize("error", ["no column", None])
def test_a_holdout_that_cannot_be_scored_fails_and_says_why(error: str | None) -> None:
    before = run_from_wire(wire("completed"))
    why = error or "no reason given"
    with pytest.raises(ActionFailed, match=f"R1 could not be scored on h.csv: {why}"):
        drive(
            start_held(experiment(before, bound=before)),
            held("completed", "waiting"),
            held("completed", "error", error=error),
        )


def test_a_hub_that_takes_no_holdout_is_told() -> None:
    new = wire("waiting")
    with pytest.raises(ActionFailed, match="this hub scores no holdout"):
        drive(start_held(experiment()), new, [new])


@pytest.mark.parametrize(
    ("name", "header", "code"),
    [("d.csv", None, "seen-holdout"), ("h.csv", ("id",), "unknown-column"), ("h.csv", None, None)],
)
def test_a_holdout_that_tells_nothing_is_refused(name: str, header: Any, code: str | None) -> None:
    spec = SPEC.model_copy(update={"holdout": name})
    data = DatasetSpec(name=name, source="x.csv", header=header)
    found = KIND.check(spec, {"holdout": data})
    assert [one.code for one in found] == ([code] if code else [])


@pytest.mark.parametrize(("excluded", "told"), [((), 1), (("city",), 0)])
def test_a_holdout_without_a_column_of_the_data_is_told(excluded: Any, told: int) -> None:
    spec = SPEC.model_copy(update={"holdout": "h.csv", "exclude": excluded})
    data = DatasetSpec(name="d.csv", source="d.csv", header=("id", "city", spec.target))
    rows = DatasetSpec(name="h.csv", source="h.csv", header=("id", spec.target))
    found = list(KIND.check(spec, {"dataset": data, "holdout": rows}))
    assert [(one.code, one.is_error) for one in found] == [("unknown-column", False)] * told


@pytest.mark.parametrize(
    ("data", "holdout", "codes"),
    [
        ({"source": "https://d.test/a.csv"}, {"source": "https://d.test/a.csv"}, ["seen-holdout"]),
        ({"source": "https://d.test/a.csv"}, {"source": "https://d.test/b.csv"}, []),
        ({"source": "a", "sha256": "1"}, {"source": "b", "sha256": "1"}, ["seen-holdout"]),
        ({"source": "a", "sha256": "1"}, {"source": "b", "sha256": "2"}, []),
        ({"source": "a"}, {"source": "b"}, []),
    ],
)
def test_a_holdout_of_the_same_rows_under_another_name_is_refused(
    data: dict[str, str], holdout: dict[str, str], codes: list[str]
) -> None:
    spec = SPEC.model_copy(update={"holdout": "h.csv"})
    refs = {
        "dataset": DatasetSpec(name="d.csv", **data),
        "holdout": DatasetSpec(name="h.csv", **holdout),
    }
    assert [one.code for one in KIND.check(spec, refs)] == codes


def test_runs_that_make_others_once_more_stand_apart() -> None:
    answers = {
        "experiments": [{"id": "E1", "name": "exp", "project_file_id": 11}],
        "experiment_sessions": [
            wire("completed", created_at="2020-01"),
            wire("completed", id="R2", reproduces="R1", created_at="2020-02"),
            wire("error", id="R3", reproduces="R1", created_at="2020-03"),
        ],
    }
    [found] = KIND.observe(answers)
    assert [one.id for one in found.runs] == ["R1"]
    assert [one.id for one in found.reproductions] == ["R2", "R3"]
    made = found.reproduction_of("R1")
    assert made is not None
    assert made.id == "R2"
    assert found.reproduction_of("R2") is None
    assert ("model", "run:R2") in KIND.takes_along(found)


def test_without_a_declaration_the_bound_run_is_made_once_more() -> None:
    first = run("completed")
    found = experiment(first, bound=first)
    asked, after = drive(
        KIND.start(work(None, found, wait=True)),
        wire("waiting", id="R2", reproduces="R1"),
        {},
        wire("completed", id="R2", reproduces="R1"),
    )
    body = {"experiment_id": "E1", "reproduces": "R1"}
    assert asked[0] == Send("POST", "experiment_sessions", body)
    assert asked[1] == Send("PATCH", "experiment_sessions/R2", {"status": "preprocess"})
    assert after.runs == (first,)
    assert [one.id for one in after.reproductions] == ["R2"]


def test_one_that_was_made_and_never_started_is_taken_up() -> None:
    made = run_from_wire(wire("waiting", id="R2", reproduces="R1"))
    found = replace(experiment(run("completed")), reproductions=(made,), run=made)
    asked, after = drive(KIND.start(work(None, found, wait=False)), {})
    assert asked == [Send("PATCH", "experiment_sessions/R2", {"status": "preprocess"})]
    assert [one.status for one in after.reproductions] == ["preprocess"]


def test_a_stop_is_of_runs_that_make_others_once_more_as_well() -> None:
    made = run_from_wire(wire("started", id="R2", reproduces="R1"))
    found = replace(experiment(run("completed")), reproductions=(made,))
    asked, after = drive(KIND.stop(work(SPEC, found)), {}, wire("interrupted", id="R2"))
    assert asked[0] == Send("PATCH", "experiment_sessions/R2", {"status": "interrupted"})
    assert [one.status for one in after.reproductions] == ["interrupted"]
