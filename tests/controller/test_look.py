"""A controller, a bare Git repository and the real hub: commits become what they say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from auger_reconcile.api import Context, Project
from auger_reconcile.controller.run import Controller, lock_home
from auger_reconcile.controller.settings import Settings, Target
from auger_reconcile.controller.status import Condition, approve
from auger_reconcile.errors import AugerError
from tests.api.live_hub import IRIS, LiveHub, start_hub

WHO = ["-c", "user.name=anna", "-c", "user.email=anna@example.com"]


@pytest.fixture(scope="session")
def hub(hub_lane: None) -> LiveHub:
    return start_hub()


class Team:
    """A working copy, its origin, and the controller that watches the origin."""

    def __init__(self, folder: Path, hub: LiveHub) -> None:
        self.folder, self.hub = folder, hub
        self.project = f"p-{uuid4().hex[:8]}"
        self.origin, self.copy = folder / "origin.git", folder / "copy"
        subprocess.run(["git", "init", "-q", "--bare", str(self.origin)], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", str(self.copy)], check=True)
        self.target = Target(url=str(self.origin), name="team")

    def commit(self, text: str = "", **files: bytes) -> None:
        (self.copy / "auger.yaml").write_text(f"name: {self.project}\n{text}")
        for name, content in files.items():
            (self.copy / f"{name}.csv").write_bytes(content)
        git = ["git", *WHO, "-C", str(self.copy)]
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "change"], check=True)
        subprocess.run([*git, "push", "-q", str(self.origin), "HEAD:main"], check=True)

    def controller(self, **changed: Any) -> Controller:
        target = self.target.model_copy(update=changed)
        home = self.folder / "home"
        settings = Settings(home, 0.2, 0.1, 2, None, (), (target,))
        return Controller(settings, self.hub.environ, self.folder)

    def look(self, **changed: Any) -> Any:
        (status,) = self.controller(**changed).once()
        return status

    @property
    def exists(self) -> bool:
        with Context(self.copy, environ=self.hub.environ, home=self.folder) as context:
            return self.project in {item["name"] for item in Project(context).list()}

    def records(self) -> list[Any]:
        with Context(self.copy, environ=self.hub.environ, home=self.folder) as context:
            return context.history()


@pytest.fixture
def team(tmp_path: Path, hub: LiveHub) -> Team:
    return Team(tmp_path, hub)


def test_a_commit_becomes_what_it_says_and_is_looked_at_without_a_change_after(team: Team) -> None:
    team.commit()
    status = team.look()
    assert (status.condition, status.why) == (Condition.IN_SYNC, ())
    with Context(team.copy, environ=team.hub.environ, home=team.folder) as context:
        reports = context.session.client.list_all("controllers")
    told = [one for each in reports for one in each["targets"] if team.project in one["projects"]]
    assert [(one["name"], one["condition"], one["commit"]) for one in told] == [
        ("team", "in sync", status.commit)
    ]
    assert team.exists
    again = team.look()
    assert (again.condition, again.since) == (Condition.IN_SYNC, status.since)
    (record,) = team.records()
    assert (record.origin, record.commit) == ("controller", status.commit)


def test_a_forbidden_delete_is_asked_for_and_done_when_that_plan_is_approved(team: Team) -> None:
    team.commit()
    team.look()
    team.commit("state: absent\n")
    status = team.look()
    assert status.condition is Condition.OUT_OF_SYNC
    assert status.why == ("1 to delete, which is not among `allow`",)
    assert team.exists
    approve(team.folder / "home", "team", "0" * 64)
    assert team.look().condition is Condition.OUT_OF_SYNC, "another plan was approved"
    approve(team.folder / "home", "team", status.plan)
    assert team.look().condition is Condition.IN_SYNC
    assert not team.exists


def test_drift_is_told_and_healed_where_that_is_wanted(team: Team) -> None:
    team.commit()
    team.look()
    with Context(team.copy, environ=team.hub.environ, home=team.folder) as context:
        Project(context, team.project).delete()
    status = team.look()
    assert status.condition is Condition.OUT_OF_SYNC
    assert status.why == ("the hub was changed, and `heal` is off",)
    (team.folder / "home" / "status.json").unlink()
    assert team.look().condition is Condition.OUT_OF_SYNC, "the history of the hub knows as well"
    assert team.look(heal=True).condition is Condition.IN_SYNC
    assert team.exists


@pytest.mark.parametrize("has_book", [True, False])
def test_what_is_left_of_an_apply_that_was_cut_is_no_drift(team: Team, has_book: bool) -> None:
    team.commit()
    team.look()
    with Context(team.copy, environ=team.hub.environ, home=team.folder) as context:
        Project(context, team.project).delete()
    cut = team.controller(heal=True)
    cut.stop.set()
    assert [status.why for status in cut.once()] == [("interrupted",)]
    assert not team.exists
    if not has_book:
        (team.folder / "home" / "status.json").unlink()
    assert team.look().condition is Condition.IN_SYNC
    assert team.exists


def test_what_is_wrong_is_the_status_of_its_target_alone(team: Team) -> None:
    assert "couldn't find remote ref" in team.look().why[0]
    team.commit("clusterr: {}\n")
    status = team.look()
    assert status.condition is Condition.DEGRADED
    assert "unknown field" in status.why[0]
    team.commit()
    assert "nothing/here" in team.look(path="nothing/here").why[0]
    assert "is not signed" in team.look(verify_commits=True).why[0]
    assert team.look().condition is Condition.IN_SYNC


def test_a_policy_of_the_repository_refuses_and_a_pause_waits(team: Team) -> None:
    from datetime import datetime, timezone

    team.copy.joinpath("policies").mkdir()
    rule = team.copy / "policies" / "rules.py"
    rule.write_text("def deny_all(plan):\n    return 'not here'\n")
    team.commit()
    status = team.look()
    assert (status.condition, status.why) == (Condition.DEGRADED, ("not here",))
    rule.unlink()
    team.commit("# again\n")
    paused = team.look(pause_until=datetime(2999, 1, 1, tzinfo=timezone.utc))
    assert paused.condition is Condition.OUT_OF_SYNC
    assert "paused until 2999-01-01" in paused.why[0]
    assert not team.exists


def test_two_controllers_do_not_share_a_home(team: Team) -> None:
    with (
        lock_home(team.folder / "home"),
        pytest.raises(AugerError, match="another controller runs"),
    ):
        team.controller().once()


def test_an_apply_of_somebody_else_holds_the_lease(team: Team) -> None:
    team.commit()
    with Context(team.copy, environ=team.hub.environ, home=team.folder) as context:
        client = context.session.client
        other = client.call("POST", "applies", {"projects": [team.project], "beat_seconds": 600})
        status = team.look()
        assert status.condition is Condition.OUT_OF_SYNC
        assert f"apply {other['id']} of " in status.why[0]
        client.call("PATCH", f"applies/{other['id']}", {"status": "interrupted"})
    assert team.look().condition is Condition.IN_SYNC


@pytest.mark.slow
def test_a_controller_that_is_killed_in_the_middle_is_finished_by_the_next(team: Team) -> None:
    team.commit("datasets: {i.csv: {source: i.csv}}\n", i=IRIS.read_bytes())
    config = team.folder / "controller.yaml"
    config.write_text(
        "home: home\ninterval: 200s\nbeat: 100s\nrepositories: [{url: ./origin.git, name: team}]\n"
    )
    config.write_text(config.read_text().replace("beat: 100s", "beat: 0.1s"))
    command = [
        sys.executable,
        "-m",
        "auger_reconcile",
        "controller",
        "run",
        "--config",
        str(config),
    ]
    environ = {**os.environ, **team.hub.environ, "HOME": str(team.folder)}
    with subprocess.Popen(command, env=environ) as process:
        deadline = time.monotonic() + 60
        while not team.records() and time.monotonic() < deadline:
            pass
        process.send_signal(signal.SIGKILL)
    assert len(team.records()) == 1
    deadline = time.monotonic() + 60
    while team.look().condition is not Condition.IN_SYNC and time.monotonic() < deadline:
        time.sleep(0.1)  # the lease of the dead is taken over
    assert team.look().condition is Condition.IN_SYNC
    with Context(team.copy, environ=team.hub.environ, home=team.folder) as context:
        filters = {"project_id": Project(context).properties()["id"]}
        assert len(context.session.client.list_all("project_files", filters)) == 1


def test_a_commit_is_planned_at_once_and_not_at_the_next_interval(team: Team) -> None:
    import threading

    team.commit()
    settings = replace(team.controller().settings, interval=600.0, commits=0.1)
    controller = Controller(settings, team.hub.environ, team.folder)
    thread = threading.Thread(target=controller.run)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while "in sync" not in str(controller.book.statuses) and time.monotonic() < deadline:
            time.sleep(0.05)
        first = controller.book.of("team")
        team.commit("# another\n")
        while controller.book.of("team") == first and time.monotonic() < deadline:
            time.sleep(0.05)
        second = controller.book.of("team")
    finally:
        controller.stop.set()
        thread.join(30)
    assert first is not None
    assert second is not None
    assert second.commit not in (None, first.commit)
    assert second.condition is Condition.IN_SYNC


def test_it_looks_again_at_each_interval_until_it_is_stopped(team: Team) -> None:
    import threading

    team.commit()
    controller = team.controller()
    thread = threading.Thread(target=controller.run)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while team.project not in str(controller.book.statuses) and time.monotonic() < deadline:
            time.sleep(0.05)
        first = controller.book.of("team")
        assert first is not None
        while controller.book.of("team") == first and time.monotonic() < deadline:
            time.sleep(0.05)
        assert replace(first, looked_at="") != first
    finally:
        controller.stop.set()
        thread.join(30)
    assert not thread.is_alive()
