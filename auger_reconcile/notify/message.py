"""Make the message about an apply or a plan: as sentences, and as JSON, Slack or Teams read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auger_reconcile.applier.result import ApplyResult, Status
from auger_reconcile.config.declarations.channel import When
from auger_reconcile.planner.plan import Plan
from auger_reconcile.redact import redact
from auger_reconcile.resources._base import Verb

MOST_LINES = 10


@dataclass(frozen=True)
class Message:
    """What is told.

    Attributes:
        events: what it is about, the most important first.
        title: one sentence.
        lines: details, a sentence each.
        facts: the same as data.
        commit: of the files that it is about, where they are in a checkout.
    """

    events: tuple[When, ...]
    title: str
    lines: tuple[str, ...]
    facts: Mapping[str, Any]
    commit: str | None = None

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([self.title, *self.lines])

    def to_json(self) -> dict[str, Any]:
        """Return the form for programs."""
        events = [event.value for event in self.events]
        return {"format_version": "1.0", "events": events, "text": self.text, **self.facts}

    def body_for(self, form: str) -> dict[str, Any]:
        """Return what a webhook reads."""
        if form == "slack":
            return {"text": self.text}
        if form == "teams":
            blocks = [{"type": "TextBlock", "text": self.title, "weight": "bolder", "wrap": True}]
            blocks += [{"type": "TextBlock", "text": line, "wrap": True} for line in self.lines]
            card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks}
            kind = "application/vnd.microsoft.card.adaptive"
            return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
        return self.to_json()


def about_apply(result: ApplyResult, origin: str, commit: str | None = None) -> Message:
    """Return the message about an apply."""
    plan, failed = result.plan, [one for one in result.outcomes if one.status is Status.FAILED]
    events = [When.APPLIED if result.is_complete else When.FAILURE]
    if any(_is_retraining(one.action) for one in result.outcomes if one.status is Status.APPLIED):
        events.append(When.RETRAINED)
    word = "applied" if result.is_complete else "interrupted" if result.interrupted else "failed"
    count = f"{result.count(Status.APPLIED)} of {len(result.outcomes)} actions applied"
    number = f", apply {result.record}" if result.record else ""
    lines = [f"{one.action.verb.value} {one.action.address}: {one.error}" for one in failed]
    facts = {
        **_facts(plan, origin, commit),
        "status": word,
        "apply": result.record,
        "counts": {status.value: result.count(status) for status in Status},
        "failures": [
            {"address": str(one.action.address), "error": redact(str(one.error))} for one in failed
        ],
    }
    title = f"auger {word}: {_projects(plan)} ({count}{number})"
    return Message(tuple(events), title, _few(lines), facts, commit)


def about_plan(
    plan: Plan, event: When, why: Sequence[str], origin: str, commit: str | None = None
) -> Message:
    """Return the message about a plan that is not carried out, or not yet."""
    words = {
        When.REFUSED: "refuses a plan",
        When.ASKED: "asks for approval",
        When.DRIFT: "found drift",
    }
    told = words.get(event, event.value)
    actions = [f"{action.verb.value} {action.address}" for action in plan.actions]
    facts = {
        **_facts(plan, origin, commit),
        "status": event.value,
        "why": list(why),
        "actions": actions,
    }
    lines = [*why, *actions]
    return Message((event,), f"auger {told}: {_projects(plan)}", _few(lines), facts, commit)


def _facts(plan: Plan, origin: str, commit: str | None) -> dict[str, Any]:
    projects = sorted({action.address.project for action in plan.actions})
    return {
        "origin": origin,
        "commit": commit,
        "hub": plan.hub,
        "organization": plan.organization,
        "projects": projects,
        "plan": plan.summary,
    }


def _is_retraining(action: Any) -> bool:
    """Say whether an action searches again for what has been searched for before."""
    is_run = action.verb is Verb.START and action.address.kind == "experiment"
    return is_run and bool(getattr(action.object, "runs", ()) or action.previous)


def _projects(plan: Plan) -> str:
    names = sorted({action.address.project for action in plan.actions})
    return names[0] if len(names) == 1 else f"{len(names)} projects"


def _few(lines: Sequence[str]) -> tuple[str, ...]:
    shown = [redact(line) for line in lines[:MOST_LINES]]
    left = len(lines) - len(shown)
    return (*shown, *([f"and {left} more"] if left else []))
