"""GitLab: the plan that is applied is the one of the merge request, as its last push had it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .conftest import GITOPS
from .fake_gitlab import TOKEN, serve_gitlab

pytestmark = pytest.mark.process

MERGED = {"iid": 5, "state": "merged", "sha": "bbb", "target_branch": "main"}
ANSWERS: dict[str, Any] = {
    "repository/commits/ccc/merge_requests": [
        {**MERGED, "iid": 4, "target_branch": "staging"},
        MERGED,
    ],
    "merge_requests/5/pipelines": [{"id": 22, "sha": "bbb"}, {"id": 21, "sha": "aaa"}],
    "pipelines/22/jobs": [
        {"id": 220, "name": "validate", "status": "success"},
        {"id": 221, "name": "plan", "status": "success"},
    ],
    "pipelines/21/jobs": [{"id": 211, "name": "plan", "status": "success"}],
    "jobs/221/artifacts/plan.json": {"plan": "reviewed"},
    "jobs/211/artifacts/plan.json": {"plan": "of an earlier push"},
}


def fetch(
    folder: Path, answers: Mapping[str, Any], **variables: str | None
) -> subprocess.CompletedProcess[str]:
    """Run the script; None takes a variable away."""
    with serve_gitlab(answers) as url:
        environ: dict[str, str | None] = {
            "CI_API_V4_URL": url,
            "CI_PROJECT_ID": "7",
            "CI_COMMIT_SHA": "ccc",
        }
        environ |= {"AUGER_PUSH_TOKEN": TOKEN, "CI_DEFAULT_BRANCH": "main", **variables}
        return run(folder, {name: one for name, one in environ.items() if one}, "plan.json")


def run(
    folder: Path, environ: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(GITOPS / ".gitlab" / "reviewed_plan.py"), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_the_plan_of_what_was_merged_is_fetched(tmp_path: Path) -> None:
    done = fetch(tmp_path, ANSWERS)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "plan.json").read_text()) == {"plan": "reviewed"}


@pytest.mark.parametrize(
    ("path", "answer", "told"),
    [
        ("repository/commits/ccc/merge_requests", [], "nobody reviewed a plan"),
        ("pipelines/22/jobs", [], "no pipeline of !5 has a plan of bbb"),
        ("jobs/221/artifacts/plan.json", None, "404"),
    ],
)
def test_without_a_reviewed_plan_nothing_is_applied(
    tmp_path: Path, path: str, answer: Any, told: str
) -> None:
    done = fetch(tmp_path, {**ANSWERS, path: answer})
    assert done.returncode == 1
    assert told in done.stderr
    assert TOKEN not in done.stderr
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AUGER_PUSH_TOKEN": None}, "error: not set: AUGER_PUSH_TOKEN; AUGER_PUSH_TOKEN is a"),
        ({"CI_COMMIT_SHA": None, "CI_PROJECT_ID": None}, "not set: CI_COMMIT_SHA, CI_PROJECT_ID"),
        ({"AUGER_PUSH_TOKEN": "wrong"}, "error: GET repository/commits/ccc/merge_requests: 401"),
    ],
)
def test_who_may_not_ask_is_told_in_a_sentence(
    tmp_path: Path, variables: dict[str, str | None], told: str
) -> None:
    done = fetch(tmp_path, ANSWERS, **variables)
    assert done.returncode == 4
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_host_that_is_away_and_a_missing_argument_are_told(tmp_path: Path) -> None:
    away = fetch(tmp_path, ANSWERS, CI_API_V4_URL="http://127.0.0.1:9")
    assert (away.returncode, len(away.stderr.splitlines())) == (1, 1)
    assert (done := run(tmp_path, {})).returncode == 64
    assert done.stderr == "usage: python reviewed_plan.py FILE\n"
