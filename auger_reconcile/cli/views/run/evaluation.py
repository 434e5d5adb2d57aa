"""Render how a model does on rows whose target is known, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import Column, Row, member, render_table
from auger_reconcile.cli.views.words import NOTHING, count_of

if TYPE_CHECKING:
    from auger_reconcile.api.evaluation import Evaluation

MOST_CLASSES = 30
MOST_CONFUSED = 12  # classes whose confusion still fits into a terminal


def render_evaluation(evaluation: Evaluation) -> Iterator[str]:
    """Yield lines: what was scored, every metric, each class, and what is taken for what."""
    scored = count_of(evaluation.rows, "row")
    yield f"{scored} with a known `{plain(evaluation.target)}`, greater scores are better."
    yield ""
    metrics = [{"name": name, "score": score} for name, score in evaluation.scores.items()]
    yield from render_table(
        (Column("Metric", member("name")), Column("Score", member("score"), is_number=True)),
        metrics,
        is_selected=lambda row: row["name"] == evaluation.metric,
    )
    if evaluation.metric in evaluation.scores:
        yield "* what the run was sorted by"
    if evaluation.per_class:
        yield ""
        yield from _classes(evaluation)


def _classes(evaluation: Evaluation) -> Iterator[str]:
    figures = ("precision", "recall", "f1", "rows")
    listed = sorted(evaluation.per_class, key=lambda one: -one["rows"])[:MOST_CLASSES]
    yield from render_table(
        (
            Column("Class", member("label")),
            *(Column(name.capitalize(), _told(name), is_number=True) for name in figures),
        ),
        listed if len(listed) < len(evaluation.per_class) else evaluation.per_class,
    )
    left_out = len(evaluation.per_class) - len(listed)
    if left_out:
        yield f"and {left_out} with fewer rows; --json has them all"
    labels = evaluation.labels
    if len(labels) > MOST_CONFUSED or len(evaluation.confusion) != len(labels):
        return
    yield ""
    columns = [Column(label, _at(n), is_number=True) for n, label in enumerate(labels)]
    rows = [
        {"truth": label, "counts": counts}
        for label, counts in zip(labels, evaluation.confusion, strict=True)
    ]
    yield from render_table((Column("True, predicted as:", member("truth")), *columns), rows)


def _told(name: str) -> Callable[[Row], Any]:
    """Return a function that takes a figure of a class; these rows may not define it."""
    return lambda row: NOTHING if row[name] is None else row[name]


def _at(place: int) -> Any:
    def count(row: Mapping[str, Any]) -> Any:
        return row["counts"][place]

    return count
