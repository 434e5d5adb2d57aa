"""`auger plan`: saved plans, and what the JSON form promises."""

from __future__ import annotations

import json
import shlex
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.static_hub import TOKEN, StaticHub

FILE = "name: churn\norganization: acme\n"
SECRET = "datasets: {churn.csv: {source: 'https://anna:pa55w0rd@example.com/c.csv?sig=abc123'}}\n"


@pytest.fixture(autouse=True)
def declared(folder: Path, empty_hub: StaticHub) -> None:
    (folder / "auger.yaml").write_text(FILE)


def test_the_json_form_has_the_promised_members(user: User) -> None:
    document = json.loads(user.run("plan", "--json").out)
    assert document["format_version"].partition(".")[0] == "1"
    assert document["organization"] == "acme"
    numbers = {"create": 1, "start": 0, "stop": 0, "delete": 0, "select": 0}
    assert document["summary"] == numbers
    assert document["estimate"] is None
    (action,) = document["actions"]
    assert action.keys() >= {
        "id",
        "address",
        "kind",
        "name",
        "action",
        "reason",
        "depends_on",
        "before",
        "after",
        "after_unknown",
        "changes",
        "loss",
        "observed_fingerprint",
    }


def test_the_same_inputs_give_the_same_bytes(user: User) -> None:
    assert user.run("plan", "--json").out == user.run("plan", "--json").out


def test_format_json_is_json(user: User) -> None:
    assert user.run("plan", "--format", "json").out == user.run("plan", "--json").out


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_form_shows_a_secret(form: str, user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FILE + SECRET)
    answer = user.run("plan", "--format", form, "--verbose")
    assert "dataset.churn.csv" in answer.out
    for secret in ("pa55w0rd", "abc123", TOKEN):
        assert secret not in answer.out + answer.err


def test_planning_only_reads(user: User, folder: Path, empty_hub: StaticHub) -> None:
    before = sorted(folder.rglob("*"))
    user.run("plan", "--detailed-exitcode")
    assert {request.partition(" ")[0] for request in empty_hub.asked} == {"GET"}
    assert sorted(folder.rglob("*")) == before


def test_a_saved_plan_is_carried_out_without_a_question(user: User, empty_hub: StaticHub) -> None:
    assert user.run("plan", "--out", "plan.json").code == 0
    answer = user.run("apply", "plan.json")
    assert "POST projects" in empty_hub.asked
    assert "project.churn was not created" in answer.out
    assert answer.code == 1


def test_a_saved_plan_is_private_and_holds_no_token(user: User, folder: Path) -> None:
    user.run("plan", "--out", "plan.json")
    saved = folder / "plan.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert TOKEN not in saved.read_text()


def test_a_saved_plan_is_stale_when_the_hub_has_changed(user: User, empty_hub: StaticHub) -> None:
    user.run("plan", "--out", "plan.json")
    empty_hub.objects["projects"] = [
        {"id": 7, "name": "churn", "organization_id": 1, "status": "undeployed"}
    ]
    empty_hub.asked.clear()
    answer = user.run("apply", "plan.json")
    assert (answer.code, answer.out) == (3, "")
    assert "project.churn" in answer.err
    assert "POST projects" not in empty_hub.asked


def test_a_saved_plan_is_stale_when_the_files_have_changed(user: User, folder: Path) -> None:
    user.run("plan", "--out", "plan.json")
    (folder / "auger.yaml").write_text(FILE + "state: running\n")
    assert user.run("apply", "plan.json").code == 3


@pytest.mark.parametrize("line", ["", "--env prod "])
def test_what_a_stale_plan_advises_makes_the_same_plan_anew(
    user: User, folder: Path, empty_hub: StaticHub, line: str
) -> None:
    (folder / "auger.prod.yaml").write_text("name: churn\n")
    asked = "plan --destroy --prune --target project.churn --replace churn/project.churn"
    asked = f"{line}{asked} --max-deletes 3 --refresh-sources --out 'a plan.json'"
    project = {"id": 7, "name": "churn", "organization_id": 1, "status": "undeployed"}
    empty_hub.objects["projects"] = [project]
    assert user.run(*shlex.split(asked)).code == 0
    empty_hub.objects["projects"] = [{**project, "status": "running"}]
    answer = user.run(*shlex.split(line), "apply", "a plan.json")
    assert answer.code == 3
    (advice,) = [told.strip() for told in answer.err.splitlines() if " plan --" in told]
    saved = json.loads((folder / "a plan.json").read_text())
    assert user.run(*shlex.split(advice)[1:]).code == 0
    anew = json.loads((folder / "a plan.json").read_text())
    same = ("options", "environment", "refresh_sources", "files")
    assert {name: anew.get(name) for name in same} == {name: saved.get(name) for name in same}
    assert user.run(*shlex.split(line), "apply", "a plan.json").code != 3


def test_a_saved_plan_takes_no_options_of_planning(user: User) -> None:
    user.run("plan", "--out", "plan.json")
    assert user.run("apply", "plan.json", "--prune").code == 64


def test_what_is_no_saved_plan_is_refused(user: User, folder: Path) -> None:
    (folder / "plan.json").write_text("{}")
    answer = user.run("apply", "plan.json")
    assert answer.code == 1
    assert "is no saved plan" in answer.err


def test_the_schema_is_a_json_document(user: User) -> None:
    schema = json.loads(user.run("schema").out)
    assert {"name", "source", "experiment", "cluster", "models"} <= schema["properties"].keys()


def test_a_plan_is_saved_over_a_plan_and_over_nothing_else(user: User, folder: Path) -> None:
    config = (folder / "auger.yaml").read_bytes()
    answer = user.run("plan", "--out", "auger.yaml")
    assert answer.code == 1
    assert "`auger.yaml` is there and is no saved plan" in answer.err
    assert (folder / "auger.yaml").read_bytes() == config
    assert user.run("plan", "--out", "/dev/null").code == 1
    (folder / "made").touch()
    assert user.run("plan", "--out", "made").code == 0
    assert user.run("plan", "--out", "made").code == 0


@pytest.mark.parametrize(
    "line",
    [
        "--json plan --format html",
        "plan --json --format text",
        "plan --out - --format markdown",
        "graph --json --format mermaid",
        "--json experiment report --format html",
    ],
)
def test_two_forms_of_output_are_wrong_usage(user: User, line: str) -> None:
    answer = user.run(*line.split())
    assert answer.code == 64
    assert "--format" in answer.err + answer.out
    assert "format_version" not in answer.out


@pytest.mark.parametrize("line", ["--json plan --format json", "plan --out - --format json"])
def test_one_form_that_is_said_twice_is_none(user: User, line: str) -> None:
    assert json.loads(user.run(*line.split()).out)
