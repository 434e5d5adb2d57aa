from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from auger_hub.database.tables import Organization, Project, ProjectFile
from auger_hub.hub import open_hub
from auger_hub.processes import daemon
from auger_hub.program.backup import back_up
from auger_hub.settings import HubSettings
from tests.hub.client import IRIS, Client, Done, connect, try_hub


def command(name: str, file: Path, home: Path, *more: str) -> Done:
    return try_hub(home, name, str(file), *more)


@pytest.mark.slow
def test_a_restored_hub_answers_as_the_first_one_did(
    hub: Client, finished_run: dict[str, Any], tmp_path: Path
) -> None:
    """The backup is taken while the hub serves."""
    archive, settings = tmp_path / "hub.tar.gz", HubSettings(home=tmp_path / "restored")
    saved = command("backup", archive, hub.home)
    assert saved.returncode == 0, saved.stderr
    assert json.loads(saved.stdout)["bytes"] == archive.stat().st_size
    assert command("restore", archive, settings.home).returncode == 0
    daemon.start(settings)
    try:
        url = connect(settings).url
        twin = Client(url, hub.token, settings.home)
        session_id = finished_run["run"]["id"]
        board = hub.get("/trials", experiment_session_id=session_id)
        assert twin.get("/trials", experiment_session_id=session_id) == board
        run = twin.get(f"/experiment_sessions/{session_id}")
        file = twin.get(f"/project_files/{run['project_file_id']}")
        target = {"project_id": file["project_id"], "file_path": file["url"].rpartition("/")[2]}
        download = twin.get("/project_file_urls", **target)["url"]
        assert requests.get(download, timeout=10).content == IRIS.read_bytes()
    finally:
        daemon.stop(settings)


@pytest.mark.slow
def test_a_hub_that_holds_something_is_not_overwritten(hub: Client, tmp_path: Path) -> None:
    archive = tmp_path / "hub.tar.gz"
    assert command("backup", archive, hub.home).returncode == 0
    settings = HubSettings(home=tmp_path / "other")
    assert command("restore", archive, settings.home).returncode == 0
    again = command("restore", archive, settings.home)
    assert again.returncode == 1
    assert again.stderr.startswith(f"the hub in {settings.home} is not empty: nothing is over")


def test_a_running_hub_is_not_restored_into(hub: Client, tmp_path: Path) -> None:
    refused = command("restore", tmp_path / "x.tar.gz", hub.home)
    assert refused.returncode == 1
    assert "stop it before you restore" in refused.stderr


@pytest.mark.process
def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.tar.gz"
    file.write_bytes(b"no archive")
    refused = command("restore", file, tmp_path / "home")
    assert refused.returncode == 1
    assert "is no backup of a hub" in refused.stderr


def test_the_archive_is_for_its_owner_only(hub: Client, tmp_path: Path) -> None:
    archive = tmp_path / "hub.tar.gz"
    command("backup", archive, hub.home)
    assert archive.stat().st_mode & 0o777 == 0o600


def test_a_file_that_waits_where_a_backup_is_written_is_not_followed(
    hub: Client, tmp_path: Path
) -> None:
    archive, prey = tmp_path / "hub.tar.gz", tmp_path / "prey"
    prey.write_text("as it was")
    for trap in (archive, tmp_path / ".hub.tar.gz.part"):
        trap.symlink_to(prey)
    command("backup", archive, hub.home)
    assert prey.read_text() == "as it was"
    assert not archive.is_symlink()
    assert archive.stat().st_mode & 0o777 == 0o600


def test_what_is_missing_is_counted(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path / "hub")
    opened = open_hub(settings)
    with opened.database.write() as session:
        owner = Organization(name="o", main_bucket="b")
        session.add(owner)
        session.flush()
        project = Project(organization_id=owner.id, name="p")
        session.add(project)
        session.flush()
        for name in ("lost", "kept", "expected"):
            status = "processing" if name == "expected" else "processed"
            row = {"name": name, "key": f"files/{name}", "url": name, "status": status}
            session.add(ProjectFile(organization_id=owner.id, project_id=project.id, **row))
    with opened.storage.create("b", "files/kept") as file:
        file.write(b"a\n")
    (settings.files_folder / "b" / "a\\b.csv").write_text("nothing that a hub has stored")
    opened.database.close()
    assert back_up(settings, tmp_path / "hub.tar.gz").missing == 1
