from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests

from tests.hub.client import Client, wait_until

TAKEN = [("invalid_param", "name", "has already been taken")]


def new_name() -> str:
    return f"p_{uuid.uuid4().hex[:10]}"


def test_a_new_project_is_undeployed_and_keeps_its_name(hub: Client) -> None:
    name = new_name()
    organization = hub.get("/organizations")[0]
    project = hub.post("/projects", name=name, organization_id=organization["id"])
    assert (project["object"], project["deleted"]) == ("project", False)
    assert (project["name"], project["status"]) == (name, "undeployed")
    assert project["organization_id"] == organization["id"]
    assert hub.get(f"/projects/{project['id']}") == project


def test_a_name_is_taken_once_in_an_organization(hub: Client) -> None:
    name = new_name()
    hub.post("/projects", name=name)
    answer = hub.call("POST", "/projects", name=name)
    assert (answer.status, answer.errors) == (400, TAKEN)


def test_a_project_needs_a_name(hub: Client) -> None:
    assert hub.call("POST", "/projects").errors == [("invalid_param", "name", "is required")]


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", "a\\b"])
def test_a_name_that_cannot_be_a_folder_is_refused(hub: Client, name: str) -> None:
    assert hub.call("POST", "/projects", name=name).errors == [
        ("invalid_param", "name", "is invalid")
    ]


def test_projects_are_found_by_name_with_dash_and_underscore_the_same(hub: Client) -> None:
    name = new_name()
    project = hub.post("/projects", name=name)
    hub.post("/projects", name=f"{name}-more")
    assert [found["id"] for found in hub.get("/projects", name=name)] == [project["id"]]
    dashed = hub.get("/projects", name=name.replace("_", "-"))
    assert [found["id"] for found in dashed] == [project["id"]]


@pytest.mark.parametrize("sign", "_-")
def test_of_two_names_that_differ_in_dashes_the_exact_one_comes_first(
    hub: Client, sign: str
) -> None:
    name = new_name()
    hub.post("/projects", name=name.replace("_", "-"))
    hub.post("/projects", name=name)
    wanted = name.replace("_", sign)
    found = [project["name"] for project in hub.get("/projects", name=wanted)]
    assert (found[0], len(found)) == (wanted, 2)


def test_deploy_goes_through_its_statuses_to_running(hub: Client) -> None:
    project = hub.post("/projects", name=new_name())
    path = f"/projects/{project['id']}"
    deploying = hub.patch(
        f"{path}/deploy", worker_type_id=3, workers_count=4, kubernetes_stack="experimental"
    )
    assert deploying["status"] == "deploying"
    seen: list[str] = []

    def is_running() -> bool:
        status = hub.get("/status", object="Project", id=project["id"])["status"]
        seen.extend([] if status in seen else [status])
        return bool(status == "running")

    assert wait_until(is_running, seconds=5)
    assert seen == [name for name in ("deploying", "deployed", "running") if name in seen]
    running = hub.get(path)
    sizes = ("worker_type_id", "workers_count", "kubernetes_stack")
    assert [running[size] for size in sizes] == [3, 4, "experimental"]


def test_deploying_a_running_project_changes_its_sizes_only(
    hub: Client, project: dict[str, Any]
) -> None:
    again = hub.patch(f"/projects/{project['id']}/deploy", workers_count=5, worker_type_id=None)
    assert (again["status"], again["workers_count"], again["worker_type_id"]) == ("running", 5, 1)


def test_the_sizes_of_a_running_project_are_changed_by_patch(
    hub: Client, project: dict[str, Any]
) -> None:
    changed = hub.patch(f"/projects/{project['id']}", workers_count=3, kubernetes_stack="other")
    assert (changed["workers_count"], changed["kubernetes_stack"]) == (3, "other")
    assert changed["status"] == "running"


@pytest.mark.parametrize("count", [0, -1, "many", True, 1.5])
def test_a_size_that_is_no_positive_number_is_refused(
    hub: Client, project: dict[str, Any], count: object
) -> None:
    answer = hub.call("PATCH", f"/projects/{project['id']}", workers_count=count)
    assert answer.errors == [("invalid_param", "workers_count", "should be a positive number")]


def test_undeploy_ends_at_undeployed_and_may_be_repeated(
    hub: Client, project: dict[str, Any]
) -> None:
    path = f"/projects/{project['id']}/undeploy"
    assert hub.patch(path)["status"] == "undeploying"
    hub.wait("Project", project["id"], "undeployed")
    assert hub.patch(path)["status"] == "undeployed"


def test_a_deleted_project_is_gone_at_once_and_its_name_is_free(
    hub: Client, project: dict[str, Any]
) -> None:
    path = f"/projects/{project['id']}"
    deleted = hub.call("DELETE", path).data
    assert (deleted["deleted"], deleted["deleting"]) == (False, True)
    assert hub.call("GET", path).errors == [("not_found", None, "Couldn't find Project")]
    assert hub.post("/projects", name=project["name"])["id"] != project["id"]


def test_deleting_a_project_removes_its_files_and_objects(hub: Client) -> None:
    project = hub.add_project()
    file = hub.add_file(project["id"])
    stored = list((hub.home / "files").rglob(file["url"].rpartition("/")[2]))
    assert len(stored) == 1
    hub.call("DELETE", f"/projects/{project['id']}")
    assert wait_until(lambda: not stored[0].exists())
    answer = hub.call("GET", f"/project_files/{file['id']}")
    assert answer.errors == [("not_found", None, "Couldn't find ProjectFile")]


def test_each_line_of_a_log_has_its_own_time(hub: Client, project: dict[str, Any]) -> None:
    path = hub.home / "logs" / f"project-{project['id']}.log"
    first, later = "2026-01-02T03:04:05.678Z", "2026-01-02T03:05:00.000Z"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"a\n{first} ERROR:b:c\nTraceback\n{later} INFO:b:d\n")
    lines = hub.get("/pod_logs", project_id=project["id"])
    assert [line["timestamp"] for line in lines] == [project["created_at"], first, first, later]
    assert [line["id"] for line in lines] == [1, 2, 3, 4]
    assert lines[2]["data"] == "Traceback\n"


def test_the_logs_of_a_project_are_plain_text(hub: Client, project: dict[str, Any]) -> None:
    answer = requests.get(
        f"{hub.url}/api/v1/projects/{project['id']}/logs", json={"token": hub.token}, timeout=10
    )
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (answer.status_code, answer.text) == (200, "")
