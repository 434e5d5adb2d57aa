"""What people read of a gate: champion against challenger, in every view of a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.cli.views.plan.explain import explanation_to_json, render_explanation
from auger_reconcile.cli.views.plan.gates import MOST_SHOWN, gate_table
from auger_reconcile.cli.views.plan.plan_html import render_html
from auger_reconcile.cli.views.plan.plan_markdown import render_markdown
from auger_reconcile.cli.views.plan.plan_text import render_plan
from auger_reconcile.planner.build import build_plan
from auger_reconcile.planner.coverage import Coverage
from auger_reconcile.planner.explain import explain
from auger_reconcile.planner.saved.document import plan_of, to_document
from auger_reconcile.resources.gates.gate import Check, Decision, Verdict
from tests.planner.observed import observe

SCORED = {"project_file_id": 12, "name": "h.csv", "status": "scored"}
AT = Address("shop", "model", "prod")


def desired(**gate: Any) -> Any:
    return declare(
        {
            "name": "shop",
            "datasets": {"d.csv": {"content": "x"}, "h.csv": {"content": "h"}},
            "experiments": {"exp": {"dataset": "d.csv", "holdout": "h.csv"}},
            "models": {"prod": {"experiment": "exp", "gate": gate}},
        }
    )


def observed(new: float) -> Any:
    ages = [
        {"value": "<b>old</b>", "count": 60, "score": new},
        {"value": "young", "count": 4, "score": 0.1},
    ]
    told = [
        {"trial_id": "T1", "project_file_id": 12, "count": 64, "score": 0.86, "segments": {}},
        {"trial_id": "T2", "project_file_id": 12, "count": 64, "score": new}
        | {"segments": {"age": ages}},
    ]
    newest = {"best_trial_id": "T2", "holdout": SCORED, "evaluations": told}
    return observe(
        {
            "project": {"status": "running"},
            "files": [
                {"id": 11, "name": "d.csv", "content": "x"},
                {"id": 12, "name": "h.csv", "content": "h"},
            ],
            "experiments": [{"id": "E1", "name": "exp", "file": 11}],
            "runs": [
                {"id": "R1", "of": "E1", "score": 0.8, "measured": {"holdout": SCORED}},
                {"id": "R2", "of": "E1", "score": 0.9, "measured": newest},
            ],
            "pipelines": [{"trial": "T1", "run": "R1", "score": 0.8}],
        }
    )


FILE = desired(beats_live=True, margin=0.01, segments={"age": 0.7})
CLOSED = build_plan(FILE, observed(0.84))
OPEN = build_plan(FILE, observed(0.9))
WHY = "0.8400 on h.csv is not better than 0.8600 of the live model by 0.01"


def test_the_text_shows_a_closed_gate_as_a_table() -> None:
    shown = render_plan(CLOSED, color=False).splitlines()
    assert shown[0] == "No changes, because of 1 error."
    assert shown[2] == f"Gate of model.prod: the gate is closed: {WHY}."
    assert [line.split()[-1] for line in shown[4:]] == ["fails", "judged", "passes"]
    assert "0.8600" in shown[4]
    assert "0.8400" in shown[4]
    assert "0.8700" in shown[4]


def test_the_text_shows_an_open_gate_below_the_actions() -> None:
    shown = render_plan(OPEN, color=False)
    assert "Gate of model.prod: the gate is open." in shown
    assert shown.index("+/- model.prod") < shown.index("Gate of model.prod")


def test_a_terminal_without_room_for_the_table_gets_the_sentence() -> None:
    shown = render_plan(CLOSED, color=False, width=40)
    assert all(len(line) <= 40 for line in shown.splitlines())
    assert "Outcome" not in shown


def test_the_comment_of_a_pull_request_has_the_table_and_no_markup_of_others() -> None:
    shown = render_markdown(CLOSED)
    assert "#### Gates" in shown
    assert "| Required | Rows | Champion (live now) | Challenger | Needed | Outcome |" in shown
    assert "| live model | h.csv, 64 rows | 0.8600 | 0.8400 | 0.8700 | fails |" in shown
    assert "too few" not in shown
    assert "<b>old" not in shown


def test_the_page_has_the_table_and_no_markup_of_others() -> None:
    shown = render_html(CLOSED)
    assert "Gate of model.prod" in shown
    assert "<td>0.8400</td><td>0.8700</td><td>fails</td>" in shown
    assert "age = &lt;b&gt;old&lt;/b&gt;" in shown


def test_the_json_form_has_the_numbers_and_can_be_read_back() -> None:
    document = to_document(CLOSED)
    (gate,) = document["gates"]
    assert (gate["address"], gate["verdict"]) == ("model.prod", "closed")
    assert (gate["champion"], gate["challenger"]) == ("T1", "T2")
    assert gate["checks"][0]["needed"] == pytest.approx(0.87)
    assert plan_of(document).gates == CLOSED.gates


def test_explain_tells_the_gate() -> None:
    told = explain(FILE, observed(0.84), AT)
    shown = render_explanation(told, color=False)
    assert "model.prod stays as it is: the gate is closed" in shown
    assert "Champion (live now)" in shown
    assert explanation_to_json(told)["chain"][-1]["gate"]["verdict"] == "closed"


RAISED = build_plan(
    declare(
        {
            "name": "shop",
            "datasets": {"d.csv": {"content": "x"}},
            "experiments": {"exp": {"dataset": "d.csv"}},
            "models": {"prod": {"experiment": "exp", "gate": {"min_score": 0.95}}},
        }
    ),
    observe(
        {
            "project": {"status": "running"},
            "files": [{"id": 11, "name": "d.csv", "content": "x"}],
            "experiments": [{"id": "E1", "name": "exp", "file": 11}],
            "runs": [{"id": "R1", "of": "E1", "score": 0.8}],
            "pipelines": [{"trial": "T1", "run": "R1", "score": 0.8}],
        }
    ),
)
BELOW = "model.prod: the live model is below its gate: 0.8000 on the folds of run R1 is below 0.95"


def test_a_gate_above_the_live_model_is_said_in_every_view() -> None:
    text = render_plan(RAISED, color=False)
    assert text.startswith(f"Nothing will be changed, and not all is as declared. {BELOW}.\n")
    for shown in (text, render_markdown(RAISED), render_html(RAISED)):
        assert "No changes" not in shown
        assert "the live model is below its gate" in shown


def test_the_score_of_the_live_model_is_the_champions() -> None:
    (check,) = RAISED.gates[AT].checks
    assert (check.champion, check.challenger, check.needed) == (0.8, None, 0.95)
    assert RAISED.gates[AT].champion == "T1"


def test_an_open_gate_of_a_plan_that_does_nothing_is_no_news() -> None:
    gates = {AT: Decision("accuracy", "T1", None, ())}
    quiet = replace(RAISED, gates=gates, diagnostics=())
    assert render_plan(quiet, color=False) == "No changes. The hub matches auger.yaml.\n"


def test_what_was_not_looked_at_is_said_beside_it() -> None:
    left_out = Address("shop", "experiment", "other")
    narrowed = replace(RAISED, coverage=Coverage(left_out=(left_out,)))
    shown = (render_plan(narrowed, color=False), render_markdown(narrowed), render_html(narrowed))
    assert [text.count("1 resource was not looked at") for text in shown] == [1, 1, 1]


def test_a_column_of_very_many_values_is_cut_and_counted() -> None:
    checks = tuple(Check(f"age = {n}", Verdict.OPEN, "h.csv", "fine") for n in range(50))
    table = gate_table(AT, Decision("accuracy", None, None, checks))
    assert (len(table.rows), table.left_out) == (MOST_SHOWN, 50 - MOST_SHOWN)
