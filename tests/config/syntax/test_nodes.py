"""Unquoted texts mean what they look like to a person."""

import math

import pytest

from auger_reconcile.config.syntax.nodes import resolve


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "yes",
        "y",
        "2020-01-01",
        "12:30:45",
        "1_000",
        "0b1",
        "1.2.3",
        "+",
        "-",
        ".",
        "Nan",
    ],
)
def test_texts_stay_texts(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0123", 123),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e5", 100_000.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("-.inf", -math.inf),
    ],
)
def test_numbers_booleans_and_nothing_are_values(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_not_a_number_is_a_value_too() -> None:
    assert math.isnan(resolve(".nan"))


def test_a_number_too_long_to_be_one_stays_a_text() -> None:
    assert resolve("9" * 5_000) == "9" * 5_000
