"""The hub with PostgreSQL instead of SQLite; skipped where there is none."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from auger_hub.database.engine import Database
from auger_hub.database.tables import Base, Secret
from auger_hub.processes import daemon
from auger_hub.program.backup import back_up, restore
from auger_hub.settings import HubSettings
from tests import leftovers
from tests.hub.client import Client, connect, wait_until
from tests.hub.database.writers import count_at_once
from tests.hub.test_two_hubs import Pair, assert_run_once, begin, follow

pytest.importorskip("psycopg")
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ROOT = os.name == "posix" and os.geteuid() == 0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed"),
]


def run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as its own user where we are root."""
    subprocess.run(
        [PROGRAMS[-1] / program, *arguments],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user="postgres" if ROOT else None,
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server of its own, without the database's name."""
    folder = make_folder()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8")
    start_server(folder, port)
    yield f"postgresql+psycopg://hub@127.0.0.1:{port}"
    run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def make_folder() -> Path:
    """Make a folder for the server, which as root is another user's: ours are closed to it."""
    if not ROOT:
        return Path(tempfile.mkdtemp(prefix="pg-"))
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    shutil.chown(folder, "postgres")
    leftovers.note_elsewhere(folder)
    return folder


def start_server(folder: Path, port: int) -> None:
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    data = str(folder / "data")
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")


def kill_server(server: str) -> tuple[Path, int]:
    """Kill -9 the whole server; return its folder and its port, for the next start."""
    port = int(server.rpartition(":")[2])
    places = (Path(tempfile.gettempdir()), Path("/tmp"))
    folder = next(one.parent for place in places for one in place.glob(f"pg-*/.s.PGSQL.{port}"))
    first = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    for pid in (first, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not Path(f"/proc/{first}").exists())
    return folder, port


def make_database(server: str, name: str) -> str:
    port = server.rpartition(":")[2]
    run("createdb", "-h", "127.0.0.1", "-p", port, "-U", "hub", name)
    return f"{server}/{name}"


def test_the_migrations_make_exactly_the_tables(server: str) -> None:
    database = Database(make_database(server, "tables"))
    database.migrate()
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_writers_at_once_lose_no_update(server: str) -> None:
    database = Database(make_database(server, "writers"))
    database.migrate()
    count_at_once(database)
    with database.read() as session:
        assert session.get_one(Secret, "count").value == "60"
    database.close()


def test_a_whole_run_and_its_move_from_sqlite(server: str, hub: Client, tmp_path: Path) -> None:
    """A backup of SQLite is restored into PostgreSQL, and the hub goes on there."""
    archive = tmp_path / "hub.tar.gz"
    back_up(HubSettings(home=hub.home), archive)
    settings = HubSettings(home=tmp_path / "home", database=make_database(server, "moved"))
    assert restore(settings, archive).rows > 0
    daemon.start(settings)
    try:
        client = Client(connect(settings).url, hub.token, settings.home)
        project = client.add_project()
        file = client.add_file(project["id"])
        started = client.add_run(file, max_n_trials=1)
        client.start_run(started["id"])
        client.wait("ExperimentSession", started["id"], "completed")
        trials = client.get("/trials", experiment_session_id=started["id"])
        client.post("/pipelines", trial_id=trials[0]["id"])
        client.wait("Pipeline", trials[0]["id"], "ready")
    finally:
        daemon.stop(settings)


def test_a_run_whose_hub_is_killed_ends_once_at_another(server: str, tmp_path: Path) -> None:
    pair = Pair(tmp_path, make_database(server, "two"))
    try:
        first, second = pair.start("a"), pair.start("b")
        run_id = begin(first, 20)
        pair.signal("a", signal.SIGKILL)
        follow(second)
        assert_run_once(second, run_id, 20)
    finally:
        pair.end()


def test_a_killed_server_loses_nothing_that_was_acknowledged(server: str, tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path / "home", database=make_database(server, "killed"))
    daemon.start(settings)
    try:
        client = connect(settings)
        made = [client.post("/projects", name=f"p{number}")["id"] for number in range(10)]
        folder, port = kill_server(server)
        refused = client.call("POST", "/projects", name="too-early")
        assert (refused.status, refused.errors[0][0]) == (503, "unavailable")
        (folder / "data" / "postmaster.pid").unlink()
        start_server(folder, port)
        assert wait_until(lambda: client.call("GET", "/projects").status == 200)
        assert sorted(one["id"] for one in client.get("/projects")) == made
        client.add_project()  # by work in the background, which goes on too
    finally:
        daemon.stop(settings)
