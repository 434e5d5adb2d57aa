"""Scores of a model, as text."""

from __future__ import annotations

import click

from auger_reconcile.api.evaluation import Evaluation
from auger_reconcile.cli.views.run.evaluation import MOST_CLASSES, render_evaluation


def lines(**members: object) -> list[str]:
    told = {"model_type": "classification", "target": "y", "metric": "f1", "rows": 3, "scores": {}}
    evaluation = Evaluation.from_wire({"notices": [], **told, **members})
    return [" ".join(click.unstyle(line).split()) for line in render_evaluation(evaluation)]


def classes(count: int) -> list[dict[str, object]]:
    figures = {"precision": 0.5, "recall": 1.0, "f1": 0.75}
    return [{"label": f"c{n}", **figures, "rows": n} for n in range(count)]


def test_metrics_stand_with_the_one_of_the_run_marked() -> None:
    assert lines(scores={"accuracy": 0.5, "f1": 0.25}) == [
        "3 rows with a known `y`, greater scores are better.",
        "",
        "Metric Score",
        "accuracy 0.5000",
        "* f1 0.2500",
        "* what the run was sorted by",
    ]


def test_classes_and_what_they_are_taken_for_follow() -> None:
    shown = lines(labels=["c0", "c1"], per_class=classes(2), confusion=[[0, 0], [1, 2]])
    assert shown[2:] == [
        "",
        "Class Precision Recall F1 Rows",
        "c0 0.5000 1.0000 0.7500 0",
        "c1 0.5000 1.0000 0.7500 1",
        "",
        "True, predicted as: c0 c1",
        "c0 0 0",
        "c1 1 2",
    ]


def test_what_the_rows_do_not_define_of_a_class_is_a_dash() -> None:
    absent = {"label": "c0", "precision": None, "recall": None, "f1": None, "rows": 0}
    shown = lines(labels=["c0"], per_class=[absent], confusion=[[0]])
    assert "c0 – – – 0" in shown


def test_of_very_many_classes_those_with_most_rows_are_shown_and_the_others_counted() -> None:
    count = MOST_CLASSES + 5
    labels = [f"c{n}" for n in range(count)]
    shown = lines(labels=labels, per_class=classes(count), confusion=[[0] * count] * count)
    assert shown[4].startswith(f"c{count - 1} ")
    assert shown[-1] == "and 5 with fewer rows; --json has them all"


def test_a_metric_that_the_rows_do_not_define_marks_nothing() -> None:
    assert "* what the run was sorted by" not in lines(scores={"accuracy": 0.5})
