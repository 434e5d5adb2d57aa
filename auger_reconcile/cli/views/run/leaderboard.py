"""Render a leaderboard: trials by score, with a bar to compare them at a glance."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from auger_reconcile.api.runs.leaderboard import SENTENCES
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.run.account import account_lines
from auger_reconcile.cli.views.table import Column, local_time, member, render_table, table_width
from auger_reconcile.cli.views.typed import as_typed
from auger_reconcile.resources.search.account import Account

if TYPE_CHECKING:
    from auger_reconcile.api.runs.leaderboard import Leaderboard

BEST = 5  # trials of each run in the history
BAR, SHORTEST_BAR = 20, 5  # characters of a full bar
MARK = 2  # columns before a line, for the mark of the best
FEWEST = 3  # columns that are always shown


@dataclass(frozen=True)
class Layout:
    """How a leaderboard is laid out.

    Attributes:
        width: columns of the terminal, None for any number.
        with_parameters: show the hyperparameters of each trial below it.
        is_held_out: show the scores on the holdout.
        live: the trials that are deployed already.
    """

    width: int | None = None
    with_parameters: bool = False
    is_held_out: bool = False
    live: frozenset[str] = frozenset()


def render_leaderboard(board: Leaderboard, layout: Layout) -> Iterator[str]:
    """Yield the lines of a leaderboard: what to expect, the trials, how the run is, notices."""
    rows, account = board.trials, board.account
    layout = replace(layout, is_held_out=account.holdout is not None)
    head = [f"{account.expected.text} on new rows"] if account.expected else []
    head += [plain(account.held_out)] if account.held_out else []
    yield from (click.style(line, bold=True) for line in head)
    if head:
        yield ""
    best = rows[0]["id"] if rows else None
    lines = render_table(_columns(rows, layout), rows, is_selected=lambda row: row["id"] == best)
    told = iter(rows)
    for number, line in enumerate(lines):
        yield line
        if number and layout.with_parameters:
            yield _cut(f"    {_parameters(next(told))}".rstrip(), layout.width)
    if rows:
        yield ""
    why = f": {plain(account.error)}" if account.error else "."
    sentence = SENTENCES.get(board.status, f"The run's status is {board.status}.")
    yield f"{sentence.removesuffix('.')}{why}"
    yield from account_lines(account, board.status)
    if best and board.status == "completed":
        name, is_live = shlex.quote(str(best)), best in layout.live
        command = f"model predict FILE --model-id {name}" if is_live else f"model deploy {name}"
        yield "The best one is live; to ask it:" if is_live else "Deploy the best one:"
        yield click.style(as_typed(f"auger {command}"), bold=True)


def _columns(rows: Sequence[Mapping[str, Any]], layout: Layout) -> tuple[Column, ...]:
    """Return the columns that fit: the bar gets what is left, and seconds and spread may go."""
    scores = [row["score"] for row in rows if row["score"] is not None]
    name = next((row["score_name"] for row in rows if row["score_name"]), "score")
    columns = [
        Column("Model id", member("id")),
        Column("Algorithm", member("algorithm")),
        Column(str(name), member("score"), is_number=True),
        *([Column("Holdout", member("holdout"), is_number=True)] if layout.is_held_out else []),
        Column("± folds", _spread, is_number=True),
        Column("Seconds", lambda row: _seconds(row["seconds"]), is_number=True),
    ]
    if layout.width is not None:
        while table_width(columns, rows) + MARK > layout.width and len(columns) > FEWEST:
            columns.pop()
    room = BAR if layout.width is None else layout.width - table_width(columns, rows) - MARK - 2
    if not scores or min(scores) == max(scores) or room < SHORTEST_BAR:
        return tuple(columns)
    lowest, highest, length = min(scores), max(scores), min(BAR, room)

    def bar(row: Mapping[str, Any]) -> str:
        if row["score"] is None:
            return ""
        share = float(row["score"] - lowest) / (highest - lowest)
        return "█" * int(share * length + 0.5)

    return (*columns, Column("", bar))


def _parameters(row: Mapping[str, Any]) -> str:
    """Return the hyperparameters in one line; members of an ensemble by their number."""
    told = row["algorithm_params"]
    if row["ensemble"]:
        pairs = zip(told.get("pipelines") or (), told.get("weights") or (), strict=False)
        return ", ".join(f"{weight:.2f} of {plain(str(uid))}" for uid, weight in pairs)
    return ", ".join(f"{plain(str(name))}={_value(value)}" for name, value in sorted(told.items()))


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else plain(str(value))


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def render_history(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about one run: a heading, its settings, the best of its leaderboard."""
    score = "" if run["score"] is None else f"  best {run['score']:.4f}"
    began = local_time(run["created_at"])
    heading = f"Run {plain(run['id'])}  {began}  {plain(run['status'])}{score}"
    if run.get("reproduces"):
        heading += f"  (run {plain(run['reproduces'])} once more)"
    yield click.style(heading, bold=True)
    yield f"  experiment: {plain(run['experiment'])}"
    settings = [f"{name}: {_plain(value)}" for name, value in sorted(run["settings"].items())]
    yield from (f"  {line}" for line in settings if not line.endswith(": "))
    account = Account.from_json(run)
    told = [f"{account.expected.text} on new rows"] if account.expected else []
    told += [f"error: {plain(account.error)}"] if account.error else []
    yield from (f"  {line}" for line in (*told, *account_lines(account, run["status"])))
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
