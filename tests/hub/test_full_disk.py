"""A disk without room: errors that say so, and nothing of what was answered is lost."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect, wait_until

pytestmark = pytest.mark.slow

_LIMIT = 1_500_000
_BIG = {"x": "y" * 100_000}


def _small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT, _LIMIT))


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[Client]:
    """A hub that may not write a file above a megabyte and a half."""
    settings = HubSettings(home=tmp_path / "hub")
    process = subprocess.Popen(
        [sys.executable, "-m", "auger_hub", "serve"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **settings.to_environment()},
        preexec_fn=_small_files_only,  # noqa: PLW1509 - no thread has been started here
    )
    assert wait_until(lambda: daemon.find_running(settings) is not None, seconds=60)
    yield connect(settings)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def test_an_upload_that_does_not_fit_leaves_nothing(cramped: Client) -> None:
    project = cramped.post("/projects", name="p")
    target = cramped.post("/project_file_urls", project_id=project["id"], file_path="x.csv")
    big = b"a,b\n" + b"1,2\n" * (_LIMIT // 2)
    answer = requests.post(target["url"], data=target["fields"], files={"file": big}, timeout=60)
    assert answer.status_code == 507
    assert b"<Code>InsufficientStorage</Code>" in answer.content
    assert [path for path in (cramped.home / "files").rglob("*") if path.is_file()] == []


def test_rows_that_do_not_fit_are_refused_and_the_others_stay(cramped: Client) -> None:
    statuses = []
    for _ in range(30):
        answer = cramped.call(
            "POST", "/hyperparameters", algorithm_name="SVM", algorithm_params=_BIG
        )
        statuses.append(answer.status)
    stored = cramped.call("GET", "/hyperparameters", limit=1).body["meta"]["pagination"]["total"]
    assert set(statuses) == {200, 507}
    assert stored == statuses.count(200)
    with sqlite3.connect(cramped.home / "hub.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
