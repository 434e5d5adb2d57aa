"""The logs of projects stay small and go with them."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project
from auger_hub.processes import logs
from auger_hub.processes.logs import log_path, read_log, sweep_logs, time_of
from auger_hub.settings import HubSettings

LINES = [f"line {number}\n" for number in range(10)]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubSettings:
    """A hub whose logs may have 20 bytes."""
    monkeypatch.setattr(logs, "_MOST_BYTES", 20)
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    log_path(settings, 0).parent.mkdir()
    return settings


def sweep(settings: HubSettings) -> None:
    """Sweep the logs of a hub whose only project is number 1."""
    database = Database(settings.database_url)
    database.migrate()
    with database.write() as session:
        session.add(Organization(name="a", main_bucket="a"))
        session.flush()
        session.add(Project(organization_id=1, name="p"))
    sweep_logs(database, settings)
    database.close()


def test_the_log_of_a_project_goes_with_it(settings: HubSettings) -> None:
    for project_id in range(3):
        log_path(settings, project_id).touch()
    sweep(settings)
    there = [log_path(settings, project_id).exists() for project_id in range(3)]
    assert there == [True, True, False]


@pytest.mark.process
def test_what_a_process_logs_begins_with_its_time() -> None:
    said = "import logging; from auger_hub.processes.logs import log_with_times as begin; "
    said += "begin(); logging.getLogger('a').info('b')"
    done = subprocess.run(
        [sys.executable, "-c", said],
        env={**os.environ, "TZ": "JST-9"},
        capture_output=True,
        text=True,
        check=True,
    )
    said_at = time_of(done.stderr)
    assert said_at is not None
    assert done.stderr == f"{said_at} INFO:a:b\n"
    age = datetime.now(timezone.utc) - datetime.fromisoformat(said_at.replace("Z", "+00:00"))
    assert abs(age) < timedelta(hours=1), "in UTC, wherever the hub is"


def test_of_a_long_log_the_last_whole_lines_are_read(settings: HubSettings) -> None:
    path = log_path(settings, 1)
    path.write_text("".join(LINES))
    assert read_log(path) == "".join(LINES[-2:])
    assert read_log(log_path(settings, 2)) == ""


def test_a_log_is_cut_while_a_process_goes_on_writing_to_it(settings: HubSettings) -> None:
    path = log_path(settings, 1)
    with path.open("a") as file:
        file.writelines(LINES)
        file.flush()
        sweep(settings)
        file.write("more\n")
    assert path.read_text() == "".join([*LINES[-2:], "more\n"])
