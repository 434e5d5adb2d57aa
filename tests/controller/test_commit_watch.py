"""A branch is asked for its newest commit, and every target on it hears of a new one once."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from auger_reconcile.controller import commit_watch
from auger_reconcile.controller.commit_watch import CommitWatch
from auger_reconcile.controller.settings import Target
from auger_reconcile.controller.status import Condition, TargetStatus

WHO = ["-c", "user.name=anna", "-c", "user.email=anna@example.com"]


def commit(folder: Path) -> str:
    git = ["git", *WHO, "-C", str(folder)]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "change"], check=True)
    told = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True)
    return told.stdout.decode().strip()


def at(**commits: str) -> Mapping[str, TargetStatus]:
    return {
        name: TargetStatus(name, Condition.IN_SYNC, "", commit=one) for name, one in commits.items()
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    return tmp_path


@pytest.fixture
def watch(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommitWatch]:
    monkeypatch.setattr(commit_watch, "_SECONDS_A_BRANCH", 0.01)
    url = str(repository)
    targets = [
        Target(url=url, name="one"),
        Target(url=url, name="two"),
        Target(url=url, name="other", branch="none-such"),
    ]
    found = CommitWatch(targets, 0.01)
    yield found
    found.close()


def hear(watch: CommitWatch, statuses: Mapping[str, TargetStatus], seconds: float) -> set[str]:
    """Return what is heard first within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if heard := watch.hear(statuses):
            return heard
        time.sleep(0.01)
    return set()


def test_a_new_commit_is_heard_once_by_who_is_not_at_it(
    repository: Path, watch: CommitWatch
) -> None:
    first = commit(repository)
    assert hear(watch, at(one=first, two=first), 0.3) == set()
    second = commit(repository)
    assert hear(watch, at(one=first, two=second), 20) == {"one"}
    assert hear(watch, at(one=first, two=second), 0.3) == set(), "one that fails is not asked on"


def test_who_was_never_looked_at_hears_of_the_first_one(
    repository: Path, watch: CommitWatch
) -> None:
    commit(repository)
    assert hear(watch, {}, 20) == {"one", "two"}
