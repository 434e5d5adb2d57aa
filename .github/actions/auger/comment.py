"""Write a plan into a comment of a pull request: the one that is there, or a new one.

    python comment.py plan.md

Needs GITHUB_TOKEN, GITHUB_REPOSITORY and PULL_REQUEST, and nothing but Python.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

MARKER = "<!-- auger plan -->"
PAGE = 100
TIMEOUT = 30  # seconds


def main(path: Path) -> None:
    """Replace the comment that begins with the marker, or write the first one."""
    repository, number = os.environ["GITHUB_REPOSITORY"], int(os.environ["PULL_REQUEST"])
    comments = f"repos/{repository}/issues/{number}/comments"
    body = {"body": path.read_text(encoding="utf-8")}
    found = find_comment(comments)
    if found is None:
        ask("POST", comments, body)
    else:
        ask("PATCH", f"repos/{repository}/issues/comments/{found}", body)


def find_comment(comments: str) -> int | None:
    """Return the id of the comment that an earlier run wrote."""
    page = 1
    while True:
        listed = ask("GET", f"{comments}?per_page={PAGE}&page={page}")
        for item in listed:
            # What a person wrote stays, whatever it begins with.
            if item["body"].startswith(MARKER) and item["user"]["type"] == "Bot":
                return int(item["id"])
        if len(listed) < PAGE:
            return None
        page += 1


def ask(method: str, path: str, body: Any = None) -> Any:
    """Send one request and return the answer."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    request = urllib.request.Request(  # noqa: S310 - the URL is that of the API
        f"{base}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - as above
        return json.load(answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
