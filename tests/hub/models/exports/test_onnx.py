"""What is said of a model that ONNX cannot have."""

from __future__ import annotations

import pytest

from auger_hub.models.exports.onnx import _words


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (AttributeError("'list' object has no attribute 'sum'"), "does not know all of its parts"),
        (KeyError("proba"), "does not know all of its parts"),
        (RuntimeError("no converter\n for SVC"), "no converter for SVC"),
    ],
)
def test_where_a_converter_fell_in_its_code_is_not_told(error: Exception, text: str) -> None:
    assert _words(error).endswith(text)
