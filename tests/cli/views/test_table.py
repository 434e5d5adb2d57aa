"""Tables fit the terminal by what can be left out."""

from __future__ import annotations

import click
import pytest

from auger_reconcile.cli.views.table import Column, member, render_table

COLUMNS = (
    Column("Id", member("id")),
    Column("Data", member("data"), is_spare=True),
    Column("Score", member("score"), is_number=True),
    Column("Created", member("created"), is_spare=True),
)
ROWS = [{"id": "a" * 10, "data": "d" * 10, "score": 0.5, "created": "c" * 10}]


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (None, ["Id", "Data", "Score", "Created"]),
        (44, ["Id", "Data", "Score", "Created"]),
        (43, ["Id", "Data", "Score"]),
        (31, ["Id", "Score"]),
        (5, ["Id", "Score"]),
    ],
)
def test_spare_columns_are_left_out_from_the_right(width: int | None, headings: list[str]) -> None:
    lines = render_table(COLUMNS, ROWS, is_selected=lambda _: True, width=width)
    heading, row = map(click.unstyle, lines)
    assert heading.split() == headings
    assert row.startswith("* aaaaaaaaaa")
