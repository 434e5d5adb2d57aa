"""What was applied, as the commands show it, against the real hub."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.api.live_hub import LiveHub
from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub


@pytest.fixture
def name(hub: LiveHub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project that is declared and not made yet."""
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    name = f"p-{uuid4().hex[:8]}"
    (folder / "auger.yaml").write_text(f"name: {name}\n")
    return name


def test_an_apply_is_in_the_history_with_each_of_its_actions(name: str, user: User) -> None:
    assert user.run("apply", "--auto-approve").code == 0
    listed = user.run("history")
    assert "applied" in listed.out
    assert "1 create" in listed.out
    (one,) = json.loads(user.run("history", "--json").out)
    assert (one["origin"], one["projects"], one["outcomes"]) == ("command", [name], {"applied": 1})
    shown = user.run("show", str(one["id"]))
    assert f"project.{name}" in shown.out
    assert "does not exist" in shown.out
    assert json.loads(user.run("show", str(one["id"]), "--json").out)["actions"][0]["seconds"] >= 0


def test_an_apply_without_anything_to_do_is_not_recorded(name: str, user: User) -> None:
    user.run("apply", "--auto-approve")
    user.run("apply", "--auto-approve")
    assert len(json.loads(user.run("history", "--format", "json").out)) == 1


def test_a_project_that_nothing_was_applied_to_has_no_history(name: str, user: User) -> None:
    answer = user.run("history")
    assert (answer.code, answer.out) == (0, "")
    assert "No plan has been applied yet" in answer.err


def test_more_than_there_can_be_is_all_there_is(name: str, user: User) -> None:
    user.run("apply", "--auto-approve")
    answer = user.run("history", "--json", "--limit", "9" * 20)
    assert (answer.code, len(json.loads(answer.out))) == (0, 1)
    far = user.run("show", "9" * 23)
    assert (far.code, "the history has no apply" in far.err) == (1, True)


def test_an_apply_that_is_not_there_is_told(name: str, user: User) -> None:
    answer = user.run("show", "99999999")
    assert answer.code == 1
    assert "the history has no apply 99999999" in answer.err


def test_a_file_is_shown_before_an_apply_of_its_name(name: str, folder: Path, user: User) -> None:
    user.run("plan", "--out", "7")
    assert f"project.{name}" in user.run("show", "7").out


def test_a_hub_without_a_history_says_so(empty_hub: StaticHub, user: User) -> None:
    answer = user.run("history")
    assert answer.code == 1
    assert "this hub keeps no history of applies" in answer.err
    assert "this hub keeps no history of applies" in user.run("show", "3").err
