"""Consent and Ctrl-C, at a terminal."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import User
from .static_hub import StaticHub
from .terminal import CTRL_C, CTRL_D, Terminal

FILE = "name: churn\norganization: acme\n"
QUESTION = 'Only "yes" is accepted: '
PROJECT = {"id": 7, "name": "churn", "organization_id": 1, "status": "undeployed"}


@pytest.fixture(autouse=True)
def declared(folder: Path, empty_hub: StaticHub) -> None:
    """One project is declared, and the hub lets nobody make it."""
    (folder / "auger.yaml").write_text(FILE)


def test_the_word_yes_carries_the_plan_out(empty_hub: StaticHub) -> None:
    with Terminal("apply") as terminal:
        terminal.wait_for(QUESTION)
        assert "POST projects" not in empty_hub.asked
        terminal.type("yes\n")
        assert terminal.wait_for_end() == 1  # this hub refuses it
    assert empty_hub.asked.count("POST projects") == 1
    assert "project.churn was not created" in terminal.screen


@pytest.mark.parametrize("answer", ["y\n", "YES\n", "yes please\n", "\n", "no\n", CTRL_D])
def test_any_other_word_does_nothing_and_exits_5(answer: str, empty_hub: StaticHub) -> None:
    with Terminal("apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(answer)
        assert terminal.wait_for_end() == 5
    assert "POST projects" not in empty_hub.asked
    assert "Nothing was done." in terminal.screen


def test_ctrl_c_at_the_question_does_nothing_and_exits_130(empty_hub: StaticHub) -> None:
    with Terminal("apply") as terminal:
        terminal.wait_for(QUESTION)
        terminal.type(CTRL_C)
        assert terminal.wait_for_end(pressing=CTRL_C) == 130
    assert "POST projects" not in empty_hub.asked
    assert "Traceback" not in terminal.screen


def test_nothing_to_do_asks_nothing(empty_hub: StaticHub) -> None:
    empty_hub.objects["projects"] = [PROJECT]
    with Terminal("apply") as terminal:
        assert terminal.wait_for_end() == 0
    assert QUESTION not in terminal.screen
    assert "No changes." in terminal.screen


def test_auto_approve_asks_nothing(empty_hub: StaticHub) -> None:
    with Terminal("apply", "--auto-approve") as terminal:
        assert terminal.wait_for_end() == 1
    assert QUESTION not in terminal.screen
    assert "POST projects" in empty_hub.asked


def test_json_cannot_be_asked(empty_hub: StaticHub) -> None:
    with Terminal("apply", "--json") as terminal:
        assert terminal.wait_for_end() == 1
    assert "--auto-approve" in terminal.screen
    assert "POST projects" not in empty_hub.asked


def test_a_terminal_gets_colours() -> None:
    with Terminal("plan") as terminal:
        terminal.wait_for_end()
    assert "\x1b[32m" in terminal.screen


@pytest.mark.parametrize("name", ["NO_COLOR", "--no-color", "TERM"])
def test_colours_can_be_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    dumb = ["env", "TERM=dumb"] if name == "TERM" else []
    arguments = ["--no-color"] if name.startswith("--") else []
    with Terminal(*arguments, "plan", before=dumb) as terminal:
        terminal.wait_for_end()
    assert "\x1b[3" not in terminal.screen
    assert "project.churn" in terminal.screen


def test_the_first_ctrl_c_ends_early_and_reports(empty_hub: StaticHub) -> None:
    empty_hub.slow = ("POST projects", 3.0)
    with Terminal("apply", "--auto-approve") as terminal:
        wait_for_request(empty_hub, "POST projects")
        terminal.type(CTRL_C)
        terminal.wait_for("Finishing what has begun")
        assert terminal.wait_for_end() == 130
    assert "Interrupted: " in terminal.screen
    assert "Traceback" not in terminal.screen


def test_the_second_ctrl_c_ends_at_once(empty_hub: StaticHub) -> None:
    empty_hub.slow = ("POST projects", 30.0)
    with Terminal("apply", "--auto-approve") as terminal:
        wait_for_request(empty_hub, "POST projects")
        terminal.type(CTRL_C)
        terminal.wait_for("Finishing what has begun")
        pressed = time.monotonic()
        terminal.type(CTRL_C)
        assert terminal.wait_for_end() == 130
    assert time.monotonic() - pressed < 5
    assert "Interrupted: " not in terminal.screen


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
