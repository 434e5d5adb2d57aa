"""What a plan asks the hub: little, and nothing that changes anything (the first law)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Person

pytestmark = [pytest.mark.hub, pytest.mark.slow]

MANY = 12


@pytest.fixture
def many(person: Person) -> Person:
    """A project with many data sets and experiments, all of them created and none of them run."""
    datasets, experiments = [], []
    rows = (person.folder / "iris.csv").read_text()
    for number in range(MANY):
        (person.folder / f"iris{number}.csv").write_text(rows + f"5.0,3.0,1.{number},0.2,setosa\n")
        datasets.append(f"  iris{number}.csv: {{source: iris{number}.csv}}")
        experiments.append(
            f"  e{number}: {{dataset: iris{number}.csv, model_type: classification, "
            "target: species, state: created}"
        )
    lines = ["hub: local", "name: many", "datasets:", *datasets, "experiments:", *experiments]
    Path(person.folder / "auger.yaml").write_text("\n".join(lines) + "\n")
    person.run("apply", "--auto-approve")
    return person


def test_a_plan_of_an_unchanged_project_costs_at_most_eight_reads(many: Person) -> None:
    before = len(many.requests())

    many.run("plan", "--detailed-exitcode")

    asked = many.requests()[before:]
    assert 0 < len(asked) <= 8
    assert {request.split()[0] for request in asked} == {"GET"}
