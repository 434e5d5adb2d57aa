"""Render a leaderboard: trials by score, with a bar to compare them at a glance."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import Column, local_time, member, render_table

BEST = 5  # trials of each run in the history
BAR = 20  # characters of a full bar
SENTENCES = {
    "waiting": "The run has not been started yet.",
    "preprocess": "The run is reading the data.",
    "started": "The run goes on; the leaderboard is not final.",
    "completed": "The run is completed.",
    "interrupted": "The run was interrupted; what it had finished is kept.",
    "error": "The run ended with an error.",
}


def render_leaderboard(rows: Sequence[Mapping[str, Any]], status: str) -> Iterator[str]:
    """Yield the lines of a leaderboard and a sentence about its run."""
    scores = [row["score"] for row in rows if row["score"] is not None]
    name = next((row["score_name"] for row in rows if row["score_name"]), "score")
    lowest, highest = (min(scores), max(scores)) if scores else (0.0, 0.0)

    def bar(row: Mapping[str, Any]) -> str:
        if row["score"] is None or highest == lowest:
            return ""
        share = float(row["score"] - lowest) / (highest - lowest)
        return "█" * round(share * BAR)

    columns = (
        Column("Model id", member("id")),
        Column("Algorithm", member("algorithm")),
        Column(str(name), member("score"), is_number=True),
        Column("± folds", _spread, is_number=True),
        Column("Seconds", lambda row: _seconds(row["seconds"]), is_number=True),
        Column("", bar),
    )
    best = rows[0]["id"] if rows else None
    yield from render_table(columns, rows, is_selected=lambda row: row["id"] == best)
    if rows:
        yield ""
    yield SENTENCES.get(status, f"The run's status is {status}.")
    if best and status == "completed":
        yield "Deploy the best one:"
        yield click.style(f"auger model deploy {shlex.quote(str(best))}", bold=True)


def render_history(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about one run: a heading, its settings, the best of its leaderboard."""
    score = "" if run["score"] is None else f"  best {run['score']:.4f}"
    began = local_time(run["created_at"])
    heading = f"Run {plain(run['id'])}  {began}  {plain(run['status'])}{score}"
    yield click.style(heading, bold=True)
    settings = [f"{name}: {_plain(value)}" for name, value in sorted(run["settings"].items())]
    yield from (f"  {line}" for line in settings if not line.endswith(": "))
    columns = (
        Column("Model id", member("id")),
        Column("Algorithm", member("algorithm")),
        Column("Score", member("score"), is_number=True),
    )
    yield from (f"  {line}" for line in render_table(columns, run["leaderboard"][:BEST]))
    yield ""


def _plain(value: Any) -> str:
    match value:
        case None | [] | {}:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(_plain, value))
        case _:
            return plain(str(value))


def _spread(row: Mapping[str, Any]) -> float | None:
    """Return the standard deviation of the fold scores."""
    folds = [score for score in row["fold_scores"] if score is not None]
    if len(folds) < 2:
        return None
    mean = sum(folds) / len(folds)
    return float((sum((score - mean) ** 2 for score in folds) / (len(folds) - 1)) ** 0.5)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
