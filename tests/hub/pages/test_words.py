"""How values read."""

from __future__ import annotations

from datetime import datetime

import pytest

from auger_hub.pages import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (1234567, "1,234,567"),
        (0.5, "0.5"),
        (3.14159, "3.142"),
        (12345.678, "12,346"),
        (0.0000123, "1.230e-05"),
        (1e300, "1.000e+300"),
        (2.0, "2"),
    ],
)
def test_a_number_of_any_size_is_short(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.97, "0.9700"), (-0.067, "-0.0670"), (-123456.789, "-123,456.8")],
)
def test_scores_below_each_other_have_the_same_decimals(value: float | None, text: str) -> None:
    assert words.score(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.123, "0.12 s"), (9.96, "10.0 s"), (59.9, "1 min 0 s"), (3700, "1 h 1 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


def test_a_moment_is_in_utc_to_the_minute() -> None:
    assert words.when(datetime(2026, 1, 2, 3, 4, 59)) == "2026-01-02 03:04 UTC"
    assert words.when(None) == "–"


def test_an_algorithm_is_its_class_and_its_library() -> None:
    path = "sklearn.linear_model.Ridge"
    assert (words.algorithm(path), words.library(path), words.library("Ridge")) == (
        "Ridge",
        "sklearn",
        "",
    )


def test_a_breakable_name_is_escaped() -> None:
    assert words.breakable("goodBad<b>") == "good<wbr>Bad&lt;b&gt;"


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (None, "null"), ({"ä": 1}, '{"ä": 1}'), (0.1234567, "0.1235")]
)
def test_a_setting_reads_as_in_json(value: object, text: str) -> None:
    assert words.plain(value) == text


def test_one_is_not_many() -> None:
    assert (words.count(1, "trial"), words.count(2000, "trial")) == ("1 trial", "2,000 trials")


def test_a_status_nobody_knows_is_quiet() -> None:
    assert (words.tone("odd"), words.tone(None), words.status_word("odd")) == (
        "quiet",
        "quiet",
        "odd",
    )
