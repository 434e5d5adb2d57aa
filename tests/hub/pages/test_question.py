"""The fields that ask a model."""

from __future__ import annotations

from typing import Any

import pytest

from auger_hub.pages.question import Field, make_fields


def _field(value: str = "", **column: Any) -> Field:
    (field,) = make_fields(["x"], [{"column_name": "x", **column}])
    return field.filled(value) if value else field


def test_a_category_is_a_choice_of_its_values_the_most_common_first_filled_in() -> None:
    field = _field(orig_datatype="string", value_counts={"a": 1, "b": 5})
    assert (field.kind, field.value, field.choices) == ("choice", "b", ("a", "b"))


def test_a_whole_number_is_filled_with_a_whole_number() -> None:
    assert _field(orig_datatype="integer", avg=3.6).value == "4"


def test_a_number_tells_its_range() -> None:
    field = _field(orig_datatype="double", avg=1.23456, histogram={"bin_edges": [0.5, 1, 2]})
    assert (field.value, field.hint) == ("1.235", "0.5 to 2")


def test_a_column_nobody_knows_is_a_text() -> None:
    (field,) = make_fields(["x"], [])
    assert (field.kind, field.value, field.sent) == ("text", "", None)


@pytest.mark.parametrize(
    ("text", "sent"), [("3", 3), (" 3.0 ", 3.0), ("-1e3", -1000.0), ("+2", 2), ("", None)]
)
def test_a_number_is_sent_as_a_number(text: str, sent: float | None) -> None:
    assert _field(text, orig_datatype="double").sent == sent


def test_a_whole_number_is_sent_without_a_fraction() -> None:
    assert isinstance(_field("3", orig_datatype="integer").sent, int)


@pytest.mark.parametrize("text", ["wide", "1,5", "nan", "inf", "1e999"])
def test_what_is_no_number_is_a_fault_and_never_sent(text: str) -> None:
    field = _field(text, orig_datatype="double")
    assert field.fault == "This should be a number."
    assert field.sent is None


def test_a_category_of_numbers_is_sent_as_a_number() -> None:
    assert _field("2", orig_datatype="integer", value_counts={"1": 3, "2": 1}).sent == 2


def test_a_choice_that_was_sent_stays_on_offer() -> None:
    field = _field("new", orig_datatype="string", value_counts={"a": 1})
    assert field.options == ("new", "a")
