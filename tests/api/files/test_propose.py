"""What is proposed for a new project by a look at its data."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.api.files.propose import propose
from auger_reconcile.api.look import Look
from auger_reconcile.errors import AugerError

ROWS = 100
ID = {"type": "number", "whole": True, "purpose": "identifier", "unique": ROWS}
NUMBER = {"type": "number", "unique": 90}
FEW = {"type": "number", "whole": True, "unique": 4}
CLASSES = {"type": "category", "unique": 3}
TEXT = {"type": "text", "unique": 90}
DAY = {"type": "date", "unique": ROWS}
SOME_DAYS = {"type": "date", "unique": 40}
CONSTANT = {"type": "category", "purpose": "constant", "unique": 1}
EMPTY = {"type": "category", "purpose": "constant", "unique": 0}


def look(**columns: dict[str, Any]) -> Look:
    """Return a look at a file with these columns."""
    described = [
        {"column_name": name, "unique_values": one["unique"]} for name, one in columns.items()
    ]
    schema = {"columns": [{"name": name, **one} for name, one in columns.items()]}
    statistics = {"count": ROWS, "stat_data": described, "schema": schema, "notices": []}
    return Look("x.csv", statistics)


@pytest.mark.parametrize(
    ("columns", "target", "others"),
    [
        ({"a": NUMBER, "b": CLASSES}, "b", []),
        ({"target": CLASSES, "b": NUMBER}, "target", ["b"]),
        ({"survived": FEW, "Target": CLASSES, "b": NUMBER}, "Target", ["survived", "b"]),
        ({"a": NUMBER, "is_churned": FEW, "z": NUMBER}, "is_churned", ["z"]),
        ({"a": CLASSES, "b": NUMBER, "c": NUMBER}, "c", ["a"]),
        ({"a": NUMBER, "label": TEXT, "id": ID}, None, []),
        ({"a": TEXT, "price": CONSTANT}, None, []),
    ],
)
def test_the_likeliest_column_is_the_target_and_others_are_named(
    columns: dict[str, Any], target: str | None, others: list[str]
) -> None:
    found = propose(look(**columns))
    assert (found.target.value if found.target else None) == target
    assert [one.value for one in found.others] == others


@pytest.mark.parametrize(
    ("columns", "kind", "metric"),
    [
        ({"a": NUMBER, "y": CLASSES}, "classification", "f1_macro"),
        ({"a": NUMBER, "y": FEW}, "classification", "f1_macro"),
        ({"a": NUMBER, "y": NUMBER}, "regression", "r2"),
        ({"day": SOME_DAYS, "y": NUMBER}, "regression", "r2"),
        ({"day": DAY, "y": NUMBER}, "timeseries", "neg_mase"),
        ({"day": DAY, "y": CLASSES}, "classification", "f1_macro"),
        ({"a": TEXT}, "classification", "f1_macro"),
    ],
)
def test_what_is_learned_is_told_by_the_target(
    columns: dict[str, Any], kind: str, metric: str
) -> None:
    found = propose(look(**columns))
    assert (found.model_type.value, found.metric.value) == (kind, metric)


def test_the_time_of_a_series_is_the_column_of_dates_that_differs_most() -> None:
    found = propose(look(billed=SOME_DAYS, day=DAY, y=NUMBER))
    assert found.time is not None
    assert (found.time.value, found.time.reason) == ("day", "of the dates, it differs most")


@pytest.mark.parametrize("series", [["store"], ["store", "item"]])
def test_the_columns_that_tell_series_apart_are_proposed(series: list[str]) -> None:
    seen = look(billed=DAY, day=SOME_DAYS, store=CLASSES, item=CLASSES, y=NUMBER)
    panel = {"time": "day", "series": series, "count": 6}
    seen = Look(seen.source, {**seen.statistics, "panel": panel})
    found = propose(seen, model_type="timeseries")
    assert (found.time.value if found.time else None) == "day"
    assert [one.value for one in found.series] == series
    assert "6 time series" in found.series[0].reason
    assert propose(seen, model_type="timeseries", target="store").series == ()
    assert propose(seen, model_type="regression").series == ()


def test_what_was_told_is_taken() -> None:
    found = propose(look(day=DAY, y=NUMBER), target="y", model_type="regression")
    assert found.target is not None
    assert found.target.reason == found.model_type.reason == "as given"
    assert (found.model_type.value, found.time, found.others) == ("regression", None, ())


def test_numbers_that_are_none_are_doubted() -> None:
    found = propose(look(a=NUMBER, y=CLASSES), model_type="regression")
    assert found.model_type.reason == "as given; but `y` has no numbers, which it needs"


def test_useless_columns_are_left_out_with_their_reasons() -> None:
    found = propose(look(id=ID, one=CONSTANT, none=EMPTY, a=NUMBER, y=CLASSES))
    assert [(one.value, one.reason) for one in found.exclude] == [
        ("id", "different in every row: it looks like an identifier"),
        ("one", "the same in all rows"),
        ("none", "without a value in any row"),
    ]


def test_neither_the_target_nor_the_only_column_left_is_left_out() -> None:
    assert propose(look(id=ID, y=CLASSES)).exclude == ()
    assert propose(look(a=NUMBER, id=ID), target="id").exclude == ()


def test_a_target_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(AugerError, match="has no column `Churned`") as caught:
        propose(look(a=NUMBER, churned=CLASSES), target="Churned")
    assert caught.value.hint == "the nearest name is `churned`"
