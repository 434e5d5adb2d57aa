"""Where bars and points lie."""

from __future__ import annotations

import pytest

from auger_hub.pages.drawings.chart import (
    BARS_HEIGHT,
    BARS_WIDTH,
    CHART_HEIGHT,
    CHART_WIDTH,
    Tried,
    draw_bars,
    draw_scores,
    find_ticks,
)


def _tried(*scores: float) -> list[Tried]:
    return [Tried(float(n), score, f"trial {n}") for n, score in enumerate(scores)]


def test_the_highest_bar_fills_the_drawing_and_zero_has_none() -> None:
    bars = draw_bars([4, 0, 2], ["a", "b", "c"])
    assert [bar.height for bar in bars] == [BARS_HEIGHT, 0, BARS_HEIGHT / 2]
    assert all(bar.y + bar.height == BARS_HEIGHT for bar in bars)
    assert bars[-1].x + bars[-1].width <= BARS_WIDTH


def test_a_very_small_count_can_still_be_seen() -> None:
    assert draw_bars([1_000_000, 1], ["a", "b"])[1].height == 1


def test_bars_of_nothing_are_no_error() -> None:
    assert [bar.height for bar in draw_bars([0, 0], ["a", "b"])] == [0, 0]


def test_there_is_no_chart_without_trials() -> None:
    assert draw_scores([]) is None


@pytest.mark.parametrize(
    "scores", [(0.5,), (0.0, 0.0), (-3.0, -2.0, -2.5), (1e-9, 2e-9), (-1e9, 0.1, 0.2)]
)
def test_every_mark_lies_within_the_chart(scores: tuple[float, ...]) -> None:
    chart = draw_scores(_tried(*scores))
    assert chart is not None
    marks = [*chart.points, *chart.rows, *chart.columns]
    assert all(0 <= m.x <= CHART_WIDTH and 0 <= m.y <= CHART_HEIGHT for m in marks)


def test_the_line_of_the_best_never_falls() -> None:
    chart = draw_scores(_tried(0.3, 0.5, 0.4, 0.9, 0.1))
    assert chart is not None
    heights = [float(corner.partition(",")[2]) for corner in chart.best.split()]
    assert heights == sorted(heights, reverse=True)


def test_one_very_bad_trial_does_not_flatten_the_others() -> None:
    chart = draw_scores(_tried(-1000.0, 0.90, 0.92, 0.94))
    assert chart is not None
    assert [point.is_outside for point in chart.points] == [True, False, False, False]
    assert chart.outside == 1
    assert chart.points[1].y - chart.points[3].y > CHART_HEIGHT / 10


def test_thousands_of_trials_stay_a_readable_number_of_points() -> None:
    chart = draw_scores(_tried(*(n / 5000 for n in range(5000))))
    assert chart is not None
    assert len(chart.points) <= 600


def test_the_summary_tells_what_the_chart_shows() -> None:
    chart = draw_scores(_tried(0.5, 0.75))
    assert chart is not None
    assert chart.summary == ("2 scored trials in 1.0 s; the best score went from 0.5000 to 0.7500")


def test_a_run_under_way_leaves_room_for_the_trial_it_tries_now() -> None:
    chart = draw_scores(_tried(0.5, 0.75), until=10.0)
    assert chart is not None
    assert chart.points[-1].x < CHART_WIDTH / 4
    assert float(chart.best.split()[-1].partition(",")[0]) > CHART_WIDTH * 0.9


def test_ticks_are_round_and_within_the_range() -> None:
    assert find_ticks(0.83, 0.98, 4) == [0.85, 0.9, 0.95]
