"""Both templates from a proposal to its apply: a bare repository, and hosts that run the files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laws.server import TOKEN as HUB_TOKEN
from tests.laws.server import WorldServer
from tests.laws.server import serve as serve_world
from tests.laws.world import World

from .fake_github import FakeGitHub, serve_github
from .fake_gitlab import TOKEN as PUSH_TOKEN
from .fake_gitlab import serve_gitlab
from .github_host import GitHub, texts
from .gitlab_host import GitLab
from .origin import Origin, git

pytestmark = [pytest.mark.process, pytest.mark.slow]


def propose(origin: Origin, gate: float) -> None:
    """Push a proposal with another gate to the branch `more`."""
    overlay = (origin.work / "auger.prod.yaml").read_text()
    changed = re.sub(r"min_score: [\d.]+", f"min_score: {gate}", overlay)
    origin.propose("more", auger_prod_yaml=changed)


@pytest.fixture
def hub() -> Iterator[WorldServer]:
    """A hub that has nothing."""
    with serve_world(World()) as server:
        yield server
        assert not server.bugs


def credentials_of(hub: WorldServer) -> str:
    return json.dumps(
        {"username": "ci", "api_url": hub.url, "token": HUB_TOKEN, "organization": "acme"}
    )


def count(hub: WorldServer) -> dict[str, int]:
    """Return how much of each kind is there."""
    told = {name: len(rows) for name, rows in hub.world.rows.items() if rows}
    return {k: told[k] for k in told if k in ("projects", "project_files", "pipelines")}


@pytest.fixture
def comments() -> Iterator[FakeGitHub]:
    with serve_github() as api:
        yield api


@pytest.fixture
def github(hub: WorldServer, comments: FakeGitHub, tmp_path: Path) -> GitHub:
    """The example on GitHub, with a proposal on the branch `more`."""
    origin = Origin.make(tmp_path / "models.git", tmp_path / "work")
    propose(origin, 0.1)
    secrets = {"AUGER_CREDENTIALS": credentials_of(hub)}
    return GitHub(origin, tmp_path / "github", comments.url, secrets)


def reviewed(github: GitHub, run: int) -> bytes:
    return (github.folder / "artifacts" / str(run) / "auger-plan" / "plan.json").read_bytes()


def test_on_github_what_was_reviewed_is_applied_at_the_merge(
    github: GitHub, hub: WorldServer, comments: FakeGitHub
) -> None:
    (first,) = github.change_pull_request("more", "opened")
    assert first.status == "success", first.log
    assert "4 to create" in comments.comments[0]["body"]
    assert count(hub) == {}
    propose(github.origin, 0.2)
    (second,) = github.change_pull_request("more", "synchronize")
    assert second.status == "success", second.log
    assert len(comments.comments) == 1
    assert "gate 0.2" in comments.comments[0]["body"]

    merge = github.origin.merge("more")
    (applied,) = github.change_pull_request("more", "closed", merged=merge)
    assert applied.status == "success", "\n".join(texts([applied]))
    assert (applied.folder / "plan.json").read_bytes() == reviewed(github, second.id)
    assert reviewed(github, second.id) != reviewed(github, first.id)
    assert count(hub) == {"projects": 1, "project_files": 1, "pipelines": 1}
    branch = f"auger/lock-{applied.id}"
    assert "tickets.csv" in git(github.origin.bare, "show", f"{branch}:auger.prod.lock.yaml")
    assert [(pull["--base"], pull["--head"]) for pull in github.pulls] == [("main", branch)]
    assert HUB_TOKEN not in "".join(texts(github.runs)) + comments.comments[0]["body"]

    (quiet,) = github.wait_for_morning()
    assert quiet.status == "success", quiet.log
    hub.world.rows["pipelines"].clear()
    (drifted,) = github.wait_for_morning()
    assert (drifted.status, drifted.outputs["exit-code"]) == ("failure", "2"), drifted.log


def test_on_github_a_hub_that_has_changed_since_is_left_alone(
    github: GitHub, hub: WorldServer
) -> None:
    (planned,) = github.change_pull_request("more", "opened")
    assert planned.status == "success", planned.log
    hub.world.call("POST", "projects", {"name": "support-prod", "organization_id": 1})
    merge = github.origin.merge("more")
    (applied,) = github.change_pull_request("more", "closed", merged=merge)
    assert (applied.status, applied.outputs["exit-code"]) == ("failure", "3"), applied.log
    assert count(hub) == {"projects": 1}
    assert github.pulls == []


def test_on_github_a_proposal_that_is_not_merged_applies_nothing(
    github: GitHub, hub: WorldServer
) -> None:
    (closed,) = github.change_pull_request("more", "closed")
    assert (closed.workflow, closed.status) == ("apply.yml", "skipped")
    assert hub.asked == []


def test_on_github_a_fork_without_secrets_is_checked_and_not_planned(
    github: GitHub, hub: WorldServer, comments: FakeGitHub
) -> None:
    (planned,) = github.change_pull_request("more", "opened", is_fork=True)
    assert (planned.status, planned.outputs["exit-code"]) == ("failure", "4"), planned.log
    assert (hub.asked, comments.comments) == ([], [])
    assert not (github.folder / "bin" / "hub").exists()
    assert not (github.folder / "artifacts").exists()


def test_on_github_a_merge_without_a_reviewed_plan_applies_nothing(
    github: GitHub, hub: WorldServer
) -> None:
    github.change_pull_request("more", "opened", is_fork=True)
    (applied,) = github.change_pull_request("more", "closed", merged=github.origin.merge("more"))
    assert applied.status == "failure"
    assert "no valid artifacts" in applied.log
    assert hub.asked == []


@pytest.fixture
def gitlab(hub: WorldServer, tmp_path: Path) -> GitLab:
    """The example on GitLab, with a proposal on the branch `more`."""
    host = GitLab(tmp_path / "gitlab", credentials_of(hub))
    propose(host.origin, 0.1)
    return host


def test_on_gitlab_what_was_reviewed_is_applied_at_the_merge(
    gitlab: GitLab, hub: WorldServer
) -> None:
    first = gitlab.propose("more")
    assert [(name, job.status) for name, job in first.items()] == [
        ("validate", "success"),
        ("plan", "success"),
    ], first["plan"].log
    assert "4 to create" in (first["plan"].folder / "artifacts" / "plan.html").read_text()
    propose(gitlab.origin, 0.2)
    second = gitlab.propose("more")
    assert count(hub) == {}

    with serve_gitlab(gitlab.answers) as api:
        jobs = gitlab.merge("more", api)
    assert [(name, job.status) for name, job in jobs.items()] == [("apply", "success")], jobs[
        "apply"
    ].log
    applied = jobs["apply"]
    plan = (second["plan"].folder / "artifacts" / "plan.json").read_bytes()
    assert (applied.folder / "builds" / "plan.json").read_bytes() == plan
    assert count(hub) == {"projects": 1, "project_files": 1, "pipelines": 1}
    branch = f"auger/lock-{gitlab.pipelines}"
    assert "tickets.csv" in git(gitlab.origin.bare, "show", f"{branch}:auger.prod.lock.yaml")
    asked = gitlab.asked.read_text()
    assert "merge_request.create" in asked
    assert "merge_request.target=main" in asked
    assert [f.name for f in (applied.folder / "artifacts").iterdir()] == ["auger.prod.lock.yaml"]
    assert not any(secret in applied.log for secret in (HUB_TOKEN, PUSH_TOKEN))

    assert gitlab.wait_for_morning()["drift"].status == "success"
    hub.world.rows["pipelines"].clear()
    assert gitlab.wait_for_morning()["drift"].status == "failed"


def test_on_gitlab_a_hub_that_has_changed_since_is_left_alone(
    gitlab: GitLab, hub: WorldServer
) -> None:
    gitlab.propose("more")
    hub.world.call("POST", "projects", {"name": "support-prod", "organization_id": 1})
    with serve_gitlab(gitlab.answers) as api:
        jobs = gitlab.merge("more", api)
    assert jobs["apply"].status == "failed"
    assert "exit 3" in jobs["apply"].log
    assert count(hub) == {"projects": 1}


def test_on_gitlab_nothing_is_planned_without_credentials(hub: WorldServer, tmp_path: Path) -> None:
    gitlab = GitLab(tmp_path / "gitlab", None)
    gitlab.origin.propose("more", auger_yaml=(gitlab.origin.work / "auger.yaml").read_text() + "\n")
    jobs = gitlab.propose("more")
    assert (jobs["validate"].status, jobs["plan"].status) == ("success", "failed")
    assert "exit 4" in jobs["plan"].log
    assert hub.asked == []
    assert not (gitlab.folder / "bin" / "hub").exists()


def test_on_gitlab_a_push_that_no_merge_request_brought_applies_nothing(
    gitlab: GitLab, hub: WorldServer
) -> None:
    with serve_gitlab(gitlab.answers) as api:
        jobs = gitlab.merge("more", api)
    assert jobs["apply"].status == "failed"
    assert "has a plan of" in jobs["apply"].log or "404" in jobs["apply"].log
    assert hub.asked == []
