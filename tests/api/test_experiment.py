"""Runs, leaderboards and history of an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auger.api import AugerError, Context, DataSet, Experiment, Model, NotFound, Project
from tests.api.live_hub import LiveHub, write_project

from .conftest import OpenContext, Trained


@pytest.fixture
def learned(trained: Trained, hub: LiveHub, work: Path) -> Iterator[Context]:
    """The context of the trained project."""
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        yield context


def test_a_leaderboard_is_sorted_by_score(learned: Context, trained: Trained) -> None:
    rows, status = Experiment(learned).leaderboard()
    assert status == "completed"
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert rows[0]["id"] == trained.model_id
    assert Experiment(learned).leaderboard(trained.run_id) == (rows, status)


def test_history_has_settings_and_leaderboard_of_every_run(
    learned: Context, trained: Trained
) -> None:
    (run,) = Experiment(learned).history()
    assert run["id"] == trained.run_id
    assert run["experiment"] == "flowers.csv-experiment"
    assert run["settings"]["max_n_trials"] == 1
    assert run["settings"]["target"] == "species"
    assert run["leaderboard"][0]["id"] == trained.model_id
    assert run["score"] == run["leaderboard"][0]["score"]


def test_an_experiment_is_listed_and_described(learned: Context) -> None:
    (listed,) = Experiment(learned).list()
    assert listed["name"] == "flowers.csv-experiment"
    assert Experiment(learned).properties()["id"] == listed["id"]
    assert Experiment(learned).wait() == "completed"
    assert Experiment(learned).stop() is False


def test_a_run_with_these_settings_is_taken_as_it_is(learned: Context, trained: Trained) -> None:
    assert Experiment(learned).plan_start().is_empty
    assert Experiment(learned).start() == ("flowers.csv-experiment", trained.run_id)


def test_asked_for_again_the_run_is_repeated(learned: Context) -> None:
    (action,) = Experiment(learned).plan_start(again=True).actions
    assert (action.verb.value, str(action.address)) == (
        "start",
        "experiment.flowers.csv-experiment",
    )


def test_changed_settings_start_another_run_of_the_same_experiment(
    learned: Context, trained: Trained, work: Path
) -> None:
    text = (trained.folder / "auger.yaml").read_text()
    (work / "auger.yaml").write_text(text.replace("folds: 2", "folds: 3"))
    context = Context(work, environ=learned.environ, home=work)
    (action,) = Experiment(context).plan_start().actions
    assert [(c.path, c.before, c.after) for c in action.changes] == [
        ("cross_validation_folds", 2, 3)
    ]
    context.close()


def test_a_new_name_takes_the_settings_of_the_file(learned: Context) -> None:
    plan = Experiment(learned, DataSet(learned), "another").plan_start()
    assert [(a.verb.value, a.name) for a in plan.actions] == [
        ("create", "another"),
        ("start", "another"),
        ("select", "another"),
    ]


def test_an_experiment_learns_from_the_data_set_it_is_given(
    open_context: OpenContext, name: str, work: Path
) -> None:
    write_project(work, name)
    context = open_context()
    (work / "other.csv").write_text("a,species\n" + "1,x\n2,y\n" * 20)
    other = DataSet(context, Project(context, name), "other").create("other.csv")
    plan = Experiment(context, other, "mine").plan_start()
    create = plan.actions[0]
    assert (create.verb.value, create.name, create.spec.dataset) == ("create", "mine", "other")


def test_a_run_that_is_stopped_keeps_what_it_had(
    open_context: OpenContext, name: str, work: Path
) -> None:
    file = write_project(work, name)
    file.write_text(file.read_text().replace("max_n_trials: 1", "max_n_trials: 500"))
    context = open_context()
    DataSet(context).create(select=True)
    experiment = Experiment(context)
    _, run_id = experiment.start(select=True)
    assert "name: flowers.csv-experiment" in file.read_text()
    assert Experiment(context).stop() is True
    assert Experiment(context).leaderboard(run_id)[1] == "interrupted"
    Experiment(context).delete(select=True)
    assert "name: flowers.csv-experiment" not in file.read_text()
    with pytest.raises(NotFound):
        experiment.properties()


def test_what_does_not_exist_is_not_found(learned: Context) -> None:
    ghost = Experiment(learned, experiment_name="ghost")
    for call in (ghost.stop, ghost.delete, ghost.wait, ghost.properties):
        with pytest.raises(NotFound, match="experiment `ghost` does not exist"):
            call()
    with pytest.raises(NotFound, match="experiment `ghost` does not exist"):
        list(ghost.history())


def test_among_several_declared_experiments_one_has_to_be_named(
    learned: Context, work: Path
) -> None:
    (work / "auger.yaml").write_text(
        "name: shop\ndatasets: {a.csv: {source: a.csv}}\nexperiments:\n"
        "  one: {dataset: a.csv, model_type: regression, target: y}\n"
        "  two: {dataset: a.csv, model_type: regression, target: z}\n"
    )
    context = Context(work, environ=learned.environ, home=work)
    with pytest.raises(AugerError, match="which experiment is meant") as caught:
        _ = Experiment(context).name
    assert "`one`, `two`" in str(caught.value.hint)
    assert Experiment(context, experiment_name="two").name == "two"


@pytest.mark.slow
def test_a_wait_is_for_every_run_that_is_active(
    open_context: OpenContext, name: str, work: Path
) -> None:
    write_project(work, name)
    context = open_context()
    DataSet(context).create(select=True)
    experiment = Experiment(context)
    made = [experiment.start()[1], experiment.start(again=True)[1]]
    assert experiment.wait() == "completed"
    history = {run["id"]: run["status"] for run in experiment.history()}
    assert history == dict.fromkeys(made, "completed")


def test_two_runs_are_compared(trained: Trained, hub: LiveHub, work: Path) -> None:
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        experiment = Experiment(context)
        run_id = experiment.board().run_id
        found = experiment.compare(run_id, run_id)
        assert found.left.experiment == experiment.name
        assert found.left.rows == 24
        assert found.left.curve[-1][1] == found.left.board.trials[0]["score"]
        assert found.warning is None
        assert all(one.is_same for one in [*found.settings, *found.data, *found.algorithms])
        with pytest.raises(NotFound):
            experiment.compare(run_id, "NOSUCH")


def test_a_run_is_made_once_more_and_no_plan_looks_at_it(
    trained: Trained, hub: LiveHub, work: Path
) -> None:
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        experiment = Experiment(context)
        run_id = experiment.board().run_id
        found = experiment.reproduce(run_id)
        assert found.is_same
        assert found.causes == ()
        assert found.comparison.environment
        assert experiment.plan_reproduce(run_id).is_empty  # it was made, and that is enough
        assert not experiment.plan_reproduce(run_id, again=True).is_empty
        assert experiment.board().run_id == run_id  # the newest run is still the declared one
        made = found.comparison.right.board.run_id
        told = {one["id"]: one["reproduces"] for one in experiment.history()}
        assert told[made] == run_id
        assert told[run_id] is None
        with pytest.raises(NotFound, match="has no run `nosuch`"):
            experiment.reproduce("nosuch")
        with pytest.raises(NotFound, match="was not made once more"):
            experiment.reproduction(made)


def test_a_run_that_cannot_be_made_once_more_is_refused_before_anything_is_planned(
    open_context: OpenContext, work: Path, name: str
) -> None:
    write_project(work, name)
    context = open_context()
    DataSet(context).create(select=True)
    client = context.session.client
    (file,) = DataSet(context).list()
    told = {"name": "search", "project_id": file["project_id"], "project_file_id": file["id"]}
    found = client.call("POST", "experiments", told)
    run = client.call("POST", "experiment_sessions", {"experiment_id": found["id"]})
    with pytest.raises(AugerError, match="cannot be made once more: it was never started"):
        Experiment(context).plan_reproduce(run["id"])
    client.call("DELETE", f"project_files/{file['id']}")
    for again in (False, True):
        with pytest.raises(AugerError, match="the data set that it learned from was deleted"):
            Experiment(context).plan_reproduce(run["id"], again=again)


def test_a_run_is_reported_on_whichever_experiment_is_meant_otherwise(
    trained: Trained, hub: LiveHub, work: Path
) -> None:
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        run_id = Experiment(context).board().run_id
        name = Experiment(context).name
        (work / "auger.yaml").write_text(
            f"name: {trained.project}\nexperiments:\n  one: {{}}\n  two: {{}}\n"
        )
        with Context(work, environ=hub.environ, home=work) as other:
            found = Experiment(other).report(run_id, seconds=0)
    assert found.experiment == name
    assert "<table>" in found._repr_html_()
    assert list(found.to_frame().columns) == ["column", "mean", "std"]


def test_a_model_is_explained_within_the_run_that_found_it(
    trained: Trained, hub: LiveHub, work: Path
) -> None:
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        board = Experiment(context).board()
        last = board.trials[-1]["id"]
        found = Model(context).explain(last, seconds=0)
        with pytest.raises(NotFound):
            Model(context).explain("NOSUCH")
    assert (found.board.run_id, found.trial and found.trial["id"]) == (board.run_id, last)
