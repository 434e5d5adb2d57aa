"""What moved in the columns of a data set."""

import pytest

from auger_hub.pages.revisions import compare_columns

NUMBER = {"avg": 10.0, "std_dev": 2.0, "missing_values": 0, "histogram": {"hist": [50, 50]}}
LABELS = {"value_counts": {"yes": 80, "no": 20}, "missing_values": 0}


def test_a_mean_moves_in_standard_deviations() -> None:
    found = compare_columns({"age": NUMBER}, {"age": {**NUMBER, "avg": 11.0}})
    assert [(one["name"], one["words"], one["bar"]) for one in found] == [
        ("age", "mean 10 → 11", 50.0)
    ]


def test_labels_move_by_the_share_of_rows_that_would_have_to_change() -> None:
    after = {"class": {"value_counts": {"yes": 50, "no": 50}, "missing_values": 0}}
    found = compare_columns({"class": LABELS}, after)
    assert found[0]["size"] == pytest.approx(0.3)
    assert found[0]["words"] in ("`yes` 80.0% → 50.0%", "`no` 20.0% → 50.0%")


def test_missing_values_are_told_by_their_share() -> None:
    found = compare_columns({"age": NUMBER}, {"age": {**NUMBER, "missing_values": 100}})
    assert found[0]["words"] == "missing 0.0% → 50.0%"


def test_columns_that_came_and_went_are_told() -> None:
    found = compare_columns({"old": NUMBER}, {"new": NUMBER})
    assert [(one["name"], one["words"]) for one in found] == [("new", "is new"), ("old", "is gone")]


def test_what_stays_is_not_told() -> None:
    assert compare_columns({"a": NUMBER, "b": LABELS}, {"a": NUMBER, "b": LABELS}) == []


def test_a_constant_that_moves_has_moved() -> None:
    flat = {**NUMBER, "std_dev": 0.0}
    assert compare_columns({"a": flat}, {"a": {**flat, "avg": 10.5}})[0]["bar"] == 100.0
