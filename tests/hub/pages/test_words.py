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
    ("value", "text"),
    [("a", "a"), (None, "null"), ({"ä": 1}, '{"ä": 1}'), (0.1234567, "0.1235"), (3000, "3,000")],
)
def test_a_setting_reads_as_in_json(value: object, text: str) -> None:
    assert words.plain(value) == text


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.8, 0.82, 0.84], ["0.80", "0.82", "0.84"]),
        ([0.0, 0.5, 1.0], ["0", "0.5", "1.0"]),
        ([1e5, 2e5], ["100k", "200k"]),
        ([-9000.0, -8500.0], ["-9,000", "-8,500"]),
        ([12345678.0, 12345679.0], ["12.345678M", "12.345679M"]),
        ([1e-9, 2e-9], ["1e-09", "2e-09"]),
        ([], []),
    ],
)
def test_the_labels_of_an_axis_have_as_many_decimals_as_tell_them_apart(
    values: list[float], labels: list[str]
) -> None:
    assert words.ticks_in_words(values) == labels


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`a<b` moved", "<code>a&lt;b</code> moved"),
        ("nothing", "nothing"),
        ("one ` alone <b>", "one ` alone &lt;b&gt;"),
    ],
)
def test_what_stands_between_backticks_is_code_and_stays_text(text: str, shown: str) -> None:
    assert words.marked(text) == shown


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (6e-179, "< 0.0001"), (0.0083, "0.0083"), (0.264, "0.26")]
)
def test_a_p_value_is_no_more_exact_than_anybody_needs(value: float | None, text: str) -> None:
    assert words.chance(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0003, "+0.0003"), (-1234.5, "-1,234.5"), (-1e-9, "0.0000")]
)
def test_a_difference_of_scores_has_a_sign(value: float | None, text: str) -> None:
    assert words.gap(value) == text


def test_one_is_not_many() -> None:
    assert (words.count(1, "trial"), words.count(2000, "trial")) == ("1 trial", "2,000 trials")


def test_a_status_nobody_knows_is_quiet() -> None:
    assert (words.tone("odd"), words.tone(None), words.status_word("odd")) == (
        "quiet",
        "quiet",
        "odd",
    )
