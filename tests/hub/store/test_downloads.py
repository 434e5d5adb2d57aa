"""A slow server that one user names holds up nobody else."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hub.client import IRIS, Client, add_stranger, wait_until


class Site(http.server.BaseHTTPRequestHandler):
    """Serves iris, and under any other path a file that never ends."""

    is_over = threading.Event()
    waiting: list[str] = []  # noqa: RUF012 - of all requests of a test

    def do_GET(self) -> None:
        """Answer by the path."""
        self.send_response(200)
        self.end_headers()
        if self.path == "/iris.csv":
            self.wfile.write(IRIS.read_bytes())
            return
        self.waiting.append(self.path)
        with contextlib.suppress(OSError):
            while not self.is_over.wait(0.2):
                self.wfile.write(b"a")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.is_over.clear()
    Site.waiting.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Site.is_over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stranger(hub: Client) -> Client:
    """A client of another organization."""
    return add_stranger(hub)


@pytest.mark.slow
def test_slow_servers_hold_up_no_other_work_and_no_other_organization(
    hub: Client, stranger: Client, project: dict[str, Any], site: str
) -> None:
    for number in range(4):
        url = f"{site}/{number}.csv"
        hub.post("/project_files", name=str(number), project_id=project["id"], url=url)
    assert wait_until(lambda: len(Site.waiting) == 2)
    hub.add_file(project["id"])
    own = stranger.post("/projects", name=project["name"])
    url = f"{site}/iris.csv"
    file = stranger.post("/project_files", name="iris", project_id=own["id"], url=url)
    stranger.wait("ProjectFile", file["id"], "processed")
    assert len(Site.waiting) == 2
    hub.call("DELETE", f"/projects/{project['id']}")
