"""Report the outcome to a commit on GitHub: a check run, or a commit status where only that may be.

Only apps of GitHub (and its Actions) may make check runs; a person's token makes a status. Both
stand among the checks of the commit and of its pull request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auger_reconcile.client.http.webhook import post_json
from auger_reconcile.config.declarations.channel import When
from auger_reconcile.errors import AugerError, HubError
from auger_reconcile.notify.message import Message

DEFAULT_API = "https://api.github.com"
_OUTCOMES = {  # conclusion of a check run, state of a commit status
    When.APPLIED: ("success", "success"),
    When.FAILURE: ("failure", "failure"),
    When.REFUSED: ("failure", "failure"),
    When.ASKED: ("action_required", "pending"),
    When.DRIFT: ("neutral", "failure"),
}
_MOST_LETTERS = 140  # of the description of a status
_MAY_NOT = frozenset({403, 404})


def report(message: Message, repository: str, environ: Mapping[str, str]) -> None:
    """Report on the commit of a message.

    Args:
        message: what is told.
        repository: `owner/name`.
        environ: with GITHUB_TOKEN, or AUGER_VAR_GITHUB_TOKEN, and GITHUB_API_URL where that is
            another host.

    Raises:
        Unavailable: no answer, or one that asks to try later.
        AugerError: there is no commit or token, or GitHub refuses it.
    """
    if message.commit is None:
        raise AugerError("the files are in no Git checkout, so there is no commit to tell")
    token = environ.get("AUGER_VAR_GITHUB_TOKEN") or environ.get("GITHUB_TOKEN")
    if not token:
        raise AugerError("the environment variable GITHUB_TOKEN is not set")
    api = environ.get("GITHUB_API_URL") or DEFAULT_API
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token.strip()}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    place = f"{api.rstrip('/')}/repos/{repository}"
    try:
        post_json(f"{place}/check-runs", _check_run(message), headers)
    except HubError as error:
        if error.status not in _MAY_NOT:
            raise
        post_json(f"{place}/statuses/{message.commit}", _status(message), headers)


def _name(message: Message) -> str:
    """Return what tells the check from others: its projects."""
    projects = message.facts.get("projects") or []
    return f"auger: {', '.join(projects[:3])}{' and more' if projects[3:] else ''}"


def _check_run(message: Message) -> dict[str, Any]:
    text = "\n".join(f"- {line}" for line in message.lines)
    output = {"title": message.title, "summary": message.title}
    return {
        "name": _name(message),
        "head_sha": message.commit,
        "status": "completed",
        "conclusion": _OUTCOMES[message.events[0]][0],
        "output": {**output, "text": text} if text else output,
    }


def _status(message: Message) -> dict[str, Any]:
    return {
        "context": _name(message),
        "state": _OUTCOMES[message.events[0]][1],
        "description": message.title[:_MOST_LETTERS],
    }
