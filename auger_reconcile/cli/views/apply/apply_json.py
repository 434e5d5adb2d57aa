"""Render an apply as JSON, one event a line."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import click

from auger_reconcile.applier.result import (
    ApplyResult,
    Event,
    Finished,
    Outcome,
    Progressed,
    Started,
    Status,
)
from auger_reconcile.cli.views.error import error_to_json
from auger_reconcile.cli.views.harmless import without_secrets
from auger_reconcile.cli.views.run.account import account_of, notices_of
from auger_reconcile.planner.plan import Action, summary
from auger_reconcile.planner.saved.document import FORMAT_VERSION


class JsonEvents:
    """Prints events as lines of JSON."""

    def __call__(self, event: Event) -> None:
        """Print one event; that nobody reads it does not stop the apply."""
        with suppress(OSError):
            _print(event_to_json(event))

    def begin(self, plan: dict[str, Any]) -> None:
        """Print the plan that is applied."""
        _print({"event": "planned", "format_version": FORMAT_VERSION, "plan": plan})

    def end(self, result: dict[str, Any]) -> None:
        """Print what came of it."""
        _print(result)


def event_to_json(event: Event) -> dict[str, Any]:
    """Return one event as a JSON object."""
    match event:
        case Started(action):
            return {"event": "started", **_subject(action)}
        case Progressed(action, text, done, total):
            members = {"event": "progressed", **_subject(action), "text": text}
            return members if total is None else {**members, "done": done, "total": total}
        case Finished(outcome):
            return {"event": outcome.status.value, **_outcome_to_json(outcome)}


def result_to_json(result: ApplyResult) -> dict[str, Any]:
    """Return the last event: how many actions ended how."""
    return {
        "event": "finished",
        **{status.value: result.count(status) for status in Status},
        "interrupted": result.interrupted,
        "complete": result.is_complete,
        "record": result.record,
        "remembered": [str(path) for path in result.remembered],
        "notices": [notice.to_json() for notice in result.notices],
    }


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    members: dict[str, Any] = {
        **_subject(outcome.action),
        "seconds": round(outcome.seconds, 3),
        "note": outcome.note,
    }
    if outcome.error is not None:
        members["error"] = error_to_json(outcome.error)
    if outcome.object is not None:
        members["object"] = summary(outcome.object)
        members["notices"] = [notice.to_json() for notice in notices_of(outcome.object)]
        account = account_of(outcome.object)
        expected = account.expected if account else getattr(outcome.object, "expected", None)
        if expected is not None:
            members["expected"] = expected.to_json()
    return members


def _subject(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "address": str(action.address),
        "project": action.address.project,
        "kind": action.address.kind,
        "name": action.name,
        "action": action.verb.value,
    }


def _print(value: dict[str, Any]) -> None:
    click.echo(json.dumps(without_secrets(value), ensure_ascii=False))
