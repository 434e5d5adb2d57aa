from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project
from auger_hub.fork_server.client import IS_ABLE, Forked, ForkServer, end
from auger_hub.processes.child_process import open_fork_server
from auger_hub.processes.job_queue import is_work_expected
from auger_hub.settings import HubSettings
from tests.hub.client import wait_until

pytestmark = [pytest.mark.search, pytest.mark.slow]

needs_fork = pytest.mark.skipif(not IS_ABLE, reason="no fork here")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> HubSettings:
    settings = HubSettings(home=tmp_path_factory.mktemp("hub"))
    settings.make_folders()
    return settings


@pytest.fixture(scope="module")
def ready(settings: HubSettings) -> Iterator[ForkServer]:
    """A fork server whose process is ready."""
    fork_server = open_fork_server(settings)
    fork_server.keep(is_expected=True)
    assert wait_until(lambda: not fork_server.is_starting(), seconds=120)
    yield fork_server
    fork_server.close()


def run(fork_server: ForkServer, module: str, argument: str, log: Path) -> str:
    """Start a module, wait for its end, and return what it said."""
    with log.open("ab") as file:
        process = fork_server.start(module, argument, stdout=file, stderr=file)
    assert wait_until(lambda: process.poll() is not None, seconds=60)
    return log.read_text()


@needs_fork
def test_a_child_is_forked_and_has_all_imported(ready: ForkServer, tmp_path: Path) -> None:
    said = run(ready, "tests.hub.processes.said", "sklearn lightgbm duckdb", tmp_path / "log")
    assert said == "sklearn lightgbm duckdb\nin a session of its own, with 1 thread\n"


@needs_fork
def test_what_only_models_need_is_imported_while_nobody_waits(
    ready: ForkServer, tmp_path: Path
) -> None:
    def is_imported() -> bool:
        time.sleep(3)  # a child to fork would come first
        return "skops" in run(ready, "tests.hub.processes.said", "skops", tmp_path / "log")

    assert wait_until(is_imported, seconds=60)


def test_without_a_ready_process_a_child_imports_for_itself(
    settings: HubSettings, tmp_path: Path
) -> None:
    said = run(open_fork_server(settings), "tests.hub.processes.said", "sklearn", tmp_path / "log")
    assert said == "\nin a session of its own, with 1 thread\n"


@needs_fork
def test_what_fails_says_why_and_leaves_the_nursery_alive(
    ready: ForkServer, tmp_path: Path
) -> None:
    assert "No module named no_such_module" in run(ready, "no_such_module", "", tmp_path / "log")
    assert "in a session" in run(ready, "tests.hub.processes.said", "", tmp_path / "log")


@needs_fork
@pytest.mark.parametrize(
    ("end", "code", "told"), [("3", 3, ""), ("", 0, ""), ("a sentence", 1, "a sentence\n")]
)
def test_a_child_ends_as_a_program_does(
    ready: ForkServer, tmp_path: Path, end: str, code: int, told: str
) -> None:
    with (tmp_path / "log").open("ab") as log:
        ended = ready.start("tests.hub.processes.ends", end, stdout=log, stderr=log)
    assert wait_until(lambda: ended.poll() is not None, seconds=60)
    assert ready.exit_code(ended) == code
    assert (tmp_path / "log").read_text() == f"{told}what was left was done\n"


@needs_fork
def test_a_forked_child_outlives_its_nursery_and_can_be_ended(
    settings: HubSettings, tmp_path: Path
) -> None:
    fork_server = open_fork_server(settings)
    fork_server.keep(is_expected=True)
    assert wait_until(lambda: not fork_server.is_starting(), seconds=120)
    with (tmp_path / "log").open("ab") as log:
        process = fork_server.start("tests.hub.processes.sleeper", "", stdout=log, stderr=log)
    assert isinstance(process, Forked)
    fork_server.keep(is_expected=False)
    assert wait_until((tmp_path / "log").read_text, seconds=20)
    assert process.poll() is None
    end(process)
    assert process.poll() == 0


@needs_fork
@pytest.mark.slow
def test_children_are_forked_from_several_threads(ready: ForkServer, tmp_path: Path) -> None:
    said: dict[int, str] = {}

    def work(number: int) -> None:
        log = tmp_path / f"{number}.log"
        said[number] = run(ready, "tests.hub.processes.said", f"os {number}", log)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: text.split()[0] for number, text in said.items()} == dict.fromkeys(
        range(8), "os"
    )


@needs_fork
def test_a_killed_process_is_noticed_and_children_start_all_the_same(
    settings: HubSettings, tmp_path: Path
) -> None:
    fork_server = open_fork_server(settings)
    fork_server.keep(is_expected=True)
    assert fork_server.is_starting()
    assert fork_server._process is not None
    fork_server._process.kill()
    assert wait_until(lambda: not fork_server.is_starting(), seconds=20)
    assert "in a session" in run(fork_server, "tests.hub.processes.said", "", tmp_path / "log")
    fork_server.close()


@needs_fork
def test_what_was_ended_for_want_of_work_starts_again_with_the_next() -> None:
    fork_server = ForkServer()
    fork_server.keep(is_expected=True)
    fork_server.keep(is_expected=False)
    assert fork_server._process is None
    fork_server.keep(is_expected=True)
    assert fork_server._process is not None
    fork_server._process.kill()
    assert wait_until(lambda: not fork_server.is_starting(), seconds=20)
    fork_server.keep(is_expected=True)
    assert fork_server._process is None, "what ends by itself would end again"
    fork_server.close()


def test_a_process_that_is_gone_was_not_there_for_nothing() -> None:
    assert Forked(_dead_pid()).poll() == 0


def test_a_run_is_expected_where_a_project_was_just_started(settings: HubSettings) -> None:
    database = Database(settings.database_url)
    database.migrate()
    assert not is_work_expected(database)
    with database.write() as session:
        session.add(Organization(name="a", main_bucket="a"))
        session.flush()
        session.add(Project(organization_id=1, name="p", status="running"))
    assert is_work_expected(database)
    database.close()


def _dead_pid() -> int:
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    os.waitpid(pid, 0)
    return pid
