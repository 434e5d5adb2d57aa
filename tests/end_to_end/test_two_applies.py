"""Two pipelines apply the same at the same moment: one of each is made, and the loser says so."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from .conftest import Person

pytestmark = [pytest.mark.slow, pytest.mark.hub]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def pipelines(person: Person) -> tuple[Person, Person]:
    """Two checkouts of one project on one hub that runs; one trial is enough."""
    file = person.folder / "auger.yaml"
    file.write_text(file.read_text().replace("max_n_trials: 4", "max_n_trials: 1"))
    other = person.folder.parent / "other"
    shutil.copytree(person.folder, other)
    person.run("hub", "start")
    return person, replace(person, folder=other)


def together(persons: tuple[Person, ...], *arguments: str) -> list[Done]:
    """Run a command for each of them at the same moment."""
    started = [
        subprocess.Popen(
            one.command(arguments),
            cwd=one.folder,
            env=one.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for one in persons
    ]
    ended = [(process, *process.communicate(timeout=120)) for process in started]
    return [Done(process.returncode, out, err) for process, out, err in ended]


def made(person: Person) -> Counter[str]:
    """Return how often the hub made or started something: what it refused does not count."""
    log = (person.home / ".augerai" / "hub" / "hub.log").read_text()
    done = re.findall(r"(POST|PATCH) /api/v1/(\w+)(?:/[^ /]+)?(/\w+)? 2\d\d", log)
    return Counter(f"{method} {collection}{verb}" for method, collection, verb in done)


ONE_OF_EACH = (
    "POST projects",
    "POST project_files",
    "POST experiments",
    "POST experiment_sessions",
    "PATCH experiment_sessions",
    "POST pipelines",
)


def test_two_applies_make_one_of_each_and_the_loser_says_what_it_found(
    pipelines: tuple[Person, Person],
) -> None:
    done = together(pipelines, "apply", "--auto-approve", "--wait")

    assert min(one.code for one in done) == 0, done
    for loser in (one for one in done if one.code):
        assert loser.code == 1
        assert "has already been taken" in loser.out
        assert "Run the same command again for the rest" in loser.out
    for one in pipelines:  # which is what the loser does next
        assert one.run("apply", "--auto-approve", "--wait").startswith("No changes.")
    asked = made(pipelines[0])
    assert {name: asked[name] for name in ONE_OF_EACH} == dict.fromkeys(ONE_OF_EACH, 1)
    assert [item["status"] for item in pipelines[1].ask("model", "list")] == ["ready"]


SMALL = """\
hub: local
name: pair
datasets: {iris.csv: {source: iris.csv}}
experiments:
  one: {dataset: iris.csv, model_type: classification, target: species, state: created}
"""


def test_one_saved_plan_is_carried_out_once(pipelines: tuple[Person, Person]) -> None:
    for one in pipelines:
        (one.folder / "auger.yaml").write_text(SMALL)
    pipelines[0].run("plan", "--out", "plan.json")
    shutil.copy(pipelines[0].folder / "plan.json", pipelines[1].folder)

    done = together(pipelines, "apply", "plan.json")

    assert sorted(one.code for one in done) in ([0, 1], [0, 3]), done
    (loser,) = [one for one in done if one.code]
    assert "has already been taken" in loser.out or "has changed" in loser.err, loser
    asked = made(pipelines[0])
    assert (asked["POST projects"], asked["POST project_files"], asked["POST experiments"]) == (
        1,
        1,
        1,
    )
    assert pipelines[1].run("plan").startswith("No changes.")
