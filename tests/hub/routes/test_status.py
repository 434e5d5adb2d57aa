"""The status of an object, and that it is there exactly as long as the object is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.accounts.users import Caller, add_user
from auger_hub.database import tables
from auger_hub.http.contract import Call, NotFound, Page
from auger_hub.hub import Hub, open_hub
from auger_hub.routes import status
from auger_hub.routes.projects import cluster_tasks
from auger_hub.settings import HubSettings

KINDS = [
    *("Cluster", "ClusterTask", "Component", "ExperimentSession", "Pipeline", "Project"),
    "ProjectFile",
]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub that does no work by itself, with one project of everything, of id 1."""
    hub = open_hub(HubSettings(home=tmp_path / "hub"))
    own = {"organization_id": 1, "project_id": 1}
    file = {"name": "f", "url": "s3://b/f", "key": "f"}
    experiment = {"name": "e", "data_path_url": "s3://b/f"}
    run = {"experiment_id": "1", "number": 1, "model_settings": {}, "starter_user_id": 1}
    cluster = {
        "created_by": 1,
        "name": "c",
        "worker_nodes_count": 1,
        "workers_per_node_count": 1,
        "instance_type": "c5.large",
        "docker_image_tag": "stable",
        "autoterminate_minutes": 30,
    }
    with hub.database.write() as session:
        add_user(session, "anna", "here")
        session.add(tables.Project(organization_id=1, name="p", status="running"))
        session.flush()
        session.add(tables.Experiment(id="1", **own, **experiment))
        session.flush()
        session.add_all(
            [
                tables.ProjectFile(**own, **file),
                tables.ExperimentSession(id="1", **own, **run),
                tables.Pipeline(id="1", **own, status="ready", external={}),
                tables.ClusterTask(**own, name="t"),
                tables.Cluster(**own, **cluster),
            ]
        )
    yield hub
    hub.database.close()


def ask(hub: Hub, routes: list[Any], **params: Any) -> Any:
    with hub.database.read() as session:
        return routes[0].handler(Call(hub, Caller(1, 1, "seal"), session, params, "http://h"))


def delete_project(hub: Hub) -> None:
    with hub.database.write() as session:
        session.get_one(tables.Project, 1).deleting = True


@pytest.mark.parametrize("kind", KINDS)
def test_everything_of_a_project_has_a_status_until_the_project_is_deleted(
    hub: Hub, kind: str
) -> None:
    assert ask(hub, status.ROUTES, object=kind, id=1)["status"]
    delete_project(hub)
    with pytest.raises(NotFound):
        ask(hub, status.ROUTES, object=kind, id=1)


def test_the_organization_stays(hub: Hub) -> None:
    delete_project(hub)
    assert ask(hub, status.ROUTES, object="Organization", id=1) == {"status": "ready"}


def test_the_tasks_of_a_deleted_project_are_listed_no_more(hub: Hub) -> None:
    page: Page = ask(hub, cluster_tasks.ROUTES, project_id=1)
    assert [task["id"] for task in page.items] == [1]
    delete_project(hub)
    page = ask(hub, cluster_tasks.ROUTES, project_id=1)
    assert (page.items, page.total) == ([], 0)
