"""Every format of the wire contract (§3.5) becomes the same table; everything else says why not."""

import bz2
import gzip
import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.files import bounds
from auger_hub.data.read import UnreadableData, read_table
from auger_hub.data.schema import MISSING
from auger_hub.data.text.delimited import SAMPLE_ROWS

CSV = "number,count,name,day\n1.5,1,ann,2020-01-31\n,2,,2020-02-01\n-2,3,café,\n"


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": [1.5, np.nan, -2.0],
            "count": [1, 2, 3],
            "name": ["ann", None, "café"],
            "day": pd.to_datetime(["2020-01-31", "2020-02-01", None]),
        }
    )


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def assert_same(read: pd.DataFrame, expected: pd.DataFrame) -> None:
    kinds = [read[name].dtype.kind for name in ("number", "count", "day")]
    assert kinds == ["f", "i", "M"]
    assert list(read.columns) == list(expected.columns)
    assert plain_values(read) == plain_values(expected)


def plain_values(frame: pd.DataFrame) -> list[list[object]]:
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def test_csv_is_read_with_numbers_texts_dates_and_gaps(tmp_path: Path, table: pd.DataFrame) -> None:
    assert_same(read_table(write(tmp_path / "t.csv", CSV)), table)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
def test_encodings_are_recognized(tmp_path: Path, table: pd.DataFrame, encoding: str) -> None:
    assert_same(read_table(write(tmp_path / "t.csv", CSV.encode(encoding))), table)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_are_recognized(tmp_path: Path, table: pd.DataFrame, delimiter: str) -> None:
    assert_same(read_table(write(tmp_path / "t.tsv", CSV.replace(",", delimiter))), table)


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_other_systems_are_read(
    tmp_path: Path, table: pd.DataFrame, newline: str
) -> None:
    assert_same(read_table(write(tmp_path / "t.csv", CSV.replace("\n", newline))), table)


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
def test_compressed_csv_is_unpacked(
    tmp_path: Path, table: pd.DataFrame, suffix: str, compress: object
) -> None:
    assert callable(compress)
    assert_same(read_table(write(tmp_path / f"t.csv{suffix}", compress(CSV.encode()))), table)


def test_zip_with_one_file_is_unpacked(tmp_path: Path, table: pd.DataFrame) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("folder/t.csv", CSV)
        archive.writestr("__MACOSX/._t.csv", b"\x00")
    assert_same(read_table(tmp_path / "t.zip"), table)


def test_zip_with_two_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    with pytest.raises(UnreadableData, match="holds 2 files"):
        read_table(tmp_path / "t.zip")


def test_archive_that_grows_beyond_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "RATIO_MATTERS_FROM", 1 << 16)
    bomb = write(tmp_path / "t.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000))
    with pytest.raises(UnreadableData, match="unpacks to more than"):
        read_table(bomb)


def test_workbook_that_grows_beyond_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "RATIO_MATTERS_FROM", 1 << 16)
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/worksheets/sheet1.xml", "<row/>" * 500_000)
    with pytest.raises(UnreadableData, match="unpacks to far more"):
        read_table(tmp_path / "t.xlsx")


def test_truncated_archive_is_damaged(tmp_path: Path) -> None:
    packed = gzip.compress(CSV.encode() * 100)
    with pytest.raises(UnreadableData, match="is damaged"):
        read_table(write(tmp_path / "t.csv.gz", packed[: len(packed) // 2]))


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "list"])
def test_json_layouts_are_read(tmp_path: Path, table: pd.DataFrame, orient: str) -> None:
    shown = table.assign(day=table["day"].dt.strftime("%Y-%m-%d"))
    content = (
        json.dumps(shown.to_dict("list")) if orient == "list" else shown.to_json(orient=orient)
    )  # type: ignore[arg-type]
    read = read_table(write(tmp_path / "t.json", content))
    assert_same(read.assign(day=pd.to_datetime(read["day"])), table)


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"0": {"a": 1, "b": 2}}, ["a", "b"]),
        ({"x1": {"a": 1, "b": 2}, "x2": {"a": 3, "b": 4}, "x3": {"a": 5, "b": 6}}, ["a", "b"]),
        ({"a": {"x1": 1, "x2": 3, "x3": 5}, "b": {"x1": 2, "x2": 4, "x3": 6}}, ["a", "b"]),
        ({"0": {"0": 1, "1": 2, "2": 3}, "1": {"0": 4, "1": 5, "2": 6}}, ["0", "1"]),
        ({"7": {"a": 1}, "9": {"a": 2, "b": 3}}, ["a", "b"]),
    ],
)
def test_rows_and_columns_of_json_are_told_apart(
    tmp_path: Path, document: dict[str, Any], names: list[str]
) -> None:
    read = read_table(write(tmp_path / "t.json", json.dumps(document)))
    assert list(read.columns) == names


def test_json_lines_are_read(tmp_path: Path, table: pd.DataFrame) -> None:
    shown = table.assign(day=table["day"].dt.strftime("%Y-%m-%d"))
    path = tmp_path / "t.json"
    shown.to_json(path, orient="records", lines=True)
    assert_same(read_table(path), table)


@pytest.mark.parametrize("suffix", [".feather", ".parquet"])
def test_arrow_formats_are_read(tmp_path: Path, table: pd.DataFrame, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / f"t{suffix}"
    getattr(table, f"to_{suffix[1:]}")(path)
    assert_same(read_table(path), table)


def test_workbook_is_read(tmp_path: Path, table: pd.DataFrame) -> None:
    pytest.importorskip("openpyxl")
    table.to_excel(tmp_path / "t.xlsx", index=False)
    assert_same(read_table(tmp_path / "t.xlsx"), table)


def test_workbook_of_the_old_format_is_read(table: pd.DataFrame) -> None:
    """`table.xls` was written by xlwt 1.3.0: the table above, and a second sheet, in BIFF8."""
    pytest.importorskip("python_calamine")
    assert_same(read_table(Path(__file__).with_name("table.xls")), table)


def test_damaged_workbook_of_the_old_format_is_unreadable(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    content = Path(__file__).with_name("table.xls").read_bytes()
    with pytest.raises(UnreadableData):
        read_table(write(tmp_path / "t.xls", content[: len(content) // 2]))


def test_missing_package_is_named(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openpyxl")
    table.to_excel(tmp_path / "t.xlsx", index=False)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(UnreadableData, match="pip install openpyxl"):
        read_table(tmp_path / "t.xlsx")


ARFF = """% a comment
@RELATION weather
@attribute number NUMERIC
@attribute 'count' integer
@attribute name {ann, 'café'}
@attribute day DATE "yyyy-MM-dd"
@attribute note string
@data
1.5, 1, ann, "2020-01-31", 'it rains'
?, 2, ?, "2020-02-01", ?
-2, 3, 'café', ?, "dry"
"""


def test_arff_is_read_with_nominal_numeric_date_and_text(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    pytest.importorskip("arff")
    read = read_table(write(tmp_path / "t.arff", ARFF))
    assert read["note"].dropna().tolist() == ["it rains", "dry"]
    assert_same(read.drop(columns="note").astype({"count": "int64"}), table)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"`t.csv` is empty"):
        read_table(write(tmp_path / "t.csv", ""))


def test_blank_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"`t.csv` is empty"):
        read_table(write(tmp_path / "t.csv", "\n \n"))


def test_header_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="no rows"):
        read_table(write(tmp_path / "t.csv", "a,b\n"))


def test_header_without_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="no column names"):
        read_table(write(tmp_path / "t.csv", ",,\n1,2,3\n"))


@pytest.mark.parametrize(("row", "width"), [("5", 1), ("5,6,7", 3)], ids=["too short", "too long"])
def test_ragged_row_is_named(tmp_path: Path, row: str, width: int) -> None:
    content = "a,b\n" + "1,2\n" * 5 + row + "\n" + "1,2\n" * 5
    with pytest.raises(UnreadableData, match=f"has {width} values in line 7, but 2 columns"):
        read_table(write(tmp_path / "t.csv", content))


def test_open_quote_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match="a quote in line 3 that is never closed"):
        read_table(write(tmp_path / "t.csv", 'a,b\n1,2\n"3,4\n5,6\n'))


def test_a_line_that_is_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n" + "x" * 2_100_000 + ",4\n5,6\n")
    with pytest.raises(UnreadableData, match="a line of more than 2 MB in line 3"):
        read_table(path)


def test_binary_garbage_is_refused(tmp_path: Path) -> None:
    garbage = np.random.default_rng(0).bytes(10_000)
    with pytest.raises(UnreadableData, match="binary data"):
        read_table(write(tmp_path / "t.csv", garbage))


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".parquet", ".feather", ".h5"])
def test_text_with_a_binary_name_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UnreadableData, match="although its name says so"):
        read_table(write(tmp_path / f"t{suffix}", CSV))


@pytest.mark.parametrize(
    ("name", "start"),
    [("t.parquet", b"PAR1"), ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("t.json", b"[{")],
)
def test_damaged_file_is_refused(tmp_path: Path, name: str, start: bytes) -> None:
    with pytest.raises(UnreadableData, match=r"damaged|install"):
        read_table(write(tmp_path / name, start + b"broken" * 100))


def test_duplicate_and_missing_column_names_are_made_unique(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", "a,a,,a.1\n1,2,3,4\n"))
    assert list(read.columns) == ["a", "a.1", "Unnamed: 2", "a.1.1"]


def test_quoted_newlines_and_delimiters_stay_inside_their_value(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", 'a,b\n"x\ny, ""z""",2\n'))
    assert read["a"].tolist() == ['x\ny, "z"']


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", "zip,n\n01234,1\n99999,2\n"))
    assert read["zip"].tolist() == ["01234", "99999"]


def test_yes_and_no_stay_text(tmp_path: Path) -> None:
    assert read_table(write(tmp_path / "t.csv", "a,b\nyes,1\nno,2\n"))["a"].tolist() == [
        "yes",
        "no",
    ]


def test_late_codes_turn_the_whole_column_into_text(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", "a,b\n" + "1,2\n" * 30_000 + "x1,2.5\n"))
    assert read["a"].tolist()[-2:] == ["1", "x1"]
    assert read["b"].dtype == "float64"


def test_a_late_mark_among_numbers_is_a_gap(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", "a,b\n" + "1,2\n" * 30_000 + "x,2.5\n"))
    assert read["a"].isna().sum() == 1
    assert read["b"].dtype == "float64"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("03/04/2020", "2020-03-04"),
        ("25/12/2020", "2020-12-25"),
        ("24.12.2020", "2020-12-24"),
        ("25/12/20", "2020-12-25"),
        ("1/2/20", "2020-01-02"),
        ("1/2/2020 13:45", "2020-01-02 13:45"),
        ("2020-01-02T03:04:05Z", "2020-01-02 03:04:05"),
    ],
)
def test_dates_of_other_formats_are_dates(tmp_path: Path, text: str, iso: str) -> None:
    read = read_table(write(tmp_path / "t.csv", f"day,n\n{text},1\n,2\n"))
    assert read["day"].iloc[0] == pd.Timestamp(iso)


def test_integers_with_gaps_become_floats(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", "a,b\n1,x\n?,y\n3,NA\n"))
    assert read["a"].dtype == "float64"
    assert read["b"].notna().tolist() == [True, True, False]


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("rows_before", [1, pytest.param(SAMPLE_ROWS, marks=pytest.mark.slow)])
def test_what_stands_for_missing_does_so_in_every_column(
    tmp_path: Path, missing: str, rows_before: int
) -> None:
    known = "1,2.5,word,2020-01-02,24.12.2020\n"
    content = f"n,x,text,day,other\n{known * rows_before}{','.join([missing] * 5)}\n{known}"
    read = read_table(write(tmp_path / "t.csv", content))
    assert [dtype.kind for dtype in read.dtypes] == ["f", "f", "O", "M", "M"]
    assert read.isna().sum().tolist() == [1] * 5


def test_infinities_become_gaps(tmp_path: Path) -> None:
    read = read_table(write(tmp_path / "t.csv", "a,b\n1.5,x\ninf,y\n-Infinity,z\n"))
    assert read["a"].isna().tolist() == [False, True, True]


def test_rows_stay_in_order(tmp_path: Path) -> None:
    content = "n,text\n" + "".join(f"{number},some text\n" for number in range(300_000))
    assert read_table(write(tmp_path / "t.csv", content))["n"].is_monotonic_increasing


@pytest.mark.parametrize("header", ['a"b;--', "o'clock", "select"])
def test_hostile_column_names_are_only_names(tmp_path: Path, header: str) -> None:
    field = '"' + header.replace('"', '""') + '"'
    read = read_table(write(tmp_path / "t.csv", f"{field},n\n1,2\n"))
    assert list(read.columns) == [header, "n"]
