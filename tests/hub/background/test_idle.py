from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from auger_hub.background.idle import ends_at
from auger_hub.background.project_lifecycle import stop_idle
from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project, ProjectFile, now
from auger_hub.processes import daemon
from auger_hub.settings import SINGLE_TENANT, HubSettings
from tests.hub.client import connect

LONG_AGO = datetime(2020, 1, 1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    yield database
    database.close()


def add_project(session: Session, minutes: int) -> Project:
    organization = Organization(name="o", main_bucket="b")
    session.add(organization)
    session.flush()
    project = Project(
        organization_id=organization.id,
        name="p",
        status="running",
        cluster_autoterminate_minutes=minutes,
    )
    session.add(project)
    session.flush()
    session.execute(update(Project).values(updated_at=LONG_AGO))
    session.refresh(project)
    return project


def test_an_idle_project_is_stopped_when_its_minutes_are_over(database: Database) -> None:
    with database.write() as session:
        project_id = add_project(session, 30).id
    stop_idle(database)
    with database.read() as session:
        assert session.get_one(Project, project_id).status == "undeploying"


def test_a_project_without_minutes_is_never_stopped(database: Database) -> None:
    with database.write() as session:
        project_id = add_project(session, 0).id
    stop_idle(database)
    with database.read() as session:
        assert session.get_one(Project, project_id).status == "running"


def test_a_new_data_set_is_a_use(database: Database) -> None:
    with database.write() as session:
        project = add_project(session, 30)
        owner = {"organization_id": project.organization_id, "project_id": project.id}
        session.add(ProjectFile(name="f", url="u", key="k", **owner))
        session.flush()
        end = ends_at(session, project)
        assert end is not None
        assert end > now() + timedelta(minutes=29)


@pytest.mark.process
def test_the_end_is_told_before_it_comes(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path / "hub", cluster_mode=SINGLE_TENANT)
    daemon.start(settings)
    try:
        hub = connect(settings)
        assert hub.get("/organizations")[0]["cluster_mode"] == SINGLE_TENANT
        project = hub.post("/projects", name="p")
        assert project["will_be_autoterminated_at"] is None
        hub.post("/clusters", project_id=project["id"], autoterminate_minutes=45)
        hub.wait("Project", project["id"], "running")
        told = hub.get(f"/projects/{project['id']}")["will_be_autoterminated_at"]
        end = datetime.fromisoformat(told.removesuffix("Z"))
        assert timedelta(minutes=44) < end - now() < timedelta(minutes=46)
    finally:
        daemon.stop(settings)
