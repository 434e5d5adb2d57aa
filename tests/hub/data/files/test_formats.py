"""Columns of every kind become one of integer, double, datetime and string (§2.8)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from auger_hub.data.files.formats import simple_columns
from auger_hub.data.profile import profile_file
from auger_hub.data.read import UnreadableData, read_table


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series(["a", "b", None], dtype="category"), ["a", "b", None]),
        (pd.Series([1, 2, 1], dtype="category"), [1, 2, 1]),
        (pd.Series([Decimal("1.5"), None, Decimal(2)]), [1.5, None, 2.0]),
        (pd.Series([1, 2.5, None], dtype=object), [1.0, 2.5, None]),
        (pd.Series([b"x", None, b"\xc3\xa9"]), ["x", None, "é"]),
        (pd.Series([1, "x", None], dtype=object), ["1", "x", None]),
        (pd.Series([True, False, None], dtype=object), [True, False, None]),
        (pd.Series([date(2020, 1, 1), None, None]), [pd.Timestamp("2020-01-01"), None, None]),
        (
            pd.Series(pd.to_datetime(["2020-01-01T02:00+02:00"], utc=True)),
            [pd.Timestamp("2020-01-01")],
        ),
        (pd.Series(pd.to_timedelta([1, None], "D")), ["1 days", None]),
        (pd.Series(pd.period_range("2020-01", periods=1, freq="M")), ["2020-01"]),
    ],
)
def test_columns_are_simplified(column: pd.Series, expected: list[object]) -> None:
    simple = simple_columns(column.to_frame("a"))["a"]
    assert simple.astype(object).where(simple.notna(), None).tolist() == expected


SQL = """
    SELECT true AS truth, 1.5::DECIMAL(9, 2) AS price, 7::TINYINT AS small, 8::HUGEINT AS huge,
           TIMESTAMPTZ '2020-01-01 02:00:00+02' AS moment, DATE '2020-01-02' AS day,
           [1, 2] AS list, 'nan'::DOUBLE AS gap, 0.5::FLOAT AS half, TIME '10:00' AS clock
"""


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    path = tmp_path / "t.parquet"
    duckdb.connect().execute(f"COPY ({SQL}) TO '{path}' (FORMAT parquet)")
    return path


def test_parquet_types_become_four(parquet: Path) -> None:
    stat_data = profile_file(parquet)["stat_data"]
    assert {column["column_name"]: column["orig_datatype"] for column in stat_data} == {
        "truth": "string",
        "price": "double",
        "small": "integer",
        "huge": "double",
        "moment": "datetime",
        "day": "datetime",
        "list": "string",
        "gap": "double",
        "half": "double",
        "clock": "string",
    }


def test_parquet_values_keep_their_meaning(parquet: Path) -> None:
    row = read_table(parquet).iloc[0]
    assert (row["truth"], row["price"], row["list"]) == ("True", 1.5, "[1, 2]")
    assert (row["moment"], row["day"]) == (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02"))
    assert pd.isna(row["gap"])


def test_json_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("[1, 2, 3]")
    with pytest.raises(UnreadableData, match="JSON has to hold"):
        read_table(tmp_path / "t.json")


def test_damaged_workbook_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    pd.DataFrame({"a": [1]}).to_excel(tmp_path / "t.xlsx")
    content = bytearray((tmp_path / "t.xlsx").read_bytes())
    content[100:2000] = b"\x00" * 1900
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(UnreadableData, match="damaged"):
        read_table(tmp_path / "t.xlsx")
