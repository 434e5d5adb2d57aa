"""How a table is read, in words."""

from __future__ import annotations

from typing import Any

import click
import pytest

from auger_reconcile.cli.views.schema import how_read, notice_lines, schema_lines

STATISTICS: dict[str, Any] = {
    "count": 1200,
    "columns_count": 2,
    "stat_data": [
        {"column_name": "id", "datatype": "integer", "unique_values": 1200},
        {"column_name": "y", "datatype": "categorical", "unique_values": 2, "missing_values": 3},
    ],
    "schema": {
        "format": "delimited text",
        "delimiter": ";",
        "encoding": "cp1252",
        "columns": [
            {"name": "id", "type": "number", "purpose": "identifier"},
            {"name": "y", "type": "category"},
        ],
    },
}


def lines(statistics: dict[str, Any], target: str | None = None) -> list[str]:
    return [" ".join(click.unstyle(line).split()) for line in schema_lines(statistics, target)]


def test_columns_stand_with_what_they_are_for() -> None:
    assert lines(STATISTICS, "y") == [
        "1,200 rows, 2 columns, delimited text, separated by semicolon, cp1252",
        "",
        "Column Type Role Different Missing Read as",
        "id number identifier 1200 0",
        "y category target 2 3",
    ]


def test_a_hub_that_keeps_no_schema_is_shown_by_its_statistics() -> None:
    assert lines({**STATISTICS, "schema": None})[2:] == [
        "Column Type Role Different Missing Read as",
        "id integer feature 1200 0",
        "y categorical feature 2 3",
    ]


def test_one_row_is_no_rows() -> None:
    assert lines({"count": 1, "columns_count": 1}) == ["1 row, 1 column"]


def test_a_data_set_without_statistics_says_so() -> None:
    assert lines({}) == ["not profiled yet"]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"type": "number"}, ""),
        ({"decimal": ",", "thousands": "."}, "`,` before decimals, `.` between thousands"),
        ({"symbols": ["€", "%"]}, "with € %"),
        ({"format": "iso"}, "ISO 8601"),
        ({"format": "%d.%m.%Y", "timezone": "Europe/Berlin"}, "%d.%m.%Y, in Europe/Berlin"),
        ({"missing": ["-", "x"], "kept": ["None"]}, "`-`, `x` is missing, `None` is a value"),
    ],
)
def test_how_texts_are_read_is_told_where_it_does_not_go_without_saying(
    column: dict[str, Any], words: str
) -> None:
    assert how_read(column) == words


def test_a_name_cannot_play_with_the_terminal() -> None:
    (line,) = notice_lines([{"text": "`a\x1b[2Jb` is odd."}])
    assert "\x1b" not in click.unstyle(line)
