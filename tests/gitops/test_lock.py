"""What an apply protects comes into the repository: both templates' scripts, with real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import GITOPS, Checkout

pytestmark = pytest.mark.process

NAME = "Propose to remember what is protected"
BRANCH = "auger/lock-1"
LOCK = "auger.prod.lock.yaml"
TEXT = "protected:\n  - dataset.tickets.csv\n"


def script_of_github() -> str:
    text = (GITOPS / ".github" / "workflows" / "apply.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["apply"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == NAME]
    return str(script)


def script_of_gitlab() -> str:
    text = (GITOPS / ".gitlab-ci.yml").read_text(encoding="utf-8")
    return "\n".join(yaml.safe_load(text)["apply"]["after_script"])


SCRIPTS = pytest.mark.parametrize(
    "script", [script_of_github(), script_of_gitlab()], ids=["GitHub", "GitLab"]
)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def remote(checkout: Checkout, tmp_path: Path) -> Path:
    """The repository of which the checkout is a clone."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
    git(bare, "config", "receive.advertisePushOptions", "true")
    git(checkout.folder, "init", "--quiet", "--initial-branch", "main")
    git(checkout.folder, "add", ".")
    git(checkout.folder, "commit", "--quiet", "--message", "first")
    git(checkout.folder, "remote", "add", "origin", str(bare))
    git(checkout.folder, "push", "--quiet", "--set-upstream", "origin", "main")
    return bare


def run(checkout: Checkout, script: str, remote: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as a CI job does."""
    given = {"REPOSITORY": str(remote), "CI_DEFAULT_BRANCH": "main", "AUGER_PUSH_TOKEN": "s3cret"}
    given |= {"CI_PIPELINE_ID": "1", "BRANCH": BRANCH, "BASE": "main", "GH_TOKEN": "s3cret"}
    host = Path(checkout.environ["PATH"].partition(":")[0], "gh")
    host.write_text('#!/bin/sh\necho "$@" > proposed\n')
    host.chmod(0o755)
    return checkout.run("bash", "-e", "-c", script, **given)


@SCRIPTS
def test_the_lock_file_is_committed_to_a_branch_of_its_own(
    script: str, checkout: Checkout, remote: Path
) -> None:
    (checkout.folder / LOCK).write_text(TEXT)
    done = run(checkout, script, remote)
    assert done.returncode == 0, done.stderr
    assert git(remote, "show", f"{BRANCH}:{LOCK}") == TEXT
    assert git(remote, "log", "--format=%an: %s", "-1", BRANCH) == (
        "auger: Remember what is protected\n"
    )
    assert git(remote, "log", "--format=%s", "main") == "first\n"  # which may be protected
    assert "s3cret" not in done.stdout + done.stderr


def test_github_is_asked_for_a_pull_request(checkout: Checkout, remote: Path) -> None:
    (checkout.folder / LOCK).write_text(TEXT)
    run(checkout, script_of_github(), remote)
    proposed = (checkout.folder / "proposed").read_text()
    assert proposed.startswith(f"pr create --base main --head {BRANCH} ")


def test_gitlab_makes_a_merge_request_of_the_push() -> None:
    assert "--push-option merge_request.create" in script_of_gitlab()
    assert '--push-option "merge_request.target=$CI_DEFAULT_BRANCH"' in script_of_gitlab()


@SCRIPTS
def test_without_a_new_lock_file_nothing_is_committed(
    script: str, checkout: Checkout, remote: Path
) -> None:
    done = run(checkout, script, remote)
    assert done.returncode == 0, done.stderr
    assert git(remote, "log", "--format=%s", "--all") == "first\n"
