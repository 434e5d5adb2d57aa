"""Messages reach webhooks and mail servers; what is secret is said nowhere."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.applier.result import ApplyResult, Outcome, Status
from auger_reconcile.cli.views.diagnostic import render_diagnostics
from auger_reconcile.config.declarations.channel import Channel, When
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.errors import AugerError, ConfigError
from auger_reconcile.notify.message import about_apply, about_plan
from auger_reconcile.notify.send import tell
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb

SECRET = "T0P-SECRET-PATH"
CREATE = Action("1", Address("churn", "dataset", "a.csv"), Verb.CREATE, "a.csv", "not there")
PLAN = Plan("http://hub", "acme", 1, "d", (CREATE,))
FAILED = ApplyResult(PLAN, (Outcome(CREATE, Status.FAILED, error=AugerError("no room")),))
DONE = ApplyResult(PLAN, (Outcome(CREATE, Status.APPLIED),), record=12)


class Hook(ThreadingHTTPServer):
    """Keeps what it is sent, and answers as it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.got: list[Any] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{SECRET}"


class _Answer(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.server.got.append(json.loads(self.rfile.read(size)))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(hook: Hook, result: ApplyResult = FAILED, **channel: Any) -> Any:
    told = Channel(webhook="${HOOK}", **channel)
    return tell(about_apply(result, "command"), [told], {"HOOK": hook.url}, lambda _: None)


def test_a_failed_apply_is_told_with_what_failed(hook: Hook) -> None:
    assert send(hook) == ()
    (got,) = hook.got
    assert (got["events"], got["status"], got["projects"]) == (["failure"], "failed", ["churn"])
    assert got["failures"] == [{"address": "dataset.a.csv", "error": "no room"}]
    assert "no room" in got["text"]


def test_slack_and_teams_get_their_own_forms(hook: Hook) -> None:
    send(hook, form="slack")
    send(hook, form="teams")
    slack, teams = hook.got
    assert list(slack) == ["text"]
    assert teams["attachments"][0]["content"]["body"][0]["text"] in slack["text"]


def test_who_did_not_ask_for_it_is_not_told(hook: Hook) -> None:
    assert send(hook, DONE) == ()
    assert hook.got == []
    send(hook, DONE, on=(When.APPLIED,))
    assert hook.got[0]["apply"] == 12


def test_a_webhook_that_is_busy_is_asked_again(hook: Hook) -> None:
    hook.answers = [503, 429]
    assert send(hook) == ()
    assert len(hook.got) == 3


@pytest.mark.parametrize(
    ("answers", "told", "attempts"),
    [([500, 500, 500], "it answered 500 (3 attempts)", 3), ([404], "it answered 404", 1)],
)
def test_a_failure_is_a_warning_without_the_url(
    hook: Hook, answers: list[int], told: str, attempts: int
) -> None:
    hook.answers = answers
    (failure,) = send(hook)
    assert failure.severity.value == "warning"
    assert failure.label == f"webhook ${{HOOK}}: {told}"
    assert SECRET not in str(failure)
    assert len(hook.got) == attempts


def test_a_variable_that_is_not_set_and_a_host_that_is_not_there_are_warnings() -> None:
    message, channel = about_apply(FAILED, "command"), Channel(webhook="${HOOK}")
    (unset,) = tell(message, [channel], {}, lambda _: None)
    assert "the environment variable HOOK is not set" in str(unset.label)
    (gone,) = tell(message, [channel], {"HOOK": f"http://127.0.0.1:1/{SECRET}"}, lambda _: None)
    assert SECRET not in str(gone)


def test_a_plan_that_is_not_carried_out_is_told_with_its_reasons() -> None:
    message = about_plan(PLAN, When.ASKED, ["1 to delete"], "controller")
    assert message.text.splitlines() == [
        "auger asks for approval: churn",
        "1 to delete",
        "create dataset.a.csv",
    ]


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        is_data = False
        for line in self.rfile:
            self.server.lines.append(line.decode().rstrip())  # type: ignore[attr-defined]
            if is_data:
                is_data = line != b".\r\n"
                if not is_data:
                    self.wfile.write(b"250 taken\r\n")
            elif line.upper().startswith(b"DATA"):
                is_data = True
                self.wfile.write(b"354 go on\r\n")
            else:
                answer = b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 yes\r\n"
                self.wfile.write(answer)


def test_a_mail_is_sent_to_each_address() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.daemon_threads = True
        server.lines = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        smtp = f"smtp://127.0.0.1:{server.server_address[1]}"
        channel = Channel(mail=("a@example.com", "b@example.com"), smtp=smtp)
        failures = tell(about_apply(FAILED, "command"), [channel], {}, lambda _: None)
        server.shutdown()
        thread.join()
    lines = server.lines  # type: ignore[attr-defined]
    assert failures == ()
    assert "To: a@example.com, b@example.com" in lines
    assert "Subject: auger failed: churn (0 of 1 actions applied)" in lines


def declare(folder: Path, notify: str) -> Any:
    (folder / "auger.yaml").write_text(f"name: churn\nnotify: {notify}\n")
    return load_desired_state([folder / "auger.yaml"], environ={})


def test_a_reference_stays_one_and_is_in_nothing_that_is_stored(tmp_path: Path) -> None:
    loaded = declare(tmp_path, "[{webhook: '${HOOK}', on: drift}]")
    (channel,) = loaded.channels
    assert (channel.webhook, channel.on) == ("${HOOK}", (When.DRIFT,))
    other = declare(tmp_path, "[{webhook: '${OTHER}'}]")
    assert str(loaded.state.digest) == str(other.state.digest), "no plan is stale by it"


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        ("[x]", "a channel is a map"),
        ("[{webhok: a}]", "unknown field"),
        ("[{webhook: 'https://hooks.slack.com/services/T0/B0/x'}]", "the URL holds a secret"),
        ("[{webhook: 'https://h/x?token=abc'}]", "the URL holds a secret"),
        ("[{webhook: nowhere}]", "neither a URL nor"),
        ("[{mail: a@b.c}]", "`mail` needs `smtp`"),
        ("[{on: [drift]}]", "either a `webhook`, `mail` or `github`"),
        ("[{github: acme}]", "a repository is written as owner/name"),
        ("[{webhook: '${H}', on: [sometimes]}]", "a value that is not allowed"),
    ],
)
def test_a_channel_that_is_none_is_told_at_its_place(
    tmp_path: Path, notify: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(tmp_path, notify)
    found = caught.value.diagnostics
    assert told in "\n".join(item.summary for item in found)
    assert {item.span.line for item in found if item.span} == {2}


@pytest.mark.parametrize("key", ["webhook", "smtp"])
def test_a_secret_in_the_file_is_not_repeated_by_its_error(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        declare(tmp_path, f"[{{{key}: 'https://user:{SECRET}@hooks.slack.com/{SECRET}'}}]")
    (item,) = caught.value.diagnostics
    assert item.code == "secret-in-file"
    assert SECRET not in render_diagnostics([item], color=False)
