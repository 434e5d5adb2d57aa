from __future__ import annotations

import re
import sqlite3
import uuid
from contextlib import closing
from typing import Any

import pytest
import requests

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, add_stranger, connect, wait_until

UNAUTHENTICATED = [("unauthenticated", None, "User should be logged in")]


def send(hub: Client, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, f"{hub.url}/api/v1{path}", timeout=30, **options)


@pytest.fixture(scope="module")
def stranger(hub: Client) -> Client:
    """A user of another organization on the same hub."""
    return add_stranger(hub)


@pytest.mark.parametrize(
    "name", ["project_api_token", "cluster_api_token", "token", "system_token"]
)
def test_every_name_of_the_token_member_is_accepted(hub: Client, name: str) -> None:
    assert send(hub, "GET", "/organizations", json={name: hub.token}).status_code == 200


def test_a_bearer_token_is_accepted(hub: Client) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    assert send(hub, "GET", "/organizations", headers=headers).status_code == 200


def test_a_browser_may_send_everything_in_the_query(hub: Client) -> None:
    query = {"token": hub.token, "name": "nobody"}
    assert send(hub, "GET", "/organizations", params=query).json()["data"] == []


@pytest.mark.parametrize("token", ["", "wrong", None, 5])
def test_without_a_good_token_nothing_is_answered(hub: Client, token: object) -> None:
    answer = send(hub, "GET", "/projects", json={"token": token})
    errors = answer.json()["meta"]["errors"]
    assert answer.status_code == 401
    assert errors == [{"error_type": "unauthenticated", "message": "User should be logged in"}]
    assert "data" not in answer.json()


def test_a_wrong_password_is_refused_with_the_text_clients_look_for(hub: Client) -> None:
    answer = send(hub, "POST", "/tokens", json={"email": "local", "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json() == {
        "meta": {
            "status": 401,
            "errors": [{"error_type": "unauthenticated", "message": "Email or password incorrect"}],
        }
    }


def test_an_unknown_user_is_refused_like_a_wrong_password(hub: Client) -> None:
    answer = send(hub, "POST", "/tokens", json={"email": "nobody", "password": "x"})
    assert answer.json()["meta"]["errors"][0]["message"] == "Email or password incorrect"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tokens", {"email": "local", "password": "x"}),
        ("/predictions", {"token": "x", "pipeline_id": "x", "wait": True}),
    ],
)
def test_what_needs_the_database_is_answered_without_it_like_any_request(
    own_hub: HubSettings, path: str, body: dict[str, object]
) -> None:
    daemon.start(own_hub)
    hub = connect(own_hub)
    with closing(sqlite3.connect(own_hub.home / "hub.db")) as database:
        database.execute("ALTER TABLE users RENAME TO gone")
    answer = send(hub, "POST", path, json=body)
    assert answer.status_code == 503
    assert answer.json()["meta"]["errors"][0]["error_type"] == "unavailable"


def test_a_good_answer_has_data_and_status(hub: Client) -> None:
    organization = hub.get("/organizations")[0]
    answer = send(hub, "GET", f"/organizations/{organization['id']}", json={"token": hub.token})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"data": organization, "meta": {"status": 200}}
    assert organization["cluster_mode"] == "multi_tenant"


@pytest.mark.parametrize("body", ['{"token": ', "[1, 2]", '{"x": NaN}', '{"x": -Infinity}', "é"])
def test_a_malformed_body_is_answered_with_an_empty_page(hub: Client, body: str) -> None:
    answer = send(hub, "POST", "/projects", data=body.encode("latin-1"))
    assert (answer.status_code, answer.text) == (400, "")
    assert answer.headers["content-type"].startswith("text/html")


def test_errors_echo_the_request_without_its_secrets(hub: Client) -> None:
    answer = hub.call("GET", "/status", object="User", id=1)
    assert answer.body["meta"]["request_params"] == {"object": "User", "id": 1, "token": "****"}


def test_an_unknown_resource_is_not_found(hub: Client) -> None:
    assert hub.call("GET", "/nonsense").errors == [("not_found", None, "Couldn't find Resource")]


def test_put_is_taken_like_patch(hub: Client, project: dict[str, Any]) -> None:
    answer = hub.call("PUT", f"/projects/{project['id']}", workers_count=3)
    assert answer.data["workers_count"] == 3


def test_unknown_members_and_nulls_are_ignored(hub: Client) -> None:
    assert hub.get("/projects", nonsense=1, name=None, organization_id=None) is not None


def test_pages_are_cut_as_asked_and_tell_the_exact_total(hub: Client) -> None:
    project = hub.add_project()
    paths = [f"http://127.0.0.1:9/{number}.csv" for number in range(3)]
    for path in paths:
        hub.post("/project_files", name=path[-5:], project_id=project["id"], url=path)
    answer = hub.call("GET", "/project_files", project_id=project["id"], limit=2, offset=2)
    assert [file["name"] for file in answer.data] == ["0.csv"]
    pagination = {"limit": 2, "offset": 2, "count": 1, "total": 3}
    assert answer.body["meta"]["pagination"] == pagination


def test_beyond_the_end_of_a_list_is_an_empty_page(hub: Client) -> None:
    answer = hub.call("GET", "/organizations", offset=10)
    assert answer.data == []
    assert answer.body["meta"]["pagination"] == {"limit": 50, "offset": 10, "count": 0, "total": 1}


def test_a_limit_that_is_no_number_is_refused(hub: Client) -> None:
    errors = hub.call("GET", "/projects", limit="many").errors
    assert errors == [("invalid_param", "limit", "is not a number")]


def test_one_organization_never_sees_anothers_objects(
    hub: Client, stranger: Client, project: dict[str, Any]
) -> None:
    path = f"/projects/{project['id']}"
    missing = [("not_found", None, "Couldn't find Project")]
    assert stranger.get("/projects") == []
    assert stranger.call("GET", path).errors == missing
    assert stranger.call("PATCH", path, workers_count=9).errors == missing
    assert stranger.call("PATCH", f"{path}/deploy").errors == missing
    assert stranger.call("DELETE", path).errors == missing
    assert stranger.call("GET", f"{path}/logs").errors == missing
    status = stranger.call("GET", "/status", object="Project", id=project["id"])
    assert status.errors == missing


def test_one_organization_cannot_put_objects_into_anothers_project(
    hub: Client, stranger: Client, project: dict[str, Any]
) -> None:
    file = {"project_id": project["id"], "name": "x", "url": "http://127.0.0.1:9/x.csv"}
    missing = [("not_found", None, "Couldn't find Project")]
    assert stranger.call("POST", "/project_files", **file).errors == missing
    upload = {"project_id": project["id"], "file_path": "x.csv"}
    assert stranger.call("POST", "/project_file_urls", **upload).errors == missing
    experiment = {"project_id": project["id"], "name": "e", "data_path": "s3://b/x.csv"}
    assert stranger.call("POST", "/experiments", **experiment).errors == missing
    organization = hub.get("/organizations")[0]["id"]
    answer = stranger.call("POST", "/projects", name="x", organization_id=organization)
    assert answer.errors == [("not_found", None, "Couldn't find Organization")]


def test_the_log_has_one_line_a_request_and_never_a_secret(hub: Client) -> None:
    marker = uuid.uuid4().hex
    send(hub, "GET", f"/projects/{marker}", json={"token": hub.token}, params={"q": "secret-q"})
    path = hub.home / "hub.log"
    assert wait_until(lambda: marker in path.read_text())  # written after the answer
    log = path.read_text()
    lines = [line for line in log.splitlines() if marker in line]
    pattern = rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ GET /api/v1/projects/{marker} 404 \d+\.\d"
    pattern += r" \[local@local 127\.0\.0\.1 [0-9a-f]{16}\]"
    assert len(lines) == 1
    assert re.fullmatch(pattern, lines[0])
    assert hub.token not in log
    assert "secret-q" not in log


def test_the_log_holds_no_orders_to_a_terminal(hub: Client) -> None:
    marker = uuid.uuid4().hex
    path = f"/{marker}/%1B%5B31mRED%0A%C2%85%E2%80%A8,(x)@%C3%A9"
    requests.get(hub.url + path, timeout=30)
    log = hub.home / "hub.log"
    assert wait_until(lambda: marker in log.read_text())
    lines = [line for line in log.read_text().splitlines() if marker in line]
    assert len(lines) == 1
    assert f" GET {path} 404 " in lines[0]


def test_status_is_asked_for_the_eleven_types_only(hub: Client) -> None:
    answer = hub.call("GET", "/status", object="User", id=1)
    expected = (
        'is not in the list ["Cluster", "ClusterTask", "Component", "ExperimentSession", '
        '"Organization", "Pipeline", "Project", "ProjectFile", "SimilarTrialsRequest", '
        '"Subscription", "WarmStartRequest"]'
    )
    assert answer.status == 400
    assert answer.errors == [("invalid_param", "object", expected)]


@pytest.mark.parametrize("object_id", [0, -1, "x", "1 OR 1=1"])
def test_the_status_of_an_unknown_object_is_not_found(hub: Client, object_id: object) -> None:
    answer = hub.call("GET", "/status", object="Project", id=object_id)
    assert answer.errors == [("not_found", None, "Couldn't find Project")]


def test_an_id_larger_than_any_is_an_invalid_parameter(hub: Client) -> None:
    answer = hub.call("GET", "/status", object="Project", id=10**30)
    assert [(kind, name) for kind, name, _ in answer.errors] == [("invalid_param", "id")]


def test_ids_come_as_number_or_text(hub: Client, project: dict[str, Any]) -> None:
    for object_id in (project["id"], str(project["id"])):
        assert hub.get("/status", object="Project", id=object_id) == {"status": "running"}
