"""Everything that the Python interface returns shows itself in a notebook, and as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.address import Address
from auger_reconcile.api.declarative import plan
from auger_reconcile.api.evaluation import Evaluation
from auger_reconcile.api.health import Health
from auger_reconcile.api.look import look_at
from auger_reconcile.api.runs.comparison import ComparedRun, Comparison
from auger_reconcile.api.runs.leaderboard import Leaderboard
from auger_reconcile.api.runs.report import Report
from auger_reconcile.api.runs.reproduction import Reproduction
from auger_reconcile.applier.result import ApplyResult, Outcome, Status
from auger_reconcile.errors import AugerError, ConfigError
from auger_reconcile.history.lineage import Lineage, Origin
from auger_reconcile.history.read import AppliedAction, ApplyRecord
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import FieldChange, Loss, Verb
from auger_reconcile.resources.search.account import EMPTY
from tests.api.cells import cells_of
from tests.cli.views.run.test_report import ROW, forecasts, report

WHERE = Address("shop", "experiment", "exp")
ACTION = Action(
    "a",
    WHERE,
    Verb.START,
    "exp",
    "settings changed",
    "50 trials",
    changes=(FieldChange("metric", "f1", "x" * 90, ""),),
    loss=Loss.COMPUTE,
)
PLAN = Plan("https://hub.test", "acme", 1, "d", (ACTION,))


def test_an_error_of_a_file_shows_each_problem_with_place_and_hint(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text("name: shop\nexperimnt: {}\n")
    with pytest.raises(ConfigError) as caught:
        plan(tmp_path)
    shown = caught.value._repr_html_()
    severity, place, what, hint = cells_of(shown)
    assert (severity, what) == ("error", "unknown field: `experimnt`")
    assert place.endswith("auger.yaml:2:1")
    assert "`experiment`" in hint
    assert shown.startswith("<p")
    assert [*caught.value.to_frame()["code"]] == ["unknown-field"]


def test_another_error_shows_its_hint() -> None:
    shown = AugerError("no <room>", hint="make some")._repr_html_()
    assert "no &lt;room&gt;" in shown
    assert "Hint: make some" in shown


def test_a_plan_shows_what_changes_and_what_it_costs() -> None:
    address, verb, about, changes, loss = cells_of(PLAN._repr_html_())
    assert (address, verb, about) == ("experiment.exp", "start", "50 trials; settings changed")
    assert changes.startswith("metric: f1 -> xxx")
    assert changes.endswith("…")
    assert loss == "loses compute"
    assert [*PLAN.to_frame()["action"]] == ["start"]


def test_an_empty_plan_says_so() -> None:
    empty = Plan("https://hub.test", "acme", 1, "d")
    assert "No changes." in empty._repr_html_()
    assert [*empty.to_frame().columns][:2] == ["address", "action"]


def test_a_result_shows_how_each_action_ended_and_what_helps() -> None:
    failed = Outcome(ACTION, Status.FAILED, 2.5, error=AugerError("no room", hint="make some"))
    result = ApplyResult(PLAN, (failed,))
    assert cells_of(result._repr_html_()) == [
        "experiment.exp",
        "start",
        "failed",
        "2.5000",
        "no room; make some",
    ]
    assert [*result.to_frame()["told"]] == ["no room; make some"]


def test_a_report_shows_its_sections_with_their_drawings() -> None:
    shown = report()._repr_html_()
    cells = cells_of(shown)
    assert {"a|b", "<yes>"} <= set(cells)
    assert shown.count("<polyline") == 5
    assert "stroke=" in shown  # a notebook has none of the style of a page


def test_a_report_of_a_series_shows_its_backtests() -> None:
    assert "2025-01-01 to 2025-01-03" in cells_of(forecasts()._repr_html_())


def test_a_report_of_an_empty_board_says_what_is_missing() -> None:
    empty = Report("exp", Leaderboard("r1", "error", (), EMPTY), {}, None, None, "no trial")
    assert "No explanation: no trial." in empty._repr_html_()
    assert [*empty.to_frame().columns] == ["column", "mean", "std"]


def compared(run_id: str, score: float, metric: str) -> ComparedRun:
    board = Leaderboard(run_id, "completed", ({**ROW, "score": score},), EMPTY)
    return ComparedRun("exp", "d.csv", 10, 2, {"metric": metric}, board, [])


def test_two_runs_show_their_scores_and_what_differs() -> None:
    both = Comparison(compared("r1", 0.5, "f1"), compared("r2", 0.75, "accuracy"))
    assert cells_of(both._repr_html_()) == [
        *("SVC", "0.5000", "0.7500"),
        *("metric", "f1", "accuracy"),
    ]


def test_a_reproduction_shows_each_pair() -> None:
    both = Comparison(compared("r1", 0.5, "f1"), compared("r2", 0.5, "f1"))
    made = Reproduction.of(both)
    assert cells_of(made._repr_html_()) == ["SVC", "0.5000", "0.5000", "yes"]
    assert "the same score in 1 of 1 trials" in made._repr_html_()


COLUMN = {
    "column": "age",
    "level": "alert",
    "drift": 0.5,
    "p_value": 0.001,
    "missing": 0.25,
    "missing_trained": 0.0,
    "unseen": 0,
    "rows": 200,
}


def health(**members: Any) -> Health:
    told = {"id": "T1", "status": "alert", "metric": "f1", "trained_score": 0.9}
    lists = {name: [] for name in ("columns", "segments", "days", "alerts", "notices")}
    return Health.from_wire({**told, **lists, **members})


def test_the_health_of_a_model_shows_alerts_scores_and_columns() -> None:
    told = health(
        columns=[COLUMN],
        alerts=[{"text": "age has <drifted>", "closed_at": None}],
        score={"value": 0.7, "rows": 40},
    )
    shown = told._repr_html_()
    assert "an alert is open" in shown
    assert "age has &lt;drifted&gt;" in shown
    assert cells_of(shown)[3:6] == ["by the actuals", "0.7000", "40"]
    assert [*told.to_frame()["drift"]] == [0.5]


def test_the_health_of_a_model_that_nobody_asked_is_a_table_without_rows() -> None:
    assert "column" in health().to_frame().columns


def test_an_evaluation_shows_scores_classes_and_confusion() -> None:
    per_class = [{"label": "a", "precision": 1.0, "recall": None, "f1": 0.5, "rows": 3}]
    told = Evaluation.from_wire(
        {
            "model_type": "classification",
            "target": "kind",
            "metric": "f1",
            "rows": 3,
            "scores": {"f1": 0.5},
            "labels": ["a"],
            "per_class": per_class,
            "confusion": [[3]],
            "notices": [],
        }
    )
    assert cells_of(told._repr_html_()) == [
        *("f1", "0.5000"),
        *("a", "1.0000", "0.5000", "3"),
        *("a", "3"),
    ]
    assert told.to_frame().to_dict("records") == [{"metric": "f1", "score": 0.5}]


def test_a_schema_shows_the_columns_and_stays_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("age,kind\n1,a\n2,b\n,a\n")
    look = look_at(tmp_path / "d.csv")
    assert look.schema == look.statistics["schema"]
    assert [*look.to_frame()["column"]] == ["age", "kind"]
    assert cells_of(look._repr_html_()) == [
        *("age", "number", "feature", "2", "1"),
        *("kind", "category", "feature", "2", "0"),
    ]
    assert "d.csv: 3 rows" in look._repr_html_()


def test_a_record_and_a_lineage_show_what_they_hold() -> None:
    action = AppliedAction(
        *("a", "experiment.exp", "shop", "experiment", "exp", "start", "50 trials", "applied"),
        *(2.0, None, None, None),
    )
    record = ApplyRecord(
        *(7, "applied", "me", None, None, None, None, None, None, None, ("shop",), {}),
        *({"applied": 1}, 1, None, 3.0, "2026-01-01T00:00:00Z", None, (action,), {}),
    )
    assert cells_of(record._repr_html_())[:3] == ["experiment.exp", "start", "applied"]
    assert [*record.to_frame()["told"]] == ["50 trials"]
    origin = Origin("trial", "T1", {"algorithm": "SVC", "score": None}, is_missing=True)
    lineage = Lineage((origin,), (), ("no commit",))
    assert cells_of(lineage._repr_html_()) == [
        *("trial", "T1", "not on the hub any more, algorithm SVC")
    ]
    assert [*lineage.to_frame()["id"]] == ["T1"]
