"""Two runs side by side, in each form."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import click

from auger_reconcile.api.runs.comparison import ComparedRun, Comparison, best_so_far
from auger_reconcile.api.runs.leaderboard import Leaderboard
from auger_reconcile.cli.views.run.comparison import (
    render_comparison_html,
    render_comparison_json,
    render_comparison_text,
)
from auger_reconcile.resources.search.account import Account, Expected, Notice


def row(algorithm: str, score: float, metric: str = "accuracy") -> dict[str, Any]:
    return {"id": f"T-{algorithm}", "algorithm": algorithm, "score_name": metric, "score": score}


LEFT = ComparedRun(
    experiment="iris",
    dataset="iris.csv",
    rows=120,
    features=4,
    settings={"metric": "accuracy", "max_n_trials": 5, "cross_validation_folds": 5},
    board=Leaderboard(
        "RUN-1",
        "completed",
        (row("SVC", 0.97), row("LGBMClassifier", 0.95), row("SVC", 0.9)),
        Account(expected=Expected(0.97, 0.96, 0.93, 0.98)),
    ),
    curve=[(1.0, 0.9), (2.0, 0.97)],
)
RIGHT = replace(
    LEFT,
    settings={"metric": "accuracy", "max_n_trials": 9, "cross_validation_folds": 5},
    board=Leaderboard(
        "RUN-2",
        "interrupted",
        (row("Ridge<b>", 0.98),),
        Account(notices=(Notice("column-dropped", "Column `id` is left out."),)),
    ),
    curve=[(4.0, 0.98)],
)
BOTH = Comparison(LEFT, RIGHT)


def text_of(found: Comparison, width: int | None = None) -> list[str]:
    return [click.unstyle(line) for line in render_comparison_text(found, width)]


def test_results_stand_beside_each_other() -> None:
    lines = text_of(BOTH)
    assert any(line.split() == ["Best", "score", "0.9700", "0.9800"] for line in lines)
    assert any("0.9600, 0.9300 to 0.9800" in line for line in lines)
    assert any("Column `id` is left out." in line for line in lines)


def test_settings_that_differ_are_shown_and_the_others_counted() -> None:
    lines = text_of(BOTH)
    assert any(line.split() == ["max_n_trials", "5", "9"] for line in lines)
    assert not any(line.startswith("cross_validation_folds") for line in lines)
    assert "2 settings are the same." in lines
    fewer = replace(RIGHT, settings={**RIGHT.settings, "cross_validation_folds": 3})
    assert "1 setting is the same." in text_of(Comparison(LEFT, fewer))


def test_the_best_of_each_algorithm_is_shown_once() -> None:
    lines = text_of(BOTH)
    assert [line.split() for line in lines if line.startswith("SVC")] == [["SVC", "0.9700", "–"]]


def test_no_line_is_wider_than_the_terminal() -> None:
    assert max(map(len, text_of(BOTH, 60))) <= 60


def test_boards_that_cannot_be_compared_are_said_to_be() -> None:
    other_metric = replace(RIGHT, board=replace(RIGHT.board, trials=(row("SVC", 0.9, "f1"),)))
    other_data = replace(RIGHT, dataset="iris-2.csv")
    other_folds = replace(RIGHT, settings={**RIGHT.settings, "cross_validation_folds": 3})
    assert "different metrics (accuracy, f1)" in str(Comparison(LEFT, other_metric).warning)
    assert "different data" in str(Comparison(LEFT, other_data).warning)
    assert "different folds" in str(Comparison(LEFT, other_folds).warning)
    assert BOTH.warning is None
    assert str(Comparison(LEFT, other_data).warning) in text_of(Comparison(LEFT, other_data))


def test_the_page_shows_both_curves_and_escapes_names() -> None:
    page = render_comparison_html(BOTH)
    assert page.count("<polyline") == 2
    assert "Ridge&lt;b&gt;" in page
    assert "Ridge<b>" not in page
    assert "<script" not in page


def test_runs_without_a_trial_have_no_curve() -> None:
    empty = replace(LEFT, board=Leaderboard("RUN-3", "waiting", (), Account()), curve=[])
    assert "<polyline" not in render_comparison_html(Comparison(empty, empty))
    assert any("All settings are the same." in line for line in text_of(Comparison(empty, empty)))


def test_json_names_what_differs() -> None:
    told = json.loads(render_comparison_json(BOTH))
    assert told["different_settings"] == ["max_n_trials"]
    assert [run["run_id"] for run in told["runs"]] == ["RUN-1", "RUN-2"]
    assert told["runs"][0]["curve"] == [[1.0, 0.9], [2.0, 0.97]]


def test_a_notebook_shows_the_best_of_each_algorithm() -> None:
    assert "Ridge&lt;b&gt;" in BOTH._repr_html_()
    assert list(BOTH.to_frame().columns) == ["algorithm", "RUN-1", "RUN-2"]


def test_a_curve_has_a_point_at_each_improvement() -> None:
    trials = [
        {"created_at": "2026-01-01T00:00:05Z", "score_value": 0.8},
        {"created_at": "2026-01-01T00:00:02Z", "score_value": 0.7},
        {"created_at": "2026-01-01T00:00:07Z", "score_value": 0.75},
        {"created_at": None, "score_value": 0.99},
    ]
    assert best_so_far(trials, "2026-01-01T00:00:01Z") == [(1.0, 0.7), (4.0, 0.8)]
    assert best_so_far(trials, None) == [(0.0, 0.7), (3.0, 0.8)]


def test_runs_that_predict_different_columns_are_not_compared() -> None:
    left = replace(LEFT, settings={**LEFT.settings, "target": "species"})
    right = replace(RIGHT, settings={**RIGHT.settings, "target": "width"})
    lines = list(render_comparison_text(Comparison(left, right)))
    assert any("`species` and `width`" in line for line in lines)
