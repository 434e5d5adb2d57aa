"""Many projects in one plan: as many requests as objects need pages, and names that are clear."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from .conftest import User
from .static_hub import StaticHub, serve

MONOREPO = Path(__file__).parents[2] / "examples" / "monorepo"
COLLECTIONS = ("projects", "project_files", "experiments", "experiment_sessions", "pipelines")


def hub_with(monkeypatch: pytest.MonkeyPatch, hub: StaticHub) -> StaticHub:
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    return hub


def projects(number: int) -> dict[str, list[dict[str, object]]]:
    home = {"organization_id": 1, "status": "running"}
    return {
        "projects": [{**home, "id": n + 1, "name": f"p{n}"} for n in range(number)],
        "project_files": [
            {
                "id": n + 1,
                "name": "d.csv",
                "project_id": n + 1,
                "status": "processed",
                "url": "https://example.com/d.csv",
            }
            for n in range(number)
        ],
    }


def write(folder: Path, number: int) -> None:
    for n in range(number):
        (folder / f"p{n}").mkdir()
        (folder / f"p{n}" / "auger.yaml").write_text(
            f"name: p{n}\ndatasets: {{d.csv: {{source: https://example.com/d.csv}}}}\n"
        )


def test_fifty_projects_take_the_requests_of_one(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 50)
    with serve(projects(50)) as hub:
        hub_with(monkeypatch, hub)
        answer = user.run("-f", ".", "plan", "--detailed-exitcode")
    assert answer.code == 0, answer.out + answer.err
    assert Counter(hub.asked) == Counter(f"GET {n}" for n in (*COLLECTIONS, "organizations"))


def test_a_thousand_projects_take_one_list_a_kind_and_page(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 1_000)
    with serve(projects(1_000)) as hub:
        hub_with(monkeypatch, hub)
        answer = user.run("-f", ".", "plan", "--detailed-exitcode")
    assert answer.code == 0, answer.out + answer.err
    asked = Counter(hub.asked)
    paged = {asked.pop("GET projects"), asked.pop("GET project_files")}
    assert max(paged) <= 11  # a hundred objects a page, and one that finds the end
    others = (*COLLECTIONS[2:], "organizations")
    assert asked == Counter(f"GET {name}" for name in others)


def test_the_monorepo_is_planned_by_one_command(user: User, empty_hub: StaticHub) -> None:
    answer = user.run("-f", str(MONOREPO), "plan")
    assert answer.code == 0
    assert "churn/dataset.customers.csv" in answer.out
    assert "demand/experiment.demand.csv-experiment" in answer.out
    assert "Plan: 9 to create, 6 to start," in answer.out


def test_a_target_may_name_its_project(user: User, empty_hub: StaticHub) -> None:
    target = "demand/experiment.demand.csv-experiment"
    answer = user.run("-f", str(MONOREPO), "plan", "--target", target)
    assert answer.code == 0
    assert "Plan: 3 to create, 2 to start," in answer.out


def test_the_comment_names_projects_as_well(user: User, empty_hub: StaticHub) -> None:
    answer = user.run("-f", str(MONOREPO), "plan", "--format", "markdown")
    assert "<code>churn/dataset.customers.csv</code>" in answer.out
