"""How a model does, as a terminal shows it."""

from __future__ import annotations

from typing import Any

from auger_reconcile.api.health import Health
from auger_reconcile.cli.views.run.health import render_health

ALERT = {"text": "drift: `age` 0.41", "opened_at": "2026-03-02T00:00:00.000Z", "closed_at": None}
USE = {"rows": 400, "requests": 2, "failed": 1, "mean_milliseconds": 9.5, "most_milliseconds": 16}
COLUMN = {
    "column": "age",
    "level": "alert",
    "drift": 0.4123,
    "p_value": 0.0,
    "missing": 0.5,
    "missing_trained": 0.01,
    "unseen": 0,
    "rows": 400,
}
DAY = {**USE, "day": "2026-03-02", "column": "age", "drift": 0.4, "score": 0.75, "estimate": None}
TOLD: dict[str, Any] = {
    "id": "T1",
    "name": "production",
    "status": "alert",
    "monitor": None,
    "metric": "accuracy",
    "trained_score": 0.94,
    "window": {"from": "2026-03-01", "to": "2026-03-02", **USE},
    "columns": [COLUMN],
    "score": {"value": 0.75, "rows": 200, "from": "2026-03-01"},
    "estimate": {"metric": "accuracy", "value": 0.9, "trained": 0.94, "rows": 400},
    "segments": [
        {"segment": "region=North", "rows": 9, "score": 0.5, "score_rows": 4, "estimate": None}
    ],
    "days": [DAY],
    "alerts": [ALERT],
    "notices": [],
}


def render(**changes: Any) -> str:
    return "\n".join(render_health(Health.from_wire({**TOLD, **changes})))


def test_what_is_open_is_told_first() -> None:
    first, second = render().splitlines()[:2]
    assert first == "Model production (T1): an alert is open."
    assert second.startswith("! drift: `age` 0.41, since 2026-03-02")


def test_a_closed_alert_is_not_told_as_open() -> None:
    assert "!" not in render(alerts=[{**ALERT, "closed_at": "2026-03-03T00:00:00.000Z"}])


def test_scores_columns_segments_and_days_are_tables() -> None:
    shown = render()
    assert "by the actuals" in shown
    assert "400 rows in 2 requests, 1 failed; 95 of 100 within 16 ms" in shown
    assert "age     0.4123   0.0000    50.0%     1.0%       0  alert" in shown
    assert "region=North" in shown
    assert "2026-03-02" in shown


def test_a_model_that_nobody_asked_says_so() -> None:
    assert render(window=None, score=None, estimate=None).endswith(
        "It has made no predictions yet."
    )


def test_columns_that_are_left_out_are_counted() -> None:
    assert "and 5 less far off; --json has them all" in render(columns=[COLUMN] * 20)
