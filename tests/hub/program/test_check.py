"""What `check` finds of a hub, and the way out that it names."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from auger_hub.database.tables import Organization, Project, ProjectFile
from auger_hub.hub import open_hub
from auger_hub.program import check
from auger_hub.program.check import check_hub
from auger_hub.settings import HubSettings
from auger_hub.store.disk import Disk
from tests.hub.client import Client, try_hub
from tests.hub.deployed import add_deployed_model


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    """A hub that was started once."""
    settings = HubSettings(home=tmp_path / "hub")
    open_hub(settings).database.close()
    return settings


def found(settings: HubSettings) -> dict[str, tuple[str, str, str]]:
    return {
        one["part"]: (one["state"], one["text"], one["hint"])
        for one in check_hub(settings)
        if one["state"] != "ok"
    }


def test_nothing_is_wrong_with_a_hub_that_runs(hub: Client) -> None:
    done = try_hub(hub.home, "check")
    assert done.returncode == 0, done.stdout
    parts = [line.split()[1] for line in done.stdout.splitlines()]
    assert parts == [
        *("settings", "versions", "folder", "disk", "database"),
        *("store", "files", "models", "scheduler", "sign-on", "network"),
    ]


def test_before_the_first_start_nothing_is_made(tmp_path: Path) -> None:
    assert found(HubSettings(home=tmp_path / "hub")) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    home = tmp_path / "hub"
    if is_there:
        home.mkdir(mode=0o700)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write whatever its modes say
    state, text, hint = found(HubSettings(home=home))["folder"]
    assert (state, text) == ("failed", f"{home if is_there else tmp_path} cannot be written")
    assert "AUGER_HUB_HOME" in hint


def test_a_folder_on_a_disk_for_reading_fails_by_its_name(
    settings: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(settings.lock_path))

    monkeypatch.setattr(check, "find_running", refuse)
    monkeypatch.setattr(check, "look_at_disk", refuse)
    told = found(settings)
    assert "versions" not in told
    assert told["disk"][1] == f"cannot use {settings.lock_path}: Read-only file system"


def test_a_file_that_others_can_read_is_told_with_the_command_that_closes_it(
    settings: HubSettings,
) -> None:
    settings.identity_path.chmod(0o644)
    state, text, hint = found(settings)["folder"]
    assert (state, text) == ("failed", "others can read identity.json")
    assert hint == f"chmod go-rwx {settings.identity_path}"


def test_a_database_that_is_lost_is_told_beside_its_models(settings: HubSettings) -> None:
    (settings.models_folder / "6A1819560FAF2B2").mkdir()
    for file in settings.home.glob("hub.db*"):
        file.unlink()
    state, text, hint = found(settings)["database"]
    assert (state, "is empty" in text, "restore" in hint) == ("failed", True, True)


def test_a_database_that_does_not_answer_fails_alone(settings: HubSettings) -> None:
    away = replace(settings, database="postgresql://anna:S3CRET@127.0.0.1:9/hub")
    told = found(away)
    assert told["database"][0] == "failed"
    assert "S3CRET" not in json.dumps(told)
    assert "folder" not in told


def test_a_ready_model_without_its_files_is_told(settings: HubSettings) -> None:
    hub = open_hub(settings)
    add_deployed_model(hub.database, "T1")
    hub.database.close()
    state, text, _ = found(settings)["models"]
    assert (state, text) == ("failed", "1 of 1 deployed models are not in the store: T1")


def test_a_network_without_tls_is_a_warning(settings: HubSettings) -> None:
    state, text, hint = found(replace(settings, host="0.0.0.0"))["network"]
    assert (state, "without TLS" in text, "--proxy" in hint) == ("warning", True, True)


def test_a_scheduler_that_is_away_is_told(settings: HubSettings) -> None:
    state, text, _ = found(replace(settings, scheduler="tcp://127.0.0.1:9"))["scheduler"]
    assert state == "failed"
    assert "does not answer" in text


def test_uploads_that_the_store_lost_are_counted_and_the_first_is_named(
    settings: HubSettings,
) -> None:
    hub = open_hub(settings)
    with hub.database.write() as session:
        session.add(Organization(id=7, name="o", main_bucket="b"))
        session.add(Project(id=7, organization_id=7, name="p"))
        session.flush()
        for name in ("churn", "sales"):
            owner = {"organization_id": 7, "project_id": 7}
            session.add(ProjectFile(**owner, name=name, url="u", key=name, status="processed"))
    hub.database.close()
    state, text, _ = found(settings)["files"]
    assert (state, text) == (
        "failed",
        "not in the store: 2 data sets; the first is the data set `churn`",
    )


def test_a_store_that_was_lost_is_told_and_not_made_again(settings: HubSettings) -> None:
    shutil.rmtree(settings.files_folder)
    state, text, hint = found(settings)["store"]
    assert (state, text) == ("failed", f"{settings.files_folder} is empty or another one")
    assert hint.endswith("auger hub start --new")
    assert not settings.files_folder.exists()


def test_a_disk_that_is_too_small_is_not_to_be_emptied(
    settings: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(total=60 << 20, free=59 << 20, alarm=1024 << 20)
    monkeypatch.setattr(check, "look_at_disk", lambda _: disk)
    (found,) = check._check_disk(settings)
    assert "make room" not in found.hint
    assert "too small" in found.hint


@pytest.mark.parametrize(("free", "state"), [(10, "failed"), (900, "warning"), (2000, "ok")])
def test_a_disk_is_told_before_it_is_full(
    settings: HubSettings, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    disk = Disk(total=10_000 << 20, free=free << 20, alarm=1024 << 20)
    monkeypatch.setattr(check, "look_at_disk", lambda _: disk)
    (told,) = [one for one in check_hub(settings) if one["part"] == "disk"]
    assert told["state"] == state
    assert told["text"] == f"{free} MB of 10000 MB are free"


def test_a_provider_of_single_sign_on_that_is_away_is_told(tmp_path: Path) -> None:
    told = '{"issuer": "http://127.0.0.1:9", "client_id": "hub"}'
    found = check_hub(HubSettings(home=tmp_path, oidc=told))
    (finding,) = [one for one in found if one["part"] == "sign-on"]
    assert (finding["state"], "does not answer" in finding["text"]) == ("failed", True)
