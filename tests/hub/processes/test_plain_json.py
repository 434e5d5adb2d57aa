from __future__ import annotations

import json
import math

import numpy as np

from auger_hub.processes.plain_json import to_plain


def test_values_without_a_json_form_become_null() -> None:
    values = [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf")]
    assert to_plain(values) == [None] * 5


def test_numbers_of_the_learning_stack_become_plain_numbers() -> None:
    plain = to_plain({"a": np.int64(3), "b": np.float32(0.5), "c": np.array([1, 2]), 4: True})
    assert json.dumps(plain) == '{"a": 3, "b": 0.5, "c": [1, 2], "4": true}'


def test_anything_else_becomes_its_text() -> None:
    assert to_plain((None, {"x"}, range)) == [None, ["x"], "<class 'range'>"]
