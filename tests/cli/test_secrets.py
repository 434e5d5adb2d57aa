"""No token and no password in anything that a command prints, stores or passes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from auger_reconcile.cli.main import main
from tests.api.live_hub import LiveHub, write_project

pytestmark = pytest.mark.slow

SUCCEEDING = [
    "auth whoami",
    "new inner --source work/flowers.csv --target species -C ..",
    "validate",
    "project create",
    "project list",
    "project select {name}",
    "project start",
    "project start --plan",
    "dataset create",
    "dataset list",
    "dataset select flowers.csv",
    "dataset download --to back",
    "plan",
    "plan --json",
    "plan --out saved.plan",
    "experiment start --plan",
    "experiment start --wait",
    "experiment list",
    "experiment leaderboard",
    "experiment history",
]
DEPLOYED = [
    "model deploy {model}",
    "model deploy {model} --locally",
    "model list",
    "model predict flowers.csv --model-id {model}",
    "model predict flowers.csv --model-id {model} --locally",
    "model actual flowers.csv --model-id {model}",
    "model undeploy {model} --yes",
    "experiment delete --yes",
    "dataset delete --yes",
    "project stop",
    "project delete --yes",
]
FAILING = [
    "project create {name}/x",
    "project delete nosuch --yes",
    "project start nosuch",
    "dataset create missing.csv",
    "dataset select nosuch",
    "dataset delete nosuch --yes",
    "experiment select nosuch",
    "experiment leaderboard nosuch",
    "experiment history nosuch",
    "experiment stop nosuch",
    "experiment delete nosuch --yes",
    "model deploy nosuch",
    "model undeploy nosuch --yes",
    "model predict flowers.csv --model-id nosuch",
    "model predict flowers.csv --model-id nosuch --locally",
    "model actual flowers.csv --model-id nosuch",
    "apply",
]


@dataclass
class Watched:
    """A person whose commands are watched: what they print, and what others see of them."""

    hub: LiveHub
    home: Path
    folder: Path
    capture: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)

    def run(self, line: str) -> int:
        """Run a command in this process, which is quicker, as its user."""
        os.chdir(self.folder)  # `-C` of the command before may have left it
        self.capture.readouterr()
        code = int(main([*line.split(), "--debug"]))
        self.said += [line, *self.capture.readouterr()]
        return code

    def run_apart(
        self, line: str, *, stdin: str = "", environ: dict[str, str] | None = None
    ) -> int:
        """Run a command in a process of its own, whose arguments everybody sees."""
        command = [sys.executable, "-m", "auger_reconcile", *line.split(), "--debug"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **(environ or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.said += [line, done.stdout, done.stderr]
        return done.returncode

    def look_for(self, *secrets: str) -> list[str]:
        """Return the places where one of the secrets is, credentials files left out."""
        places = {f"output of {self.said[i - i % 3]}": text for i, text in enumerate(self.said)}
        files = [*self.folder.rglob("*"), self.hub.home / "hub.log"]
        stored = {str(path): path.read_bytes() for path in files if path.is_file()}
        contents = {**{place: text.encode() for place, text in places.items()}, **stored}
        return [
            place
            for place, content in contents.items()
            if any(secret.encode() in content for secret in secrets)
        ]


@dataclass
class CommandLines:
    """The command lines of all processes, as anybody on this machine can read them."""

    seen: set[bytes] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        while not self._over.wait(0.05):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):  # it has ended
                    self.seen.add(path.read_bytes())

    def end(self) -> None:
        self._over.set()


@pytest.fixture
def command_lines() -> Iterator[CommandLines]:
    lines = CommandLines()
    thread = threading.Thread(target=lines.watch)
    thread.start()
    yield lines
    lines.end()
    thread.join()


@pytest.fixture
def watched(hub: LiveHub, folder: Path, capsys: pytest.CaptureFixture[str]) -> Watched:
    return Watched(hub, folder.parent / "home", folder, capsys)


def log_in(watched: Watched, password: str, organization: str = "shop") -> int:
    hub = watched.hub
    line = f"auth login -u {hub.username} -o {organization} --password-stdin --url {hub.url}"
    return watched.run_apart(line, stdin=f"{password}\n")


def find_best(watched: Watched) -> str:
    """Return the id of the best trial, as the leaderboard tells it."""
    assert watched.run("experiment leaderboard --json") == 0
    return str(json.loads(watched.said[-2])["trials"][0]["id"])


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_command_tells_token_or_password(watched: Watched, command_lines: CommandLines) -> None:
    hub, name = watched.hub, f"secret-{uuid4().hex[:8]}"
    wrong = "wrong-password-5309"
    assert log_in(watched, wrong) == 4
    assert log_in(watched, hub.password, organization="nosuch") == 4
    assert log_in(watched, hub.password) == 0
    token = json.loads((watched.home / ".augerai" / "auger.json").read_text())["token"]
    write_project(watched.folder, name)
    codes = {line: watched.run(line.format(name=name)) for line in SUCCEEDING}
    assert [line for line, code in codes.items() if code] == []
    model = find_best(watched)
    codes = {line: watched.run(line.format(model=model)) for line in DEPLOYED}
    assert [line for line, code in codes.items() if code] == []
    codes = {line: watched.run(line.format(name=name)) for line in FAILING}
    assert [line for line, code in codes.items() if code != 1] == []
    assert watched.run_apart("project list") == 0
    assert watched.run("auth logout") == 0
    assert watched.look_for(token, hub.password, hub.token, wrong) == []
    everything = b"\n".join(command_lines.seen)
    assert b"auger_reconcile" in everything
    for secret in (token, hub.password, hub.token, wrong):
        assert secret.encode() not in everything


@pytest.mark.parametrize(
    "text",
    [
        '{{"token": "{secret}", "api_url": "http://127.0.0.1:9", "organization": "o"}}',
        '{{"token": "{secret}", "api_url": "ftp://x", "organization": "o"}}',
        '{{"token": "{secret}", "api_url": "http://u:{secret}@127.0.0.1:9"}}',
        '{{"token": "{secret}", ',
        '["{secret}"]',
        "{secret}",
    ],
)
def test_no_broken_credentials_are_repeated(watched: Watched, text: str) -> None:
    secret = "s3cr3t-t0k3n-8675"
    given = {"AUGER_CREDENTIALS": text.format(secret=secret)}
    watched.run_apart("auth whoami", environ=given)
    assert watched.run_apart("project list", environ=given) in (1, 4)
    assert watched.look_for(secret) == []


def test_the_secrets_of_a_url_in_a_file_are_told_by_no_command(watched: Watched) -> None:
    secret, name = "s3cret-8117", f"url-{uuid4().hex[:8]}"
    assert log_in(watched, watched.hub.password) == 0
    url = f"http://anna:{secret}@127.0.0.1:9/data.csv?signature={secret}"
    file = watched.folder / "auger.yaml"
    for text, line, code in (
        (f"name: {name}\nsource: {url}\ndataset: d.csv\n", "validate", 0),
        (f"name: {name}\ndatasets: {{d.csv: {{source: '{url}'}}}}\n", "apply --auto-approve", 1),
        (f"name: {name}\ndatasets: {{d.csv: {{source: '{url}'}}}}\n", "apply --json", 1),
        (f"name: {name}\n", "dataset list", 0),
        (f"name: {name}\n", "dataset list --json", 0),
        (f"name: {name}\n", "show", 0),
        (f"name: {name}\nhub: {url}\n", "validate", 1),
        (f"name: {name}\nhub: {url}\n", "validate --json", 1),
        (f"name: {name}\nsource: {url.replace('http', 'ftp')}\n", "validate", 1),
        (f"name: {name}\nsource: {url.replace('http', 'ftp')}\n", "validate --json", 1),
    ):
        file.write_text(text)
        assert watched.run(line) == code, watched.said[-3:]
        assert secret not in "".join(watched.said[-2:]), line
    assert watched.run(f"dataset create {url}") == 1
    assert secret not in "".join(watched.said[-2:])
    assert secret not in (watched.hub.home / "hub.log").read_text(errors="replace")
