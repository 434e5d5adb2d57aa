"""A password in the address of a data set is for its server alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import Secret
from auger_hub.settings import HubSettings
from auger_hub.store.source_logins import split_login, without_login
from auger_hub.store.web import SourceMissing, download
from tests.hub.client import Client, wait_until

ROWS = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def guarded() -> Iterator[tuple[str, list[str | None]]]:
    """Host and port of a server that wants to know who asks, and what it was told."""
    told: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.headers["Authorization"])
            is_known = self.headers["Authorization"] == "Basic YW5uYTpzM2NyZXQ="
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Length", str(len(ROWS) if is_known else 0))
            self.end_headers()
            self.wfile.write(ROWS if is_known else b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", told
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("url", "bare", "login"),
    [
        ("http://u:p@h/x", "http://h/x", "u:p"),
        ("https://u@h:8/x?a=1", "https://h:8/x?a=1", "u"),
        ("http://h/x@y", "http://h/x@y", ""),
        ("s3://u:p@b/k", "s3://u:p@b/k", ""),
        ("files/a@b.csv", "files/a@b.csv", ""),
    ],
)
def test_user_and_password_are_split_from_web_addresses(url: str, bare: str, login: str) -> None:
    assert split_login(url) == (bare, login)
    assert without_login(url) == bare


def test_what_is_no_address_is_left_as_it_is() -> None:
    assert without_login("http://[u:p@h") == "http://[u:p@h"


def test_a_password_is_used_once_and_never_shown(
    hub: Client, project: dict[str, Any], guarded: tuple[str, list[str | None]]
) -> None:
    host, told = guarded
    sent = {"name": "x", "url": f"http://anna:s3cret@{host}/x.csv"}
    made = hub.post("/project_files", project_id=project["id"], **sent)
    assert made["url"] == f"http://{host}/x.csv"
    hub.wait("ProjectFile", made["id"], "processed")
    assert told == ["Basic YW5uYTpzM2NyZXQ="]
    again = hub.call("POST", "/project_files", project_id=project["id"], **{**sent, "name": "y"})
    assert again.errors[0][1] == "url"
    assert wait_until(lambda: not logins_in(hub.home), 30)
    experiment = hub.post("/experiments", name="e", project_id=project["id"], data_path=sent["url"])
    assert experiment["project_file_id"] == made["id"]
    assert "s3cret" not in str(experiment)


def test_a_failed_download_does_not_tell_the_password(
    hub: Client, project: dict[str, Any], guarded: tuple[str, list[str | None]]
) -> None:
    url = f"http://anna:wr0ng@{guarded[0]}/x.csv?signature=abc"
    made = hub.post("/project_files", name="x", project_id=project["id"], url=url)
    hub.wait("ProjectFile", made["id"], "processed_with_error")
    shown = hub.get(f"/project_files/{made['id']}")
    assert "wr0ng" not in str(shown)
    assert "signature" not in shown["error_message"]


def test_an_experiment_on_an_address_makes_the_data_set(
    hub: Client, project: dict[str, Any], guarded: tuple[str, list[str | None]]
) -> None:
    url = f"http://anna:s3cret@{guarded[0]}/rows.csv"
    sent = {"project_id": project["id"], "data_path": url}
    first = hub.post("/experiments", name="one", **sent)
    second = hub.post("/experiments", name="two", **sent)
    assert first["project_file_id"] == second["project_file_id"]
    hub.wait("ProjectFile", first["project_file_id"], "processed")
    assert hub.get(f"/project_files/{first['project_file_id']}")["name"] == "rows.csv"


def test_an_address_that_cannot_be_read_is_quoted_without_its_secrets(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path)
    with pytest.raises(SourceMissing) as caught, (tmp_path / "x").open("wb") as file:
        download("http://u:p4ss@127.0.0.1:1/x?key=s3cret", file, settings)
    assert "`http://127.0.0.1:1/x?...`" in str(caught.value)
    assert "p4ss" not in str(caught.value)


def logins_in(home: Path) -> list[str]:
    database = Database(HubSettings(home=home).database_url)
    with closing(database), database.read() as session:
        return list(session.scalars(select(Secret.name).where(Secret.name.startswith("source:"))))
