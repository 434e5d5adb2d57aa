"""What an apply tells on the way and in the end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.applier.result import (
    ApplyResult,
    Finished,
    Outcome,
    Progressed,
    Started,
    Status,
)
from auger_reconcile.cli.views.apply.apply_json import JsonEvents, event_to_json
from auger_reconcile.cli.views.apply.apply_live import LiveProgress
from auger_reconcile.cli.views.apply.apply_text import (
    PlainProgress,
    render_outcome,
    render_result,
)
from auger_reconcile.cli.views.plan.plan_text import Labels
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan
from auger_reconcile.errors import ActionFailed, ConfigError, HubError, NotAllowed, StillUnderWay
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import AGAIN, Verb
from auger_reconcile.resources._deployment import ModelObject
from auger_reconcile.resources.search.account import Account, Expected, Notice
from auger_reconcile.resources.search.runs import ExperimentObject, Run

START = Action("s", Address("shop", "experiment", "baseline"), Verb.START, "baseline", "has no run")
UPLOAD = Action("u", Address("shop", "dataset", "a.csv"), Verb.CREATE, "a.csv", "does not exist")
MODEL = Action("m", Address("shop", "model", "live"), Verb.CREATE, "live", "not deployed")
PLAN = Plan("https://hub", "acme", 1, "digest", (UPLOAD, START, MODEL))
LIVE = ModelObject("T1", "T1", "live", "ready", "r1", 0.9, "f1")


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(*events: Any, pace: float = 10.0) -> list[str]:
    """Return the lines that events make, the clock moving between two of them."""
    lines: list[str] = []
    clock = Clock()
    progress = PlainProgress(PLAN, lines.append, clock)
    for event in events:
        progress(event)
        clock.now += pace
    return lines


def test_outcomes_are_told_in_the_past_tense() -> None:
    assert told(
        Finished(Outcome(UPLOAD, Status.APPLIED, 0.4)),
        Finished(Outcome(START, Status.FAILED, 65, error=ActionFailed("no such column"))),
        Finished(Outcome(MODEL, Status.SKIPPED, note="needs experiment.baseline")),
    ) == [
        "dataset.a.csv: created after 0.4 s",
        "experiment.baseline: not started after 1 min 5 s: no such column",
        "model.live: not created (needs experiment.baseline)",
    ]


def test_progress_is_told_in_words_and_in_bytes() -> None:
    assert told(
        Progressed(START, "7 of 10 trials, best 0.9667"),
        Progressed(UPLOAD, "uploading", 1_200_000, 4_000_000),
    ) == [
        "experiment.baseline: 7 of 10 trials, best 0.9667",
        "dataset.a.csv: uploading, 1.2 MB of 4.0 MB",
    ]


def test_quick_progress_does_not_flood_a_log() -> None:
    events = [Progressed(UPLOAD, "uploading", done, 1000) for done in range(0, 1000, 10)]
    assert len(told(*events, pace=0.1)) == 5


def test_a_log_that_nobody_reads_stops_nothing() -> None:
    def refuse(_: str) -> None:
        raise BrokenPipeError

    PlainProgress(PLAN, refuse)(Finished(Outcome(UPLOAD, Status.APPLIED)))


def test_success_says_what_to_run_next() -> None:
    outcomes = (
        Outcome(UPLOAD, Status.APPLIED),
        Outcome(START, Status.APPLIED),
        Outcome(MODEL, Status.APPLIED, object=LIVE),
    )
    assert render_result(ApplyResult(PLAN, outcomes), color=False).splitlines() == [
        "Applied 3 of 3 actions.",
        "",
        "Next:",
        "  auger experiment leaderboard",
        "  auger model predict FILE --model-id T1",
    ]


def test_failure_says_why_and_that_repeating_is_safe() -> None:
    error = HubError("no room", request="POST /api/v1/project_files", status=507, hint="clean up")
    outcomes = (
        Outcome(UPLOAD, Status.FAILED, error=error),
        Outcome(START, Status.SKIPPED),
        Outcome(MODEL, Status.SKIPPED),
    )
    assert render_result(ApplyResult(PLAN, outcomes), color=False).splitlines() == [
        "Applied 0 of 3 actions, 1 failed, 2 skipped.",
        "",
        "error: dataset.a.csv was not created: no room",
        "   = request: POST /api/v1/project_files answered 507",
        "   = hint: clean up",
        "",
        "Run the same command again for the rest; what was applied is not repeated.",
    ]


def test_what_the_hub_does_not_allow_is_not_to_be_repeated_at_once() -> None:
    error = NotAllowed("the hub does not allow it: this needs the role member", status=403)
    result = ApplyResult(PLAN, (Outcome(UPLOAD, Status.FAILED, error=error),))
    assert render_result(result, color=False).splitlines()[-1] == (
        "Once you may, the same command does the rest; what was applied is not repeated."
    )


def test_what_a_start_has_told_is_not_told_again_where_its_run_is_selected() -> None:
    select = replace(START, id="x", verb=Verb.SELECT)
    plan = replace(PLAN, actions=(START, select))
    notice, expected = Notice("rows", "3 rows left out."), Expected(0.95, 0.9, 0.8, 1.0)
    account = Account(notices=(notice,), expected=expected)
    run = Run("r1", "completed", {}, 0.95, "2026-11-22", account=account)
    found = ExperimentObject("7", "baseline", 1, runs=(run,), run=run)
    outcomes = [Outcome(action, Status.APPLIED, object=found) for action in plan.actions]
    shown = render_result(ApplyResult(plan, tuple(outcomes)), color=False)
    assert shown.count(notice.text) == 1
    started, selected = (render_outcome(one, Labels(plan)) for one in outcomes)
    assert expected.text in started
    assert expected.text not in selected
    assert expected.text in render_outcome(outcomes[1], Labels(replace(plan, actions=(select,))))


def test_an_interrupted_apply_says_so() -> None:
    outcomes = (Outcome(UPLOAD, Status.APPLIED), Outcome(START, Status.SKIPPED))
    text = render_result(ApplyResult(PLAN, outcomes, interrupted=True), color=False)
    assert text.startswith("Interrupted: applied 1 of 2 actions, 1 skipped.\n")


def test_every_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    events = JsonEvents()
    events(Started(START))
    events(Progressed(UPLOAD, "uploading\nhttps://x/?sig=secret", 1, 2))
    events(Finished(Outcome(MODEL, Status.APPLIED, 1.23456, object=LIVE)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["started", "progressed", "applied"]
    assert (lines[1]["done"], lines[1]["total"]) == (1, 2)
    assert "secret" not in lines[1]["text"]
    assert (lines[2]["seconds"], lines[2]["object"]["id"]) == (1.235, "T1")


def test_an_error_travels_in_json_with_its_facts() -> None:
    error = HubError("no room", request="POST /x", status=507, details=("full",))
    event = event_to_json(Finished(Outcome(UPLOAD, Status.FAILED, error=error)))
    assert event["error"] == {
        "kind": "HubError",
        "message": "no room",
        "request": "POST /x",
        "status": 507,
        "details": ["full"],
    }


def test_the_live_view_keeps_a_line_of_everything_that_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LiveProgress(PLAN, color=False) as live:
        live(Started(UPLOAD))
        live(Progressed(UPLOAD, "uploading", 500, 1000))
        live(Progressed(UPLOAD, "processing"))
        live(Finished(Outcome(UPLOAD, Status.APPLIED, 2.0)))
        live(Finished(Outcome(MODEL, Status.SKIPPED, note="interrupted")))
        live.note("a note")
    err = capsys.readouterr().err
    assert "✓ dataset.a.csv: created after 2.0 s\n" in err
    assert "- model.live: not created (interrupted)\n" in err
    assert "a note\n" in err


def test_what_takes_longer_than_it_was_given_is_not_said_to_have_failed() -> None:
    late = StillUnderWay("run 1f2e has not come to its end after 60 s")
    outcomes = (
        Outcome(UPLOAD, Status.APPLIED),
        Outcome(START, Status.FAILED, 60, error=late),
    )
    line = "experiment.baseline: still under way after 1 min 0 s: " + str(late)
    assert told(Finished(outcomes[1])) == [line]
    assert render_result(ApplyResult(PLAN, outcomes), color=False).splitlines() == [
        "Applied 1 of 2 actions, 1 failed.",
        "",
        f"error: experiment.baseline is still under way: {late}",
        "",
        "It continues on the hub: `auger wait` follows it.",
    ]


def test_a_file_that_cannot_be_changed_is_told_with_place_and_hint() -> None:
    span = SourceSpan("auger.yaml", 1, 7, text="name: &n c")
    item = Diagnostic(
        Severity.ERROR, "cannot-edit", "the change would alter other values", span, hint="by hand"
    )
    outcome = Outcome(UPLOAD, Status.FAILED, error=ConfigError([item]))
    why = "auger.yaml:1: the change would alter other values"
    assert told(Finished(outcome)) == [f"dataset.a.csv: not created: {why}"]
    lines = render_result(ApplyResult(PLAN, (outcome,)), color=False).splitlines()
    assert lines[2:4] == [f"error: dataset.a.csv was not created: {why}", "  by hand"]


def test_what_is_made_again_on_purpose_is_not_said_to_be_made_once() -> None:
    again = replace(START, reason=AGAIN)
    outcomes = (Outcome(again, Status.APPLIED), Outcome(MODEL, Status.SKIPPED))
    text = render_result(ApplyResult(PLAN, outcomes, interrupted=True), color=False)
    assert "is not repeated" not in text
    assert text.endswith("what was to be made again is made once more.\n")
