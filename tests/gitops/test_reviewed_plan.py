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


def fetch(folder: Path, answers: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    with serve_gitlab(answers) as url:
        environ = {"CI_API_V4_URL": url, "CI_PROJECT_ID": "7", "CI_COMMIT_SHA": "ccc"}
        environ |= {"AUGER_PUSH_TOKEN": TOKEN, "CI_DEFAULT_BRANCH": "main"}
        script = str(GITOPS / ".gitlab" / "reviewed_plan.py")
        command = [sys.executable, script, "plan.json"]
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
