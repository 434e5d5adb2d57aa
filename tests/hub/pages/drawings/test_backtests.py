"""Where forecasts lie."""

from __future__ import annotations

from auger_hub.pages.drawings.backtests import HEIGHT, WIDTH, draw_forecast, show_backtests

LINE = {
    "series": "Japan",
    "times": ["2020-01-01", "2020-04-01", "2020-07-01"],
    "actual": [1.0, 2.0, 3.0],
    "forecast": [1.5, 2.0, 2.0],
    "error": 0.5,
}


def test_every_point_of_a_forecast_lies_within_its_drawing() -> None:
    drawn = draw_forecast(LINE, "sales")
    places = [*drawn.dots, *((mark.x, mark.y) for mark in (*drawn.rows, *drawn.columns))]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert drawn.title == "Japan: mean error 0.5"
    assert drawn.table[0] == ("2020-01-01", "1", "1.5")


def test_one_time_of_one_value_is_no_error() -> None:
    line = {"series": "", "times": [3], "actual": [0.0], "forecast": [0.0], "error": 0.0}
    assert draw_forecast(line, "sales").summary == "1 forecasts from 3 to 3 beside what came"


def test_steps_that_are_told_together_are_named_by_both_ends() -> None:
    steps = [{"first": 1, "last": 1, "error": 2.0}, {"first": 2, "last": 3, "error": 4.0}]
    told = show_backtests({"folds": [], "steps": steps, "lines": []}, "")
    assert [(one["words"], one["bar"]) for one in told["steps"]] == [("1", 50.0), ("2 to 3", 100.0)]
