"""`auger drift` and `auger plan --refresh-only`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub

FILE = "name: churn\norganization: acme\ncluster: {min_nodes: 1, max_nodes: 2}\n"
PROJECT = {"id": 7, "name": "churn", "organization_id": 1, "status": "running", "workers_count": 9}
DATA = {
    "id": 8,
    "name": "hand\u202emade.csv",
    "project_id": 7,
    "status": "processed",
    "url": "s3://x",
}


@pytest.fixture(autouse=True)
def declared(folder: Path, empty_hub: StaticHub) -> None:
    (folder / "auger.yaml").write_text(FILE)
    empty_hub.objects["projects"] = [{**PROJECT, "workers_count": 2}]


def change(hub: StaticHub) -> None:
    hub.objects["projects"] = [PROJECT]
    hub.objects["project_files"] = [DATA]


def test_no_drift_is_said(user: User) -> None:
    answer = user.run("drift")
    assert (answer.code, answer.out, answer.err) == (
        0,
        "No drift. The hub matches auger.yaml.\n",
        "",
    )


def test_drift_is_told_by_exit_code_2(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    answer = user.run("drift")
    assert answer.code == 2
    assert "project.churn" in answer.out
    assert "max_nodes: declared 2, found 9" in answer.out
    assert "auger.yaml:1" in answer.out
    assert "undeclared" in answer.out
    assert "\u202e" not in answer.out


def test_drift_as_json(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    answer = user.run("drift", "--json")
    document = json.loads(answer.out)
    assert answer.code == 2
    assert [one["divergence"] for one in document["drift"]] == ["changed", "undeclared"]
    assert document["drift"][0]["place"] == {"file": "auger.yaml", "line": 1, "column": 7}
    assert document["summary"]["undeclared"] == 1


def test_drift_only_reads(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    user.run("drift")
    assert {request.partition(" ")[0] for request in empty_hub.asked} == {"GET"}


def test_a_hub_that_refuses_is_no_drift(
    user: User, empty_hub: StaticHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_reconcile.client.http.transport._FIRST_BACKOFF", 0)
    empty_hub.refusals = {"GET projects": {"status": 500, "message": "broken"}}
    assert user.run("drift").code == 1


def test_refresh_only_shows_drift_and_plans_nothing(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    answer = user.run("plan", "--refresh-only")
    assert answer.code == 0
    assert answer.out == user.run("drift").out
    assert user.run("plan", "--refresh-only", "--detailed-exitcode").code == 2


def test_refresh_only_says_when_there_is_nothing(user: User) -> None:
    answer = user.run("plan", "--refresh-only", "--detailed-exitcode")
    assert (answer.code, answer.out) == (0, "No drift. The hub matches auger.yaml.\n")


def test_refresh_only_as_json_is_drift_as_json(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    document = user.run("drift", "--json").out
    assert user.run("plan", "--refresh-only", "--json").out == document
    assert user.run("plan", "--refresh-only", "--format", "json").out == document


@pytest.mark.parametrize("option", ["--prune", "--destroy", "--out=x", "--format=html"])
def test_refresh_only_takes_no_options_of_a_plan(user: User, option: str) -> None:
    assert user.run("plan", "--refresh-only", option).code == 64


def test_a_target_tells_of_nothing_else(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    answer = user.run("drift", "--target", "project.churn", "--json")
    told = json.loads(answer.out)["drift"]
    assert (answer.code, [one["address"] for one in told]) == (2, ["project.churn"])


def test_what_is_excluded_is_no_drift(user: User, empty_hub: StaticHub) -> None:
    change(empty_hub)
    empty_hub.objects["project_files"] = []
    answer = user.run("drift", "--exclude", "project.churn")
    assert answer.code == 0
    assert "hub matches" not in answer.out
    assert "not looked at (--target, --exclude): " in answer.out


def test_a_target_that_is_not_declared_is_an_error(user: User) -> None:
    answer = user.run("drift", "--target", "project.chrun")
    assert answer.code == 1
    assert "`project.churn` is declared" in answer.err


@pytest.mark.parametrize("option", ["--target", "--exclude"])
def test_refresh_only_is_narrowed_as_drift_is(
    user: User, empty_hub: StaticHub, option: str
) -> None:
    change(empty_hub)
    asked = (option, "project.churn")
    assert user.run("plan", "--refresh-only", *asked).out == user.run("drift", *asked).out
