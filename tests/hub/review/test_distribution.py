"""What a model is asked each day, against what it was trained on."""

from __future__ import annotations

from typing import Any

import pytest

from auger_hub.review.distribution import Answer, compare_days

STATISTICS = [
    {
        "column_name": "age",
        "missing_values": 0,
        "histogram": {"hist": [50, 50], "bin_edges": [0, 10, 20]},
    },
    {"column_name": "class", "missing_values": 0, "value_counts": {"yes": 80, "no": 20}},
    {"column_name": "note"},
]


def distribution(*answers: Answer) -> Any:
    return compare_days(answers, STATISTICS)


def test_rows_are_counted_in_the_bins_of_the_training_data() -> None:
    rows = [[5, "yes"], ["15", "no"], [None, "new"], [99, "yes"], ["old", "yes"]]
    days, _ = distribution(("2026-01-01", ["age", "class"], rows))
    assert days == {
        "2026-01-01": {
            "age": {"0 to 10": 1, "10 to 20": 1, "(missing)": 1, "(other)": 2},
            "class": {"yes": 3, "no": 1, "(other)": 1},
        }
    }


def test_a_day_like_the_training_data_is_not_off() -> None:
    rows = [["yes"]] * 80 + [["no"]] * 20
    _, divergence = distribution(("2026-01-01", ["class"], rows))
    assert divergence == {"2026-01-01": {"class": pytest.approx(0)}}


def test_a_day_of_another_kind_is_far_off() -> None:
    rows = [["yes"]] * 20 + [["no"]] * 80
    _, divergence = distribution(("2026-01-01", ["class"], rows))
    assert divergence["2026-01-01"]["class"] == pytest.approx(1.66, abs=0.01)


def test_few_rows_of_a_day_are_counted_but_not_compared() -> None:
    days, divergence = distribution(("2026-01-01", ["class"], [["no"]] * 5))
    assert days == {"2026-01-01": {"class": {"no": 5}}}
    assert divergence == {}


def test_columns_without_statistics_are_left_out() -> None:
    assert distribution(("2026-01-01", ["note", "more"], [["a", "b"]])) == ({"2026-01-01": {}}, {})


def test_statistics_of_a_client_may_be_anything() -> None:
    answers = [("2026-01-01", ["age"], [[1]])]
    assert compare_days(answers, "nothing") == ({"2026-01-01": {}}, {})
