"""A text means the same wherever it is read: one module types the values of a column."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.schema import (
    BOOLEAN,
    CATEGORY,
    DATE,
    ISO,
    MISSING,
    NUMBER,
    ColumnSchema,
    TableSchema,
)
from auger_hub.data.text.typed import count_unreadable, to_column


def read(values: list[Any], **members: Any) -> list[Any]:
    column = ColumnSchema("c", **members)
    typed = to_column(values, column, TableSchema((column,)))
    return typed.astype(object).where(typed.notna(), None).tolist()


def dates(values: list[Any], **members: Any) -> list[Any]:
    return read(values, type=DATE, **members)


@pytest.mark.parametrize("missing", [*MISSING, None, float("nan"), pd.NaT])
@pytest.mark.parametrize("kind", [NUMBER, CATEGORY, DATE, BOOLEAN])
def test_what_stands_for_missing_does_so_in_every_type(missing: Any, kind: str) -> None:
    form = ISO if kind == DATE else None
    assert read([missing], type=kind, format=form) == [None]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1.50", 1.5), (" 7 ", 7), ("-3e2", -300), (".5", 0.5), (7, 7), (True, 1), ("true", 1),
        ("1_000", None), ("١٢", None), ("0x1f", None), ("inf", None), ("1e999", None),
        ("abc", None), (10**400, None), ([1], None), ({"a": 1}, None), (np.inf, None),
    ],
)  # fmt: skip
def test_plain_numbers_are_read_as_people_write_them(value: Any, number: float | None) -> None:
    assert read([value, "2"], type=NUMBER) == [number, 2]


@pytest.mark.parametrize(
    ("text", "members", "number"),
    [
        ("1.234,5", {"decimal": ",", "thousands": "."}, 1234.5),
        ("3,5", {"decimal": ",", "thousands": "."}, 3.5),
        ("12,345", {"thousands": ","}, 12345),
        ("1,5", {"thousands": ","}, None),
        ("12 345,5", {"decimal": ",", "thousands": " "}, 12345.5),
        ("12\u202f345", {"thousands": " "}, 12345),
        ("12'345.5", {"thousands": "'"}, 12345.5),
        ("$1,200.50", {"thousands": ",", "symbols": ("$",)}, 1200.5),
        ("-$5", {"symbols": ("$",)}, -5),
        ("5 %", {"symbols": ("%",)}, 5),
        ("(1,234)", {"thousands": ","}, -1234),
        ("12,- €", {"decimal": ",", "symbols": ("€",)}, 12),
        ("Fr. 12.--", {"symbols": ("Fr.",)}, 12),
        ("12- €", {"symbols": ("€",)}, -12),
        ("–1.5", {}, -1.5),
        (1234.5, {"decimal": ",", "thousands": "."}, 1234.5),
        ("-", {"missing": ("-",)}, None),
    ],
)
def test_numbers_are_read_with_their_marks(
    text: Any, members: dict[str, Any], number: float | None
) -> None:
    assert read([text], type=NUMBER, **members) == [number]


def test_texts_stay_as_they_stand() -> None:
    values = ["007", "1.10", " x ", "12E4", 7, "None"]
    assert read(values, type=CATEGORY) == [*values[:-1], None]
    assert read(["None", ""], type=CATEGORY, kept=("None",)) == ["None", None]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-12T17:00:00+05:00", "2024-03-12T12:00:00Z", "2024-03-12 12:00", "2024/03/12 12:00",
        "2024-3-12 12:00:00.000", "2024-03-12T07:00:00-0500", pd.Timestamp("2024-03-12 12:00"),
        pd.Timestamp("2024-03-12 13:00", tz="Europe/Berlin"), 1710244800,
    ],
)  # fmt: skip
def test_one_instant_is_one_instant(text: Any) -> None:
    assert dates([text], format=ISO) == [pd.Timestamp("2024-03-12 12:00")]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("05/03/2019", "2019-03-05"),
        ("25/12/2019", "2019-12-25"),
        ("05.03.2019 10:00", "2019-03-05 10:00"),
        ("05/03/2019 1:05:06 PM", "2019-03-05 13:05:06"),
        ("2019-03-05", "2019-03-05"),
        ("2019/03/05", "2019-03-05"),
        ("2019-03-05T01:00+01:00", "2019-03-05"),
        ("03/25/2019", None),
        ("5-3-19", "2019-03-05"),
        ("5. März 2019", "2019-03-05"),
        ("5 Mar 2019 10:00", "2019-03-05 10:00"),
        ("2019年3月5日", "2019-03-05"),
        ("soon", None),
        (10**400, None),
    ],
)
def test_days_come_first_where_they_do_in_the_format(text: Any, iso: str | None) -> None:
    expected = None if iso is None else pd.Timestamp(iso)
    assert dates([1.5, text], format="%d/%m/%Y")[1] == expected


def test_times_are_those_of_the_declared_zone() -> None:
    texts = ["01.07.2020 12:00", "2020-07-01T12:00:00Z", None]
    berlin = dates(texts, format="%d.%m.%Y %H:%M", timezone="Europe/Berlin")
    assert berlin == [pd.Timestamp("2020-07-01 12:00"), pd.Timestamp("2020-07-01 14:00"), None]


def test_values_that_were_lost_are_counted() -> None:
    column = ColumnSchema("c", NUMBER)
    schema = TableSchema((column,))
    values = ["1", "x", "", None, "inf"]
    typed = to_column(values, column, schema)
    assert count_unreadable(values, typed, column, schema) == 2


def test_a_schema_survives_json() -> None:
    column = ColumnSchema("c", NUMBER, decimal=",", missing=("-",), symbols=("€",), whole=True)
    schema = TableSchema((column, ColumnSchema("d", DATE, format=ISO)), delimiter=";", skipped=2)
    assert TableSchema.from_dict(schema.to_dict()) == schema
