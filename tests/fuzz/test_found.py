"""What fuzzing once found, each as an input of its own; seeds would change with their material."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.api.plans.saved_plan import read_plan, save_plan
from auger_reconcile.api.workspace import Workspace
from auger_reconcile.client.credentials import load_credentials
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.refresh import refresh
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.errors import AugerError, ConfigError, HubError
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.saved.document import seal_of

from .targets import CREDENTIALS, STORY, DamagedHub

NAN = float("nan")
COLLECTIONS = ("projects", "project_files", "experiments", "experiment_sessions", "pipelines")


@pytest.mark.parametrize("source", ["http://[x/a.csv", "https://[::1/a.csv", "https:///a.csv"])
def test_a_url_that_cannot_be_taken_apart_is_a_diagnostic(source: str, tmp_path: Path) -> None:
    path = tmp_path / "auger.yaml"
    path.write_text(f"name: a\nsource: {source}\nmodel_type: regression\ntarget: x\n")
    with pytest.raises(ConfigError) as caught:
        load_desired_state([path], environ={})
    assert "no URL of data" in [item.summary for item in caught.value.diagnostics]


@pytest.mark.parametrize("url", ["http://[x", "https://hub:port", "http://two words"])
def test_credentials_for_a_url_that_cannot_be_taken_apart_are_refused(url: str) -> None:
    environ = {"AUGER_CREDENTIALS": json.dumps({**CREDENTIALS, "url": url})}
    found = load_credentials(environ=environ, path_to_credentials=None, home=Path())
    with pytest.raises(AugerError, match="is not an http"):
        HubClient(found.api_url, found.token)


def ask(collection: str, spoil: Callable[[dict[str, Any]], object]) -> None:
    """Read a hub of which the first object of a collection is spoilt."""

    def spoil_body(body: bytes, asked: str) -> bytes:
        answer = json.loads(body)
        if asked == collection:
            spoil(answer["data"][0])
        return json.dumps(answer).encode()

    with DamagedHub(spoil_body) as client:
        refresh(client, ["churn"], "acme")


@pytest.mark.parametrize("collection", [*COLLECTIONS, "organizations"])
def test_an_object_without_an_id_is_the_fault_of_the_hub(collection: str) -> None:
    with pytest.raises(HubError, match="in a form that is not the API's"):
        ask(collection, lambda found: found.pop("id"))


@pytest.mark.parametrize("collection", ["projects", "project_files"])
@pytest.mark.parametrize("told", [[1], {"id": 1}])
def test_an_id_that_is_no_id_is_the_fault_of_the_hub(collection: str, told: object) -> None:
    with pytest.raises(HubError, match="in a form that is not the API's"):
        ask(collection, lambda found: found.update(id=told))


def test_a_project_with_an_infinite_id_is_the_fault_of_the_hub() -> None:
    with pytest.raises(HubError, match="in a form that is not the API's"):
        ask("projects", lambda found: found.update(id=NAN))


@pytest.mark.parametrize(
    ("collection", "members"),
    [
        ("project_files", {"statistics": "many"}),
        ("project_files", {"statistics": {"stat_data": ["age"]}}),
        ("project_files", {"statistics": {"stat_data": 0.5}}),
        ("experiment_sessions", {"model_settings": [1]}),
        ("experiment_sessions", {"model_settings": {"evaluation_options": [1]}}),
        ("experiment_sessions", {"dataset_statistics": {"stat_data": ["age"]}}),
        ("pipelines", {"trial": "t1"}),
        ("pipelines", {"name": ["production"]}),
        ("pipelines", {"name": 0.5}),
        ("organizations", {"id": float("inf")}),
    ],
)
def test_a_member_of_another_type_is_the_fault_of_the_hub(
    collection: str, members: dict[str, Any]
) -> None:
    with pytest.raises(HubError, match="in a form that is not the API's"):
        ask(collection, lambda found: found.update(members))


def test_half_a_character_is_no_answer() -> None:
    client = DamagedHub(lambda body, _: body.replace(b'"churn"', b'"\\ud800"'))
    with client, pytest.raises(HubError, match="broken JSON"):
        refresh(client, ["churn"], "acme")


def test_a_whole_character_of_two_halves_is_an_answer() -> None:
    with DamagedHub(lambda body, _: body.replace(b'"baseline"', b'"\\ud83c\\udf31"')) as client:
        observed = refresh(client, ["churn"], "acme")
    assert [found.name for found in observed.of("churn", "experiment")] == ["\U0001f331"]


def first_action(document: dict[str, Any]) -> dict[str, Any]:
    action: dict[str, Any] = document["actions"][0]
    return action


@pytest.mark.parametrize(
    "spoil",
    [
        lambda saved: first_action(saved).update(detail=["x"]),
        lambda saved: first_action(saved).update(name=1),
        lambda saved: first_action(saved).update(kind={}),
        lambda saved: first_action(saved).update(depends_on=[[1]]),
        lambda saved: first_action(saved).update(before=["x"]),
        lambda saved: first_action(saved)["before"].pop("id"),
        lambda saved: first_action(saved).pop("before"),
        lambda saved: first_action(saved).pop("after"),
        lambda saved: first_action(saved).pop("observed_fingerprint"),
        lambda saved: saved["options"].update(max_deletes=[1]),
        lambda saved: saved["options"].update(targets=[None]),
        lambda saved: saved.update(hub=1),
    ],
)
def test_a_sealed_plan_of_another_shape_is_refused(
    spoil: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    path = tmp_path / "saved.json"
    workspace = Workspace(files=(STORY / "auger.yaml",), environ={}, home=tmp_path)
    options = PlanOptions(destroy=True)
    with DamagedHub() as client:
        observed = refresh(client, workspace.desired.projects, "acme")
    save_plan(path, build_plan(workspace.desired, observed, options), workspace, options)
    document = json.loads(path.read_bytes())
    spoil(document)
    path.write_text(json.dumps({**document, "seal": seal_of(document)}))
    with pytest.raises(AugerError, match="is damaged: something is missing in it"):
        read_plan(path)
