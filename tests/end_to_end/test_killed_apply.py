"""An apply that is killed at any moment is finished by running it again: the third law."""

from __future__ import annotations

import pytest

from .conftest import Person

pytestmark = [pytest.mark.slow, pytest.mark.hub, pytest.mark.soak]

MOMENTS = (
    "project.iris: created",
    "project.iris: started",
    "dataset.iris.csv: processing",
    "dataset.iris.csv: created",
    "experiment.iris.csv-experiment: created",
    "experiment.iris.csv-experiment: preprocess",
    "1 of 4 trials",
    "experiment.iris.csv-experiment: started after",
    "model.flowers: packaging",
)


def test_killing_it_again_and_again_leaves_one_of_each(person: Person) -> None:
    killed = [moment for moment in MOMENTS if person.kill_when(moment, "apply", "--auto-approve")]

    person.run("apply", "--auto-approve")

    assert "project.iris: created" in killed
    assert person.run("plan", "--detailed-exitcode") == "No changes. The hub matches auger.yaml.\n"
    assert [item["name"] for item in person.ask("project", "list")] == ["iris"]
    assert [item["name"] for item in person.ask("dataset", "list")] == ["iris.csv"]
    assert [item["name"] for item in person.ask("experiment", "list")] == ["iris.csv-experiment"]
    assert [run["status"] for run in person.ask("experiment", "history")] == ["completed"]
    assert [item["status"] for item in person.ask("model", "list")] == ["ready"]
