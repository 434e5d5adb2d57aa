"""Files as people have them: each kind that a reader once misunderstood, with neighbours."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from auger_hub.data.profile import profile_file
from auger_hub.data.read import UnreadableData, read_raw, read_table, read_with_schema
from auger_hub.data.schema import BadSchema, Declared
from auger_hub.data.table import Reading


def write(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def schema_of(path: Path, **said: Any) -> dict[str, dict[str, Any]]:
    found = profile_file(path, declared=Declared.from_dict(said))["schema"]
    return {column["name"]: column for column in found["columns"]}


def codes_of(path: Path) -> dict[str, str | None]:
    return {notice["code"]: notice["column"] for notice in profile_file(path)["notices"]}


@pytest.mark.parametrize(
    "before",
    ["\n\n", "\r\n", "# made on Monday\n", "Sales of March\n\n", "# a\n# b, c\n", "Title,,\n"],
)
def test_lines_before_the_header_are_no_rows(tmp_path: Path, before: str) -> None:
    path = write(tmp_path / "t.csv", before + "x,z,y\n" + "1,2.5,3\n" * 30)
    assert read_table(path).to_numpy().tolist() == [[1, 2.5, 3]] * 30
    assert codes_of(path)["lines-skipped"] is None


@pytest.mark.parametrize(
    "text", ["a,b\r\n1,x\n2,y\r\n3,z\n", "a,b\n1,x\r2,y\n3,z", "a,b\n1,x\n2,y\n3,z\r\n"]
)
def test_line_ends_of_two_programs_are_read(tmp_path: Path, text: str) -> None:
    assert read_table(write(tmp_path / "t.csv", text)).to_dict("list") == {
        "a": [1, 2, 3],
        "b": ["x", "y", "z"],
    }


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name,n\nŘehoř,3\nŽižka,4\nČeský příšerně žluťoučký,2\n", "cp1250"),
        ("имя,n\nИван,3\nМария Петровна,4\n", "cp1251"),
        ("nom,n\nRené,3\nÉlodie,4\nFrançois,5\n", "mac_roman"),
        ("naïve,n\nplain words,3\nmore of them,4\n", "cp1252"),
        ("Größe (m²);Prämie;n\n12.5;3100 €;1\n7.5;99 €;2\n", "cp1252"),
        ("preis,n\n¡Hola! ½ kg,3\nel niño pequeño y el pingüino,4\n¿qué más?,5\n", "cp1252"),
        ("名前,n\n太郎,3\n花子,4\n東京都,5\n", "cp932"),
        ("name,n\nMüller,3\nStraße,4\n", "utf-16-le"),
    ],
)
def test_encodings_of_spreadsheets_are_found(tmp_path: Path, text: str, encoding: str) -> None:
    header, *rows = text.splitlines()
    path = write(tmp_path / "t.csv", "\n".join([header, *rows * 4]), encoding)
    delimiter = ";" if ";" in header else ","
    assert list(read_table(path).columns) == header.split(delimiter)
    assert str(read_table(path).iloc[0, 0]) == rows[0].split(delimiter)[0]
    assert "encoding-guessed" in codes_of(path)


def test_the_user_is_told_of_the_file_by_its_own_name(tmp_path: Path) -> None:
    path = write(tmp_path / "sha256-ed5a-t-e1aa53.csv", "a,b\n1,2\n3\n")
    with pytest.raises(UnreadableData, match=r"^`t\.csv` has 1 values in line 3"):
        profile_file(path, "t.csv")


def test_names_that_differ_in_case_are_two(tmp_path: Path) -> None:
    rows = [{"x": 1, "X": 2.5}, {"x": 3, "X": 4.5}]
    expected = {"x": [1, 3], "X": [2.5, 4.5]}
    write(tmp_path / "t.csv", "x,X\n1,2.5\n3,4.5\n")
    write(tmp_path / "t.json", json.dumps(rows))
    write(tmp_path / "l.jsonl", "\n".join(map(json.dumps, rows)))
    pd.DataFrame(rows).to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.json", "l.jsonl", "t.parquet"):
        assert read_table(tmp_path / name).to_dict("list") == expected


@pytest.mark.parametrize("header", ["x,x,", ",x,x"])
def test_doubled_and_empty_names_are_told(tmp_path: Path, header: str) -> None:
    path = write(tmp_path / "t.csv", header + "\n1,2,3\n4,5,6\n")
    told = codes_of(path)
    assert told["doubled-name"] == "x.1"
    assert str(told["column-without-name"]).startswith("Unnamed: ")
    assert list(read_table(path).columns) == list(schema_of(path)) == list(read_raw(path).columns)


@pytest.mark.parametrize(
    ("write_one", "said"),
    [
        ("{}.5".format, {"type": "number"}),
        ("1.{:03},5".format, {"type": "number", "decimal": ",", "thousands": "."}),
        ("2024-03-{:02}".format, {"type": "date"}),
        ("{:02}.03.2024".format, {"type": "date", "format": "%d.%m.%Y"}),
    ],
)
def test_names_that_are_mostly_numbers_or_dates_are_told_with_what_makes_such_of_them(
    tmp_path: Path, write_one: Callable[[int], str], said: dict[str, str]
) -> None:
    lines = [f"{write_one(n)};{n}" for n in range(1, 31)] + [f"sold out;{n}" for n in range(10)]
    path = write(tmp_path / "t.csv", "v;n\n" + "\n".join(lines))
    (told,) = (n for n in profile_file(path)["notices"] if n["code"] == "text-like-values")
    assert "read as names, because 25% are other texts, as `sold out`: where" in told["text"]
    advice = yaml.safe_load(told["text"].partition("or declare `")[2].rstrip("`."))
    assert advice == {"columns": {"v": said}}
    for declared in (advice, {"missing": ["sold out"]}):
        found = profile_file(path, declared=Declared.from_dict(declared))
        assert found["schema"]["columns"][0]["type"] == said["type"]
        assert found["stat_data"][0]["missing_values"] == 10


@pytest.mark.parametrize("form", ["csv", "parquet", "json", "jsonl", "feather"])
def test_infinities_are_missing_and_told(tmp_path: Path, form: str) -> None:
    numbers = [float(n) + 0.5 for n in range(30)]
    frame = pd.DataFrame(
        {"x": [math.inf, -math.inf, *numbers, math.nan], "y": [math.inf, *range(32)]}
    )
    path = tmp_path / f"t.{form}"
    records = frame.to_dict("records")
    match form:
        case "csv":
            frame.to_csv(path, index=False)
        case "parquet":
            frame.to_parquet(path)
        case "feather":
            frame.to_feather(path)
        case "json":
            path.write_text(json.dumps(records))
        case _:
            path.write_text("\n".join(map(json.dumps, records)))
    statistics = profile_file(path)
    told = [(n["column"], n["count"], n["text"]) for n in statistics["notices"]
            if n["code"] == "infinite-values"]  # fmt: skip
    assert told == [
        ("x", 2, "2 rows of `x` are infinite, and count as missing."),
        ("y", 1, "1 row of `y` is infinite, and counts as missing."),
    ]
    assert [one["missing_values"] for one in statistics["stat_data"]] == [3, 1]
    assert read_table(path).isna().sum().tolist() == [3, 1]


def test_numbers_with_marks_are_profiled_as_numbers(tmp_path: Path) -> None:
    lines = [f'"{n},345.5",{n}% ,-' if n == 7 else f'"{n},345.5",{n}%,{n}' for n in range(1, 40)]
    path = write(tmp_path / "t.csv", "price,share,x\n" + "\n".join(lines))
    columns = {one["column_name"]: one for one in profile_file(path)["stat_data"]}
    assert columns["price"]["range"] == ["1345.50", "39345.50"]
    assert columns["share"]["range"] == ["1.00", "39.00"]
    assert columns["x"]["missing_values"] == 1
    assert codes_of(path).items() >= {"number-format": "share", "missing-tokens": "x"}.items()


@pytest.mark.parametrize(
    "values", [[1.0, 0.9999999999999999], [1e308, -1e308], [5e-324, 0], [1e300, 2]]
)
def test_every_column_of_numbers_has_a_histogram(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame({"a": values * 10, "b": range(20)}).to_csv(path, index=False)
    histogram = profile_file(path)["stat_data"][0]["histogram"]
    assert sum(histogram["hist"]) == 20
    assert np.isfinite(histogram["bin_edges"]).all()


def test_mixed_values_of_json_are_bare_texts(tmp_path: Path) -> None:
    rows = [
        {"code": "A1", "n": 1},
        {"code": 7, "n": None},
        {"code": True, "n": 2},
        {"code": None, "n": 3},
    ]
    read = read_table(write(tmp_path / "t.json", json.dumps(rows)))
    assert read["code"].tolist()[:3] == ["A1", "7", "true"]
    assert read["code"].isna().tolist() == [False, False, False, True]


def test_a_workbook_is_read_as_people_keep_it(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Data")
    rows = [["Sales of March"], [], ["zip", "n", "mixed"], ["01", 1, "A1"], ["02", None, 7]]
    for row in rows:
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    read = read_table(tmp_path / "t.xlsx")
    assert read["zip"].tolist() == ["01", "02"]
    assert read["mixed"].tolist() == ["A1", "7"]
    assert read["n"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ('"dd.MM.yyyy"', "05.03.2019"),
        ("'MM/dd/yyyy HH:mm'", '"03/05/2019 00:00"'),
        ("", "2019-03-05"),
    ],
)
def test_dates_of_arff_are_read_as_declared(tmp_path: Path, declared: str, text: str) -> None:
    content = f"@relation r\n@attribute d date {declared}\n@attribute n numeric\n@data\n{text},1\n"
    read = read_table(write(tmp_path / "t.arff", content))
    assert read["d"].tolist() == [pd.Timestamp("2019-03-05")]


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "xlsx"])
def test_a_table_has_one_schema_in_every_format(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame(
        {
            "n": [1.5, 2.5, -3.25] * 9,
            "whole": range(27),
            "name": ["ann", "bob", "007"] * 9,
            "day": ["9 Mar 2019", "31 Mar 2019", "1 Apr 2019"] * 9,
            "yes": ["true", "false", "true"] * 9,
        }
    )
    path = tmp_path / f"t.{suffix}"
    match suffix:
        case "csv":
            frame.to_csv(path, index=False)
        case "json":
            frame.to_json(path, orient="records")
        case "parquet":
            frame.to_parquet(path)
        case _:
            frame.to_excel(path, index=False)
    types = {name: column["type"] for name, column in schema_of(path).items()}
    assert types == {
        "n": "number",
        "whole": "number",
        "name": "category",
        "day": "date",
        "yes": "boolean",
    }
    assert schema_of(path)["day"]["format"] == "%d %b %Y"


def test_what_was_declared_decides(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv", "zip;amount;day;note\n12345;1,5;01.02.2020;-\n54321;2,5;02.03.2020;x\n"
    )
    said = {
        "columns": {
            "zip": {"type": "text"},
            "amount": {"type": "number", "decimal": ","},
            "day": {"type": "date", "format": "%d.%m.%Y"},
        },
        "missing": ["", "-"],
    }
    read, schema = read_with_schema(path, Reading(declared=Declared.from_dict(said)))
    assert read["zip"].tolist() == ["12345", "54321"]
    assert read["amount"].tolist() == [1.5, 2.5]
    assert read["day"].tolist() == [pd.Timestamp("2020-02-01"), pd.Timestamp("2020-03-02")]
    assert read["note"].isna().tolist() == [True, False]
    assert schema.missing == ("", "-")


@pytest.mark.parametrize(
    "said",
    [
        {"columns": {"a": {"type": "colour"}}},
        {"columns": {"a": {"decimal": ",,"}}},
        {"columns": {"a": {"decimal": ",", "thousands": ","}}},
        {"columns": {"a": {"timezone": "Mars/Olympus"}}},
        {"columns": ["a"]},
        {"missing": "NA"},
    ],
)
def test_a_declaration_that_cannot_be_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadSchema):
        Declared.from_dict(said)


def test_columns_are_told_by_what_they_look_like(tmp_path: Path) -> None:
    count = 60
    frame = pd.DataFrame(
        {
            "customer_id": range(1000, 1000 + count),
            "key": [f"k{n}" for n in range(count)],
            "same": 1,
            "empty": None,
            "x": np.random.default_rng(0).normal(size=count),
        }
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    told = [(one["code"], one["column"]) for one in profile_file(tmp_path / "t.csv")["notices"]]
    assert told == [
        ("identifier", "customer_id"),
        ("identifier", "key"),
        ("constant-column", "same"),
        ("empty-column", "empty"),
    ]


def pair_of_series() -> pd.DataFrame:
    """Return sales of two items in three stores on forty days, of which some have no row."""
    rows = [
        {"day": f"{day:%Y-%m-%d}", "store": store, "item": item, "sold": (n * 7 + 3) % 11 + 0.5}
        for n, day in enumerate(pd.date_range("2024-01-01", periods=40))
        for store in ("S1", "S2", "S3")
        for item in ("tea", "coffee")
    ]
    return pd.DataFrame(rows).drop([3, 50, 51])


def test_doubled_rows_and_several_series_are_told(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=20).strftime("%Y-%m-%d")
    panel = pd.DataFrame(
        {"day": [*days] * 3, "store": ["a"] * 20 + ["b"] * 20 + ["c"] * 20, "n": 7}
    )
    panel.to_csv(tmp_path / "p.csv", index=False)
    assert codes_of(tmp_path / "p.csv")["panel-suspected"] == "store"
    panel.drop(columns="store").to_csv(tmp_path / "d.csv", index=False)
    assert "duplicate-rows" in codes_of(tmp_path / "d.csv")


def test_two_columns_that_tell_series_apart_together_are_named(tmp_path: Path) -> None:
    table = pair_of_series()
    twice = pd.concat([table, table.head(5)])  # rows that are there twice count once
    twice.to_csv(tmp_path / "p.csv", index=False)
    found = profile_file(tmp_path / "p.csv")
    (told,) = (one for one in found["notices"] if one["code"] == "panel-suspected")
    assert told["text"] == (
        "The times of `day` repeat, but not for one pair of values of `item` and `store`:"
        " these look like 6 time series."
    )
    assert found["panel"] == {"time": "day", "series": ["item", "store"], "count": 6}


def test_pairs_that_differ_by_chance_are_no_series(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    orders = pd.DataFrame(
        {
            "day": random.choice(pd.date_range("2024-01-01", periods=100), 300),
            "town": random.choice([f"t{n}" for n in range(30)], 300),
            "item": random.choice([f"i{n}" for n in range(40)], 300),
        }
    )
    orders.drop_duplicates().to_csv(tmp_path / "o.csv", index=False)
    assert "panel" not in profile_file(tmp_path / "o.csv")


@pytest.mark.parametrize("shape", [(20, 1_500)])
@pytest.mark.slow
def test_a_wide_table_is_profiled_and_read(tmp_path: Path, shape: tuple[int, int]) -> None:
    rows, width = shape
    values = np.arange(rows * width).reshape(shape) / 2
    pd.DataFrame(values, columns=[f"g{n}" for n in range(width)]).to_csv(
        tmp_path / "t.csv", index=False
    )
    assert profile_file(tmp_path / "t.csv")["columns_count"] == width
    np.testing.assert_array_equal(read_table(tmp_path / "t.csv").to_numpy(), values)


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#NUM!"])
def test_errors_in_the_cells_of_a_workbook_are_told_as_missing(tmp_path: Path, error: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = [[f"c{n % 7}", n * 1.25] for n in range(40)]
    for row in [["town", "share"], *rows[:20], ["c1", error], *rows[20:]]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    written = [f"{town},{share}" for town, share in rows]
    text = "\n".join(["town,share", *written[:20], f"c1,{error}", *written[20:], ""])
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    found, same = profile_file(tmp_path / "t.xlsx"), profile_file(tmp_path / "t.csv")
    assert found["schema"]["columns"] == same["schema"]["columns"]
    assert found["notices"] == same["notices"]


def book_of(path: Path, **sheets: list[list[Any]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


SHEET = [["a", "b", "c"], *([n, "x y z"[n % 5], n * 0.5] for n in range(5))]


def test_the_sheet_that_is_a_table_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    notes = [["Figures"], ["made by", "me"], ["version", 3]]
    path = book_of(tmp_path / "t.xlsx", Notes=notes, Data=SHEET, More=SHEET)
    assert read_table(path)["c"].tolist() == [0, 0.5, 1, 1.5, 2]
    (told,) = (n for n in profile_file(path)["notices"] if n["code"] == "sheets-left-out")
    assert "`Data`" in told["text"]
    assert "`Notes`, `More` are not" in told["text"]
    assert told["count"] == 2


def test_a_hidden_sheet_is_read_when_there_is_no_other(tmp_path: Path) -> None:
    path = book_of(tmp_path / "t.xlsx", Lists=[["k"], *([n] for n in range(9))], Data=SHEET)
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(path)
    book["Lists"].sheet_state = "hidden"
    book.save(path)
    assert list(read_table(path).columns) == ["a", "b", "c"]


def test_cells_that_reach_over_rows_are_told(tmp_path: Path) -> None:
    path = book_of(tmp_path / "t.xlsx", Data=[["Sales", None, None], *SHEET])
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(path)
    for cells in ("A1:C1", "B3:B4", "B5:B6"):
        book["Data"].merge_cells(cells)
    book.save(path)
    (told,) = (n for n in profile_file(path)["notices"] if n["code"] == "cells-merged")
    assert told["text"].startswith("2 cells of the sheet reach over several rows")
    assert read_table(path)["b"].isna().sum() == 2


@pytest.mark.parametrize(
    "head", [[["Sales"]], [["Sales"], []], [["Group", None, "Price"]], [[None, "Money", None]]]
)
def test_what_stands_above_the_names_of_a_sheet_is_told(tmp_path: Path, head: list[Any]) -> None:
    path = book_of(tmp_path / "t.xlsx", Data=[*head, *SHEET])
    assert list(read_table(path).columns) == ["a", "b", "c"]
    assert "lines-skipped" in codes_of(path)


def test_a_remark_beside_a_sheet_is_a_column_without_a_name(tmp_path: Path) -> None:
    rows = [list(row) for row in SHEET]
    rows[2] += [None, "check"]
    path = book_of(tmp_path / "t.xlsx", Data=rows)
    assert codes_of(path)["column-without-name"] == "Unnamed: 3"


@pytest.mark.parametrize("text", [",,1\n2,3,4\n5,6,7\n", "a,,b\nx,y,z\nu,v,w\nr,s,t\n"])
def test_a_header_with_gaps_is_no_title_where_no_names_follow(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "t.csv", text)
    assert "lines-skipped" not in codes_of(path)
    assert "column-without-name" in codes_of(path)


def test_nested_values_are_told_in_every_format(tmp_path: Path) -> None:
    rows = [{"n": n, "spec": {"a": n, "b": [n, 1]}} for n in range(5)]
    pd.DataFrame(rows).to_parquet(tmp_path / "t.parquet")
    write(tmp_path / "t.json", json.dumps(rows))
    write(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    told = [codes_of(tmp_path / f"t.{kind}")["nested-values"] for kind in ("json", "jsonl")]
    assert [*told, codes_of(tmp_path / "t.parquet")["nested-values"]] == ["spec"] * 3
