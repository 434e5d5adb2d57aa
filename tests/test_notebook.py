"""What a notebook shows is text in the colours around, whatever it is about."""

from __future__ import annotations

import pytest

from auger_reconcile.notebook import to_frame, to_list, to_sentences, to_table, to_text
from tests.api.cells import cells_of


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.123456, "0.1235"),
        (-12345.678, "-12,345.7"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\u202eb", "a�b"),
        ("https://me:secret@host/x", "https://[hidden]@host/x"),
    ],
)
def test_a_value_is_a_text_that_does_no_harm(value: object, shown: str) -> None:
    assert to_text(value) == shown


def test_numbers_stand_at_the_right_and_texts_at_the_left() -> None:
    shown = to_table(("Name", "Score"), [("<a>", 0.5), ("b", None)])
    assert cells_of(shown) == ["<a>", "0.5000", "b", ""]
    assert shown.count("text-align: right") == 3
    assert "overflow-x: auto" in shown


def test_texts_of_numbers_stand_at_the_right_where_they_are_said_to_be() -> None:
    shown = to_table(("Hint", "Name", "Score"), [("", "a", "0.5")], numbers=[2])
    assert shown.count("text-align: right") == 2


def test_a_column_of_nothing_is_left_out() -> None:
    shown = to_table(("Name", "Hint", "Count"), [("a", None, 0), ("b", "", 1)])
    assert "Hint" not in shown
    assert cells_of(shown) == ["a", "0", "b", "1"]


def test_nothing_is_shown_of_nothing() -> None:
    assert to_table(("Name",), [], title="Names") == to_list("Names", []) == to_sentences([]) == ""


def test_rows_become_a_table_of_pandas_also_without_any() -> None:
    assert to_frame([("a", 1)], ["name", "count"]).to_dict("records") == [{"name": "a", "count": 1}]
    assert [*to_frame([], ["name"]).columns] == ["name"]
