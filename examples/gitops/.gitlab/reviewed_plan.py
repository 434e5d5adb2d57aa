"""Fetch the plan that was reviewed in the merge request of this commit.

    python reviewed_plan.py plan.json

Needs the variables of GitLab, AUGER_PUSH_TOKEN (with `read_api`), and nothing but Python.
Ends with 1 when no merge request brought the commit, or its last pipeline kept no plan; with 4 when
a variable is missing or the token is refused; with 64 when no file is named.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

JOB = "plan"
FILE = "plan.json"
TIMEOUT = 30  # seconds
TOKEN = "AUGER_PUSH_TOKEN"
VARIABLES = ("CI_COMMIT_SHA", "CI_DEFAULT_BRANCH", "CI_API_V4_URL", "CI_PROJECT_ID", TOKEN)
NOT_AUTHENTICATED, USAGE = 4, 64  # the exit codes of auger


def main(arguments: list[str]) -> None:
    """Write the plan of the last pipeline of the merge request."""
    if len(arguments) != 1:
        end(USAGE, "usage: python reviewed_plan.py FILE")
    if missing := [name for name in VARIABLES if not os.environ.get(name)]:
        told = f"error: not set: {', '.join(missing)}"
        if TOKEN in missing:
            told += f"; {TOKEN} is a masked variable of the project, a token with `read_api`"
        end(NOT_AUTHENTICATED, told)
    target, commit = Path(arguments[0]), os.environ["CI_COMMIT_SHA"]
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
    try:
        return json.loads(fetch(path))
    except ValueError:
        end(1, f"error: GET {path}: the answer is no JSON")


def fetch(path: str) -> bytes:
    """Return the body of one answer."""
    url = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/{path}"
    request = urllib.request.Request(url, headers={"PRIVATE-TOKEN": os.environ[TOKEN]})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        code = NOT_AUTHENTICATED if error.code in (401, 403) else 1
        end(code, f"error: GET {path}: {error.code} {error.reason}")
    except OSError as error:
        end(1, f"error: GET {path}: {getattr(error, 'reason', error)}")


def end(code: int, told: str) -> NoReturn:
    """End with an exit code, and say why."""
    sys.stderr.write(f"{told}\n")
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
