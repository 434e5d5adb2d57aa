"""The example iris from nothing to predictions, and what a change of it means."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.hub


def test_all_of_it_is_applied(applied_iris):
    assert applied_iris.find_exit_code_of_plan() == 0


def test_applying_again_does_nothing(applied_iris):
    done = applied_iris.auger("apply", "--auto-approve")
    assert done.stdout == "No changes. The hub matches auger.yaml.\n"


def test_nine_of_ten_flowers_are_recognised(applied_iris):
    rows = applied_iris.predict()
    assert len(rows) == 30
    assert sum(row["species"] == row["species_predicted"] for row in rows) >= 27


def test_another_folder_on_another_machine_sees_no_change(changed_iris):
    assert changed_iris.find_exit_code_of_plan() == 0


def test_comments_and_the_order_of_keys_are_no_change(changed_iris):
    changed_iris.replace("name: iris\nsource: iris.csv\n", "source: iris.csv  # here\nname: iris\n")
    changed_iris.replace("  type: standard\n  min_nodes: 1\n", "  min_nodes: 1\n  type: standard\n")
    assert changed_iris.find_exit_code_of_plan() == 0


def test_one_more_row_makes_new_data_a_new_experiment_and_a_new_model(changed_iris):
    with (changed_iris.folder / "iris.csv").open("a", encoding="utf-8") as file:
        file.write("5.8,2.7,5.1,1.9,virginica\n")
    assert changed_iris.find_exit_code_of_plan() == 2
    document = changed_iris.plan()
    summary = document["summary"]
    assert document["estimate"]["past_runs"] == 1
    assert summary == {
        "create": 3,
        "select": 0,
        "delete": 1,
        "start": 1,
        "stop": 0,
    }


def test_more_trials_make_another_run_of_the_same_experiment(changed_iris):
    changed_iris.replace("max_n_trials: 3", "max_n_trials: 4")
    assert changed_iris.find_exit_code_of_plan() == 2
    runs = [item for item in changed_iris.plan()["actions"] if item["kind"] == "experiment"]
    (start,) = runs
    (change,) = start["changes"]
    assert start["action"] == "start"
    assert (change["path"], change["before"], change["after"]) == ("max_n_trials", 3, 4)
