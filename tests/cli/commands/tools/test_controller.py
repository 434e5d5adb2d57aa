"""How a controller and its targets stand, as its command shows it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from auger_reconcile.controller.run import lock_home
from auger_reconcile.controller.status import Book, Condition, TargetStatus
from tests.cli.conftest import User


@pytest.fixture
def home(folder: Path) -> Path:
    """The home of a controller of two targets, one of which was looked at."""
    targets = "[{url: ./one.git, name: one}, {url: ./two.git, name: two}]"
    (folder / "controller.yaml").write_text(f"home: home\nrepositories: {targets}\n")
    known = TargetStatus("one", Condition.IN_SYNC, "2026-11-30T09:00:00Z", commit="c0ffee")
    Book(folder / "home").keep(known, datetime.now(timezone.utc))
    return folder / "home"


def test_a_target_that_was_not_looked_at_is_no_target_in_sync(home: Path, user: User) -> None:
    answer = user.run("controller", "status")
    assert "one: in sync since " in answer.out
    assert "two: unknown\n  it was not looked at yet" in answer.out
    told = json.loads(user.run("--json", "controller", "status").out)
    assert [one["condition"] for one in told["targets"]] == ["in sync", "unknown"]


def test_it_says_whether_anybody_keeps_it_so(home: Path, user: User) -> None:
    assert json.loads(user.run("--json", "controller", "status").out)["running"] is False
    assert "No controller runs" in user.run("controller", "status").err
    with lock_home(home):
        assert json.loads(user.run("--json", "controller", "status").out)["running"] is True
