"""The network goes away in the middle: auger.yaml and credentials are old or new, never between."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from auger_reconcile.api import Context, DataSet, Experiment
from auger_reconcile.client.hub_client import HubClient
from tests.api.live_hub import LiveHub, write_flowers, write_project
from tests.hub.client import wait_until

from .conftest import User

REQUESTS = 16  # more than any of the commands sends here before it is done
LONGEST = 44  # the same, for those that wait


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads that fail are not repeated: the network stays away."""
    assert HubClient.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(HubClient.__init__.__kwdefaults__, "retries", 0)


@contextmanager
def dying_after(count: int, hub: LiveHub) -> Iterator[str]:
    """Serve a way to the hub that answers `count` requests and then hangs up on every other."""
    target, left, lock = urlsplit(hub.url).netloc, [count], Lock()

    class Forward(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or the second write of an answer waits for 40 ms

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                left[0] -= 1
                is_dead = left[0] < 0
            if is_dead:
                self.close_connection = True
                return
            connection = http.client.HTTPConnection(target, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = forward  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def as_user(hub: LiveHub, url: str) -> str:
    return json.dumps({**json.loads(hub.credentials), "api_url": url})


BEFORE = "project: {name}\nsource: flowers.csv\ndataset: old.csv\nexperiment:\n  name: old   # x\n"
AFTER = "project:{}\nsource: flowers.csv\ndataset:{}\nexperiment:\n  name:   # x\n"


@pytest.fixture
def project(user: User, hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project with a running cluster and a data set."""
    name = f"net-{uuid4().hex[:8]}"
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    assert user.run("project", "create", name).code == 0
    assert user.run("project", "start", name).code == 0
    return name


@pytest.mark.parametrize(
    ("command", "after"),
    [
        (["dataset", "create", "flowers.csv"], AFTER.format(" {name}", " flowers.csv")),
        (["project", "create", "{name}-2"], AFTER.format(" {name}-2", "")),
        pytest.param(
            *(["project", "select", "other"], AFTER.format(" other", "")), marks=pytest.mark.slow
        ),
        (["project", "delete", "--yes"], AFTER.format("", "")),
        pytest.param(["project", "stop"], BEFORE, marks=pytest.mark.slow),
        pytest.param(["project", "start"], BEFORE, marks=pytest.mark.slow),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_auger_yaml_is_as_it_was_or_complete(
    user: User,
    hub: LiveHub,
    project: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    command: list[str],
    after: str,
) -> None:
    user.run("project", "create", "other")
    write_flowers(folder)
    file = folder / "auger.yaml"
    file.write_text(before := BEFORE.format(name=project))
    codes = []
    for count in range(REQUESTS):
        with dying_after(count, hub) as url:
            monkeypatch.setenv("AUGER_CREDENTIALS", as_user(hub, url))
            done = user.run(*(word.format(name=project) for word in command))
        codes.append(done.code)
        if done.code == 0:
            break
        assert "Traceback" not in done.err
        assert "this is a bug" not in done.err
        assert file.read_text() == before
    assert codes[0] == 1
    assert codes[-1] == 0
    assert file.read_text() == after.format(name=project)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


@dataclass(frozen=True)
class Learned:
    """A project with a completed run, and the trial that it found."""

    project: str
    trial: str


@pytest.fixture(scope="module")
def learned(hub: LiveHub, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    folder = tmp_path_factory.mktemp("learned")
    name = f"net-{uuid4().hex[:8]}"
    write_project(folder, name)
    with Context(folder, environ=hub.environ, home=folder) as context:
        DataSet(context).create()
        Experiment(context).start(wait=True)
        rows, _ = Experiment(context).leaderboard()
    return Learned(name, rows[0]["id"])


@dataclass(frozen=True)
class Cut:
    """Runs a command again and again, the network cut one request later each time."""

    user: User
    hub: LiveHub
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def run(self, *command: str, done: str = "") -> list[int]:
        """Run until it succeeds, or says that it is done; return the exit codes."""
        before, codes = (self.folder / "auger.yaml").read_bytes(), []
        for count in range(LONGEST):
            with dying_after(count, self.hub) as url:
                self.monkeypatch.setenv("AUGER_CREDENTIALS", as_user(self.hub, url))
                answer = self.user.run(*command)
            codes.append(answer.code)
            if answer.code == 0 or (done and done in answer.err):
                break
            assert "Traceback" not in answer.err
            assert "this is a bug" not in answer.err
            assert (self.folder / "auger.yaml").read_bytes() == before
        assert {path.name for path in self.folder.iterdir()} == {"auger.yaml", "flowers.csv"}
        self.monkeypatch.setenv("AUGER_CREDENTIALS", self.hub.credentials)
        return codes


@pytest.fixture
def cut(user: User, hub: LiveHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cut:
    return Cut(user, hub, folder, monkeypatch)


@pytest.mark.slow
def test_an_experiment_starts_once_and_is_stored_when_its_run_is_there(
    cut: Cut, user: User, folder: Path, learned: Learned
) -> None:
    file = write_project(folder, learned.project)
    file.write_text(
        text := file.read_text().replace("experiment:\n", "experiment:\n  name:  # x\n")
    )
    codes = cut.run("experiment", "start", "second")
    assert (codes[0], codes[-1]) == (1, 0)
    assert file.read_text() == text.replace("name:  # x", "name: second  # x")
    items = json.loads(user.run("experiment", "list", "--json").out)
    assert [item["name"] for item in items].count("second") == 1
    history = json.loads(user.run("experiment", "history", "--json").out)
    assert len(history) == 1
    codes = cut.run("experiment", "delete", "second", "--yes")
    assert (codes[0], codes[-1]) == (1, 0)
    assert file.read_text() == text


@pytest.mark.slow
def test_a_model_is_deployed_once_and_then_undeployed(
    cut: Cut, user: User, folder: Path, learned: Learned
) -> None:
    file = write_project(folder, learned.project)
    before = file.read_bytes()
    codes = cut.run("model", "deploy", learned.trial)
    assert (codes[0], codes[-1]) == (1, 0)
    listed = json.loads(user.run("model", "list", "--json").out)
    assert [item["id"] for item in listed] == [learned.trial]
    codes = cut.run("model", "undeploy", learned.trial, "--yes", done="is not deployed")
    assert codes[0] == 1

    def is_gone() -> bool:  # the hub takes its time, though nobody waits for it any more
        return json.loads(user.run("model", "list", "--json").out) == []

    assert wait_until(is_gone, seconds=60)
    assert file.read_bytes() == before


def test_credentials_are_as_they_were_until_the_login_is_complete(
    user: User, hub: LiveHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = folder.parent / "home" / ".augerai" / "auger.json"
    stored.parent.mkdir()
    stored.write_text(old := '{"token": "old", "organization": "old", "api_url": "http://a"}')
    secret = folder / "password"
    secret.write_text(hub.password)
    codes = []
    for count in range(REQUESTS):
        with dying_after(count, hub) as url, secret.open() as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            login = ("auth", "login", "-u", hub.username, "-o", hub.organization)
            done = user.run(*login, "--password-stdin", "--url", url)
        codes.append(done.code)
        if done.code == 0:
            break
        assert stored.read_text() == old
    assert codes == [1, 1, 0]
    assert json.loads(stored.read_text())["organization"] == "shop"
    assert [path.name for path in stored.parent.iterdir()] == ["auger.json"]


@pytest.mark.parametrize(
    "command",
    [
        ["project", "list"],
        ["dataset", "list"],
        ["experiment", "list"],
        ["experiment", "leaderboard"],
        ["experiment", "history"],
        ["model", "list"],
        ["model", "predict", "flowers.csv", "--model-id", "X"],
        ["model", "actual", "flowers.csv", "--model-id", "X"],
        ["dataset", "download"],
    ],
    ids=" ".join,
)
def test_reading_without_a_network_is_an_error_in_one_sentence(
    user: User, hub: LiveHub, folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    write_flowers(folder)
    (folder / "auger.yaml").write_text(before := BEFORE.format(name="net"))
    with dying_after(0, hub) as url:
        monkeypatch.setenv("AUGER_CREDENTIALS", as_user(hub, url))
        done = user.run(*command)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: the connection to 127.0.0.1:")
    assert (folder / "auger.yaml").read_text() == before
    assert sorted(path.name for path in folder.iterdir()) == ["auger.yaml", "flowers.csv"]
