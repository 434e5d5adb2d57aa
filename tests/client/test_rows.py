"""Rows of CSV files, typed as JSON has them."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client.rows import BATCH, copy_unpacked, read_batches
from auger_reconcile.errors import AugerError


def read_all(path: Path, drop: str | None = None) -> tuple[list[str], list[list[Any]]]:
    batches = list(read_batches(path, drop=drop))
    return batches[0][0], [row for _, rows in batches for row in rows]


def column(tmp_path: Path, *texts: str) -> list[Any]:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{text},x\n" for text in texts), encoding="utf-8")
    return [row[0] for row in read_all(path)[1]]


@pytest.mark.parametrize("text", ["", "NA", "N/A", "NaN", "nan", "null", "None", "?", " ? "])
def test_missing_values_are_none(tmp_path: Path, text: str) -> None:
    assert column(tmp_path, text, "1", "2.5") == [None, 1, 2.5]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("-7", -7), ("+7", 7), (" 7 ", 7), ("1.50", 1.5), (".5", 0.5), ("1e3", 1000.0)],
)
def test_numbers_are_numbers(tmp_path: Path, text: str, number: float) -> None:
    assert column(tmp_path, text, "1") == [number, 1]


def test_what_is_too_large_for_a_number_is_missing(tmp_path: Path) -> None:
    assert column(tmp_path, "1e999", "1") == [None, 1]


@pytest.mark.parametrize("text", ["007", "1_000", "1,5", "0x1f", "inf", "yes", "١٢", "2020-01-01"])
def test_a_column_with_anything_else_stays_text(tmp_path: Path, text: str) -> None:
    assert column(tmp_path, f'"{text}"', "1", "") == [text, "1", None]


def test_a_column_is_left_out_by_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y,b\n1,2,3\n")
    assert read_all(tmp_path / "t.csv", drop="y") == (["a", "b"], [[1, 3]])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_that_of_the_header(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "t.csv").write_text(f'a{delimiter}b\n1{delimiter}"x,;|"\n')
    assert read_all(tmp_path / "t.csv") == (["a", "b"], [[1, "x,;|"]])


def test_quoted_newlines_quotes_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('\ufeffä,b\r\n"x\r\ny","""q"""\r\n\r\n'.encode())
    assert read_all(tmp_path / "t.csv") == (["ä", "b"], [["x\r\ny", '"q"']])


def test_long_files_come_in_batches(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "1\n" * (2 * BATCH + 1))
    assert [len(rows) for _, rows in read_batches(tmp_path / "t.csv")] == [BATCH, BATCH, 1]


def test_a_file_without_rows_is_one_batch_without_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    assert list(read_batches(tmp_path / "t.csv")) == [(["a", "b"], [])]


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize(("suffix", "pack"), PACKERS.items())
def test_compressed_files_are_unpacked(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(pack(b"a\n1\n"))
    assert read_all(path) == (["a"], [[1]])
    copy_unpacked(path, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b"a\n1\n"


@pytest.mark.parametrize(("suffix", "pack"), PACKERS.items())
def test_a_damaged_archive_is_an_error(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(pack(b"a\n" + bytes(range(256)) * 50)[:-9])
    with pytest.raises(AugerError, match=r"t\.csv.* (damaged|UTF-8|Compressed file)"):
        read_all(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a,b\n1\n", "has a row with 1 values where 2 are expected, in line 2"),
        (b'a,b\n"1\n1",2\n\n1,2,3\n', "has a row with 3 values where 2 are expected, in line 5"),
        (b"a,a\n1,2\n", "has the column `a` more than once"),
        (b'a,b\n1,"x\n', "is no CSV file"),
        (b"a,b\n1,\xff\n", "is no CSV file in UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(AugerError, match=rf"`.*t\.csv` {problem}"):
        read_all(tmp_path / "t.csv")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AugerError, match=r"t\.csv` cannot be read: No such file or directory"):
        read_all(tmp_path / "t.csv")
