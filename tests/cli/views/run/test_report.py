"""A report of a run, as text, as a model card and as a page."""

from __future__ import annotations

import json
import re
from typing import Any

import click
import pytest

from auger_reconcile.api.runs.leaderboard import Leaderboard
from auger_reconcile.api.runs.report import Report
from auger_reconcile.cli.views.run.report import (
    render_report_html,
    render_report_json,
    render_report_markdown,
    render_report_text,
)
from auger_reconcile.resources.search.account import Account, Expected, Notice

ROW = {
    "id": "T1",
    "algorithm": "SVC",
    "score_name": "accuracy",
    "score": 0.9,
    "seconds": 1.25,
    "ensemble": False,
    "fold_scores": [0.9],
    "all_scores": {},
    "algorithm_params": {},
}
CURVE = {
    "label": "<yes>",
    "roc": [[0, 0], [0.2, 0.9], [1, 1]],
    "auc": 0.91,
    "precision_recall": [[1, 0.5], [0, 1]],
    "average_precision": 0.8,
    "calibration": [[0.1, 0.2]],
    "gain": [[0, 0], [1, 1]],
    "brier": 0.1,
}
THRESHOLD = {"threshold": 0.5, "precision": 0.8, "recall": 0.7, "f1": 0.75, "fp": 3, "fn": 4}
CLASSES = {
    "labels": ["no", "<yes>"],
    "confusion": [[8, 1], [2, 9]],
    "per_class": [
        {"label": "no", "precision": 0.8, "recall": 0.9, "f1": 0.85, "rows": 9.0},
        {"label": "<yes>", "precision": None, "recall": 0.0, "f1": 0.0, "rows": 2.0},
    ],
    "curves": [CURVE],
    "thresholds": {"rows": [THRESHOLD], "best_f1": 0.5},
}
SEGMENTS = [{"value": "x", "rows": 9, "error": 0.25}, {"value": "y", "rows": 3, "error": 0}]
CONTENT: dict[str, Any] = {
    "metric": "accuracy",
    "importance": {
        "metric": "accuracy",
        "columns": [{"column": "a|b", "mean": 0.3, "std": 0.05}],
    },
    "classes": CLASSES,
    "segments": [{"column": "kind", "segments": SEGMENTS}],
    "worst_rows": [{"row": 4, "actual": "no", "predicted": "<yes>", "values": {"a|b": None}}],
    "dependence": [{"column": "a|b", "values": [1, 2], "classes": {"no": [0.1, 0.2]}}],
    "hyperparameters": {"C": 0.75},
}
VALUES = {
    "points": [[1.0, 1.5], [2.0, 2.5]],
    "residuals": {"mean": -0.5, "std": 0.1, "quantiles": {"5": -1.0, "95": 0.25}},
}

BACKTESTS: dict[str, Any] = {
    "time": "day",
    "series": ["shop"],
    "folds": [
        {"from": "2025-01-01", "to": "2025-01-03", "rows": 3, "score": -1.5, "error": 1.5},
        {"from": "2025-01-04", "to": "2025-01-04", "rows": 1, "score": -0.5, "error": 0.5},
    ],
    "steps": [
        {"first": 1, "last": 1, "rows": 2, "error": 0.5},
        {"first": 2, "last": 3, "rows": 2, "error": 2.0},
    ],
    "lines": [
        {
            "series": "north|1",
            "times": ["2025-01-01", "2025-01-02", "2025-01-03"],
            "actual": [1.0, 2.0, 3.0],
            "forecast": [1.5, 2.5, 9.0],
            "error": 2.3333,
        }
    ],
}


def report(explanation: Any = CONTENT, missing: str = "", **members: Any) -> Report:
    account = Account(
        Expected(0.9, 0.85, 0.8, 0.88), (Notice("few", "Few rows."),), asked=3, done=3
    )
    board = Leaderboard("r1", "completed", (ROW,), account)
    told: dict[str, Any] = {
        "experiment": "churn",
        "settings": {"metric": "accuracy", "exclude": ["id"]},
        "trial": ROW,
        **members,
    }
    return Report(**told, board=board, explanation=explanation, missing=missing)


def text_of(told: Report) -> str:
    """Return the lines with one space between words: how wide a column is, is for other tests."""
    lines = (click.unstyle(line) for line in render_report_text(told))
    return "\n".join(" ".join(line.split()) for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        "best 0.9000 on the folds; expect 0.8500, 0.8000 to 0.8800 on new rows",
        "Few rows.",
        "3 asked, 3 scored",
        "a|b 0.3000 0.0500 ████",
        "no 8 1",
        "The best F1 is at 0.50.",
        "kind x 0.2500 9",
        "kind y 0.0000 3",
        "<yes> – 0.0000 0.0000 2",
        "C 75.0 %",
        "exclude id",
    ],
)
def test_a_terminal_shows_everything_there_is_to_tell(words: str) -> None:
    assert words in text_of(report())


def test_a_model_card_is_markdown_that_names_cannot_break() -> None:
    card = "\n".join(render_report_markdown(report()))
    assert card.startswith("# churn: run r1\n")
    assert "| a\\|b | 0.3000 | 0.0500 |" in card
    assert "\\<yes\\>" in card
    rows = [line for line in card.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_a_page_needs_nothing_else_and_draws_the_curves() -> None:
    page = render_report_html(report())
    assert "<yes>" not in page
    assert "ROC of &lt;yes&gt;, area 0.9100" in page
    assert page.count("<polyline") == 5
    assert not re.search(r"(?:src|href)=|https?:", page)
    assert page.count("<section>") == page.count("</section>") == 11


def test_values_are_told_by_their_residuals() -> None:
    content = {key: value for key, value in CONTENT.items() if key != "classes"}
    told = report({**content, "values": VALUES})
    assert "95 % are below 0.25" in text_of(told)
    assert render_report_html(told).count("<circle") == 2


def forecasts() -> Report:
    content = {key: value for key, value in CONTENT.items() if key != "classes"}
    settings = {"target": "sold"}
    return report({**content, "values": VALUES, "backtests": BACKTESTS}, settings=settings)


@pytest.mark.parametrize(
    "words",
    [
        "2025-01-01 to 2025-01-03 -1.5 1.5 3",
        "2025-01-04 -0.5 0.5 1",
        "1 0.5 2 █████",
        "2 to 3 2 2 ████████████████████",
        "north|1 2.333",
    ],
)
def test_a_series_is_told_by_fold_by_step_and_by_its_worst_series(words: str) -> None:
    assert words in text_of(forecasts())


def test_one_series_alone_is_not_listed() -> None:
    line = {**BACKTESTS["lines"][0], "series": ""}
    told = report({**CONTENT, "backtests": {**BACKTESTS, "lines": [line]}})
    assert "Backtests by steps ahead" in text_of(told)
    assert "forecast worst" not in text_of(told)


def test_a_page_draws_the_forecasts_beside_what_came_between_their_times() -> None:
    page = render_report_html(forecasts())
    (drawn,) = re.findall(r"<figcaption>north\|1: forecasts.*?</figure>", page)
    assert (drawn.count("<polyline"), drawn.count("<circle")) == (1, 3)
    assert all(f">{word}</text>" in drawn for word in ("2025-01-01", "2025-01-03", "day", "9 sold"))


def test_a_model_card_has_the_backtests() -> None:
    card = "\n".join(render_report_markdown(forecasts()))
    assert "## Backtests by fold" in card
    assert "| 2025-01-01 to 2025-01-03 | -1.5 | 1.5 | 3 |" in card
    assert "| north\\|1 | 2.333 |" in card


def test_what_is_missing_is_told_with_its_reason() -> None:
    told = text_of(report(None, "this hub explains no trials"))
    assert "No explanation: this hub explains no trials." in told
    assert "Which columns matter" not in told
    assert "Leaderboard" in text_of(report(None, "no trial has a score", trial=None))


def test_columns_that_there_was_no_time_for_are_no_empty_section() -> None:
    unmeasured = {"metric": "accuracy", "columns": []}
    assert "Which columns matter" not in text_of(report({**CONTENT, "importance": unmeasured}))


def test_json_has_it_all() -> None:
    told = json.loads(render_report_json(report()))
    assert told["explanation"] == CONTENT
    assert (told["experiment"], told["run_id"], told["trial"]["id"]) == ("churn", "r1", "T1")


def test_a_page_of_many_columns_and_trials_stays_small() -> None:
    columns = [{"column": f"column {n}", "mean": 0.1, "std": 0.1} for n in range(74)]
    curves = [{**CURVE, "roc": [[n / 200, n / 200] for n in range(200)]}] * 20
    content = {
        **CONTENT,
        "importance": {"metric": "accuracy", "columns": columns},
        "classes": {**CLASSES, "curves": curves},
    }
    assert len(render_report_html(report(content))) < 2_000_000
