"""Fetch the plan that was reviewed in the merge request of this commit.

    python reviewed_plan.py plan.json

Needs the variables of GitLab, AUGER_PUSH_TOKEN (with `read_api`), and nothing but Python.
Ends with 1 when no merge request brought the commit, or its last pipeline kept no plan.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

JOB = "plan"
FILE = "plan.json"
TIMEOUT = 30  # seconds


def main(target: Path) -> None:
    """Write the plan of the last pipeline of the merge request."""
    commit = os.environ["CI_COMMIT_SHA"]
    merged = [one for one in ask(f"repository/commits/{commit}/merge_requests") if is_merged(one)]
    if not merged:
        sys.exit(f"error: no merge request brought {commit}, so nobody reviewed a plan for it")
    request = merged[0]
    for pipeline in ask(f"merge_requests/{request['iid']}/pipelines"):
        if pipeline["sha"] != request["sha"]:
            continue  # of an earlier push: not what was merged
        for job in ask(f"pipelines/{pipeline['id']}/jobs"):
            if (job["name"], job["status"]) == (JOB, "success"):
                target.write_bytes(fetch(f"jobs/{job['id']}/artifacts/{FILE}"))
                return
    sys.exit(f"error: no pipeline of !{request['iid']} has a plan of {request['sha']}")


def is_merged(request: dict[str, Any]) -> bool:
    """Say whether it is merged into the default branch."""
    branch = os.environ["CI_DEFAULT_BRANCH"]
    return bool(request["state"] == "merged" and request["target_branch"] == branch)


def ask(path: str) -> Any:
    """Return what the API answers, newest first."""
    return json.loads(fetch(path))


def fetch(path: str) -> bytes:
    """Return the body of one answer."""
    url = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/{path}"
    request = urllib.request.Request(url, headers={"PRIVATE-TOKEN": os.environ["AUGER_PUSH_TOKEN"]})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        sys.exit(f"error: GET {path}: {error.code} {error.reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
