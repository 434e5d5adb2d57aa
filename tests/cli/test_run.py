"""Consent, and an early end: Ctrl-C, SIGTERM, a reader that goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import User
from .static_hub import StaticHub
from .terminal import CTRL_C, CTRL_D, Terminal

FILE = "name: churn\norganization: acme\n"
QUESTION = 'Only "yes" is accepted: '
PROJECT = {"id": 7, "name": "churn", "organization_id": 1, "status": "undeployed"}


def slow(*values: Any) -> list[Any]:
    """Return more values of a parameter, each of which costs a process, for `make slow`."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.fixture(autouse=True)
def declared(folder: Path, empty_hub: StaticHub) -> None:
    """One project is declared, and the hub lets nobody make it."""
    (folder / "auger.yaml").write_text(FILE)


@pytest.mark.process
def test_the_word_yes_carries_the_plan_out(empty_hub: StaticHub) -> None:
    with Terminal("apply") as terminal:
        terminal.wait_for(QUESTION)
        assert "POST projects" not in empty_hub.asked
        terminal.type("yes\n")
        assert terminal.wait_for_end() == 1  # this hub refuses it
    assert empty_hub.asked.count("POST projects") == 1
    assert "project.churn was not created" in terminal.screen


@pytest.mark.process
@pytest.mark.parametrize("answer", ["y\n", *slow("YES\n", "yes please\n", "\n", "no\n", CTRL_D)])
def test_any_other_word_does_nothing_and_exits_5(answer: str, empty_hub: StaticHub) -> None:
    with Terminal("apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(answer)
        assert terminal.wait_for_end() == 5
    assert "POST projects" not in empty_hub.asked
    assert "Nothing was done." in terminal.screen


@pytest.mark.process
def test_ctrl_c_at_the_question_does_nothing_and_exits_130(empty_hub: StaticHub) -> None:
    with Terminal("apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(CTRL_C)
        assert terminal.wait_for_end(pressing=CTRL_C) == 130
    assert "POST projects" not in empty_hub.asked
    assert "Traceback" not in terminal.screen


@pytest.mark.process
def test_nothing_to_do_asks_nothing(empty_hub: StaticHub) -> None:
    empty_hub.objects["projects"] = [PROJECT]
    with Terminal("apply") as terminal:
        assert terminal.wait_for_end() == 0
    assert QUESTION not in terminal.screen
    assert "No changes." in terminal.screen


@pytest.mark.process
def test_auto_approve_asks_nothing(empty_hub: StaticHub) -> None:
    with Terminal("apply", "--auto-approve") as terminal:
        assert terminal.wait_for_end() == 1
    assert QUESTION not in terminal.screen
    assert "POST projects" in empty_hub.asked


@pytest.mark.process
def test_json_cannot_be_asked(empty_hub: StaticHub) -> None:
    with Terminal("apply", "--json") as terminal:
        assert terminal.wait_for_end() == 1
    assert "--auto-approve" in terminal.screen
    assert "POST projects" not in empty_hub.asked


@pytest.mark.process
def test_a_terminal_gets_colours() -> None:
    with Terminal("plan") as terminal:
        terminal.wait_for_end()
    assert "\x1b[32m" in terminal.screen


@pytest.mark.process
@pytest.mark.parametrize("name", ["NO_COLOR", *slow("--no-color", "TERM")])
def test_colours_can_be_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    dumb = ["env", "TERM=dumb"] if name == "TERM" else []
    arguments = ["--no-color"] if name.startswith("--") else []
    with Terminal(*arguments, "plan", before=dumb) as terminal:
        terminal.wait_for_end()
    assert "\x1b[3" not in terminal.screen
    assert "project.churn" in terminal.screen


@pytest.mark.process
def test_the_first_ctrl_c_ends_early_and_reports(empty_hub: StaticHub) -> None:
    empty_hub.held = "POST projects"
    with Terminal("apply", "--auto-approve") as terminal:
        wait_for_request(empty_hub, "POST projects")
        terminal.type(CTRL_C)
        terminal.wait_for("Finishing what has begun")
        empty_hub.released.set()
        assert terminal.wait_for_end() == 130
    assert "Interrupted: " in terminal.screen
    assert "Traceback" not in terminal.screen


@pytest.mark.process
def test_the_second_ctrl_c_ends_at_once(empty_hub: StaticHub) -> None:
    empty_hub.held = "POST projects"
    with Terminal("apply", "--auto-approve") as terminal:
        wait_for_request(empty_hub, "POST projects")
        terminal.type(CTRL_C)
        terminal.wait_for("Finishing what has begun")
        pressed = time.monotonic()
        terminal.type(CTRL_C)
        assert terminal.wait_for_end() == 130
    assert time.monotonic() - pressed < 5
    assert "Interrupted at once: applied 0 of 1 action." in terminal.screen


@pytest.mark.process
def test_destroy_asks_as_apply_does(empty_hub: StaticHub) -> None:
    empty_hub.objects["projects"] = [PROJECT]
    with Terminal("destroy") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type("no\n")
        assert terminal.wait_for_end() == 5
    assert "delete" in terminal.screen


def test_without_a_terminal_nothing_is_asked_and_nothing_done(
    user: User, empty_hub: StaticHub
) -> None:
    answer = user.run("apply")
    assert answer.code == 1
    assert "--auto-approve" in answer.err
    assert "POST projects" not in empty_hub.asked


def wait_for_request(hub: StaticHub, request: str) -> None:
    end = time.monotonic() + 15
    while request not in hub.asked:
        assert time.monotonic() < end
        time.sleep(0.02)


def start(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start a command whose streams are no terminal."""
    command = [sys.executable, "-m", "auger_reconcile", *arguments]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, *slow(signal.SIGHUP, signal.SIGINT)])
def test_a_signal_ends_an_apply_early_and_in_order(
    number: signal.Signals, empty_hub: StaticHub
) -> None:
    empty_hub.held = "POST projects"
    with start("apply", "--auto-approve") as child:
        wait_for_request(empty_hub, "POST projects")
        child.send_signal(number)
        assert child.stderr
        assert any("Finishing what has begun" in line for line in child.stderr)
        empty_hub.released.set()
        out, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Interrupted: applied 0 of 1 action" in out


@pytest.mark.process
def test_a_second_signal_ends_an_apply_at_once(empty_hub: StaticHub) -> None:
    empty_hub.held = "POST projects"
    with start("apply", "--auto-approve") as child:
        wait_for_request(empty_hub, "POST projects")
        child.send_signal(signal.SIGTERM)
        assert child.stderr
        assert any("Finishing what has begun" in line for line in child.stderr)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=20) == 130
        told = child.stderr.read()
    assert "\nInterrupted at once: applied 0 of 1 action. What was under way may go on" in told


@pytest.mark.process
def test_a_signal_ends_what_applies_nothing_in_order(empty_hub: StaticHub) -> None:
    empty_hub.held = "GET projects"
    with start("plan") as child:
        wait_for_request(empty_hub, "GET projects")
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=20)
    assert (child.returncode, out) == (130, "")
    assert err.endswith("interrupted\n")


def closed_pipe() -> int:
    """Return the writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.process
@pytest.mark.parametrize("form", [(), *slow(("--json",))])
def test_a_plan_that_nobody_can_read_is_not_carried_out(
    form: tuple[str, ...], empty_hub: StaticHub
) -> None:
    writer = closed_pipe()
    with start(*form, "apply", "--auto-approve", stdout=writer) as child:
        os.close(writer)
        err = child.communicate(timeout=60)[1]
    assert child.returncode == 1
    assert "the output is closed or full" in err
    assert "nothing was done" in err
    assert "POST projects" not in empty_hub.asked


@pytest.mark.process
@pytest.mark.parametrize("command", ["plan", *slow("show", "validate", "drift")])
def test_a_reader_that_goes_away_never_looks_like_success(command: str) -> None:
    writer = closed_pipe()
    with start(command, stdout=writer) as child:
        os.close(writer)
        err = child.communicate(timeout=60)[1]
    assert child.returncode == 1
    assert "the output was closed" in err


def test_a_file_that_cannot_be_written_is_an_ordinary_error(
    user: User, folder: Path, empty_hub: StaticHub
) -> None:
    empty_hub.objects["projects"] = [PROJECT]
    file = folder / ("a" * 245 + ".yaml")  # its draft would have a longer name than a file can
    file.write_text("name: other\norganization: acme\n")
    done = user.run("-f", str(file), "project", "select", "churn")
    assert done.code == 1
    assert "cannot be written: File name too long" in done.err + done.out
    assert "bug" not in done.err + done.out
