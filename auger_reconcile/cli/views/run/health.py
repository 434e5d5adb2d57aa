"""Render how a deployed model does, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from auger_reconcile.api.health import STATUS
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.table import Column, local_time, member, render_table
from auger_reconcile.cli.views.words import count_of

if TYPE_CHECKING:
    from auger_reconcile.api.health import Health

MOST_COLUMNS = 15
MOST_DAYS = 14


def render_health(health: Health) -> Iterator[str]:
    """Yield lines: how it is, open alerts, scores, columns, segments and days."""
    named = f"{plain(health.name)} ({health.id})" if health.name else health.id
    yield f"Model {named}: {STATUS.get(health.status, health.status)}."
    for alert in health.alerts:
        if alert["closed_at"] is None:
            yield f"! {plain(str(alert['text']))}, since {local_time(alert['opened_at'])}"
    yield from _scores(health)
    if health.window is None:
        yield "It has made no predictions yet."
        return
    yield from _use(health.window)
    yield from _columns(health)
    yield from _segments(health)
    yield from _days(health)


def _scores(health: Health) -> Iterator[str]:
    rows = [{"what": "trained", "value": health.trained_score, "rows": None}]
    if health.score:
        rows.append({"what": "by the actuals", **health.score})
    if health.estimate:
        metric = health.estimate["metric"]
        other = "" if metric == health.metric else f", {metric}"
        rows.append({"what": f"estimated without actuals{other}", **health.estimate})
    yield ""
    yield from render_table(
        (
            Column(f"Score ({plain(health.metric)})", member("what")),
            Column("Value", member("value"), is_number=True),
            Column("Rows", member("rows"), is_number=True),
        ),
        rows,
    )


def _use(window: Mapping[str, Any]) -> Iterator[str]:
    told = f"{window['from']} to {window['to']}: {count_of(window['rows'], 'row')}"
    told += f" in {count_of(window['requests'], 'request')}"
    if window["failed"]:
        told += f", {window['failed']:,} failed"
    if window["most_milliseconds"] is not None:
        told += f"; 95 of 100 within {window['most_milliseconds']:,} ms"
    yield ""
    yield told


def _columns(health: Health) -> Iterator[str]:
    shown = health.columns[:MOST_COLUMNS]
    if not shown:
        return
    yield ""
    yield from render_table(
        (
            Column("Column", member("column")),
            Column("Drift", member("drift"), is_number=True),
            Column("p-value", member("p_value"), is_number=True),
            Column("Missing", _percent("missing"), is_number=True),
            Column("trained", _percent("missing_trained"), is_number=True),
            Column("Unseen", member("unseen"), is_number=True),
            Column("", _level),
        ),
        shown,
    )
    if len(shown) < len(health.columns):
        yield f"and {len(health.columns) - len(shown)} less far off; --json has them all"


def _level(row: Mapping[str, Any]) -> str:
    words = {"ok": "", "few-rows": "too few rows", "not-compared": "not compared"}
    return words.get(row["level"], str(row["level"]))


def _percent(name: str) -> Any:
    def percent(row: Mapping[str, Any]) -> str:
        return format(row[name], ".1%")

    return percent


def _segments(health: Health) -> Iterator[str]:
    if not health.segments:
        return
    yield ""
    yield from render_table(
        (
            Column("Segment", member("segment")),
            Column("Rows", member("rows"), is_number=True),
            Column("Score", member("score"), is_number=True),
            Column("of rows", member("score_rows"), is_number=True),
            Column("Estimate", member("estimate"), is_number=True),
        ),
        health.segments,
    )


def _days(health: Health) -> Iterator[str]:
    shown = health.days[-MOST_DAYS:]
    if not shown:
        return
    yield ""
    yield from render_table(
        (
            Column("Day", member("day")),
            Column("Rows", member("rows"), is_number=True),
            Column("Failed", member("failed"), is_number=True),
            Column("Drift", member("drift"), is_number=True),
            Column("most of", member("column")),
            Column("Score", member("score"), is_number=True),
            Column("Estimate", member("estimate"), is_number=True),
        ),
        shown,
    )
    if len(shown) < len(health.days):
        yield f"and {len(health.days) - len(shown)} days before; --json has them all"
