from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auger_reconcile.hub.database.engine import Database
from auger_reconcile.hub.database.tables import Organization, Project
from auger_reconcile.hub.settings import HubSettings
from auger_reconcile.hub.work.process import Job, end_all
from auger_reconcile.hub.work.standby import Standby, is_run_expected

WAIT = "from auger_reconcile.hub.work.standby import wait_for_job; print('told', wait_for_job())"


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    return settings


def test_a_waiting_process_ends_when_its_hub_is_gone() -> None:
    command = [sys.executable, "-c", WAIT]
    answer = subprocess.run(
        command, input="", capture_output=True, text=True, timeout=20, check=True
    )
    assert answer.stdout == "told None\n"


def test_a_waiting_process_is_told_its_row_and_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "project.log"
    line = f'{{"row_id": "abc", "log": "{log}"}}\n'
    command = [sys.executable, "-c", WAIT]
    answer = subprocess.run(
        command, input=line, capture_output=True, text=True, timeout=20, check=True
    )
    assert (answer.stdout, log.read_text()) == ("", "told abc\n")


def test_a_process_is_kept_only_while_a_run_is_expected(settings: HubSettings) -> None:
    standby = Standby(settings)
    standby.keep(is_expected=True, is_idle=False)
    assert standby.take(Job("run", "abc", 1), settings.log_path) is None
    standby.keep(is_expected=True, is_idle=True)
    standby.keep(is_expected=False, is_idle=True)
    assert standby.take(Job("run", "abc", 1), settings.log_path) is None


def test_a_kept_process_takes_the_job(settings: HubSettings) -> None:
    standby = Standby(settings)
    standby.keep(is_expected=True, is_idle=True)
    child = standby.take(Job("run", "abc", 1), settings.log_path)
    assert child is not None
    assert child.is_alive()
    end_all([child], seconds=5)
    assert not child.is_alive()


def test_a_run_is_expected_where_a_project_was_just_started(settings: HubSettings) -> None:
    database = Database(settings.database_url)
    database.migrate()
    assert not is_run_expected(database)
    with database.write() as session:
        session.add(Organization(name="a", main_bucket="a"))
        session.flush()
        session.add(Project(organization_id=1, name="p", status="running"))
    assert is_run_expected(database)
    database.close()
