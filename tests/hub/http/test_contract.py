"""What is said of a request is short, however long the request was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auger_hub.http.contract import MOST_ECHO, InvalidParams, error_envelope


def echo_of(params: dict[str, Any]) -> dict[str, Any]:
    return dict(error_envelope(InvalidParams(("a", "is wrong")), params)["meta"]["request_params"])


def test_a_short_request_is_echoed_as_it_came() -> None:
    params = {"a": [1, {"b": None}], "name": "x"}
    assert echo_of({**params, "token": "secret"}) == {**params, "token": "****"}


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        list(range(10**6)),
        [["x" * 100] * 1000] * 100,
        {str(number): number for number in range(10**5)},
        int("9" * 4000),
    ],
    ids=["text", "numbers", "lists", "keys", "digits"],
)
def test_of_a_long_value_the_beginning_is_echoed(value: Any) -> None:
    assert len(json.dumps(echo_of({"a": value, "b": 1}))) < MOST_ECHO
    assert echo_of({"a": value, "b": 1})["b"] == 1


def test_of_many_values_the_first_are_echoed() -> None:
    echoed = echo_of({f"p{number}": "x" * 100 for number in range(10**4)})
    assert echoed["p0"] == "x" * 100
    assert echoed["..."] == "more was sent"
    assert len(json.dumps(echoed)) < 2 * MOST_ECHO
