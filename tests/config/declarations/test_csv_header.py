"""Columns of local tables, read from their first line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auger_reconcile.config.declarations.csv_header import read_header


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\n1,2\n", ("a", "b")),
        ('\ufeff"a, b";c\r\n1;2\r\n', ("a, b", "c")),
        ("a\tb\n", ("a", "b")),
        ("alone\n1\n", ("alone",)),
        ('"two\nlines",b\n', ("two\nlines", "b")),
        ("# made on Monday\na;b\n1;2\n3;4\n", ("a", "b")),
        ("Sales of March\n\na,b\n1,2\n3,4\n", ("a", "b")),
        ("sep=|\na|b\n1|2\n", ("a", "b")),
        ("a,,a\n1,2,3\n", ("a", "Unnamed: 1", "a.1")),
        ("a;b,c\n1,5;2\n2,5;3\n", ("a", "b,c")),
    ],
)
def test_the_first_record_names_the_columns(
    tmp_path: Path, text: str, columns: tuple[str, ...]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8", newline="")

    assert read_header(path) == columns


UNMARKED = "a,b\n1,2\n".encode("utf-16-le")


@pytest.mark.parametrize("content", [b"", b",,\n", b"\xff\xfe\x00,b\n", b"\n", UNMARKED])
def test_what_is_no_header_tells_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)

    assert read_header(path) is None


def test_a_compressed_table_tells_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n"))

    assert read_header(path) == ("a", "b")


def test_tabs_are_told_by_their_extension(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_bytes(b"a\tb, c\n1\t2\n")

    assert read_header(path) == ("a", "b, c")


def test_damaged_compression_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" * 1000)[:30])

    assert read_header(path) is None


def test_other_formats_tell_nothing(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"a,b\n")

    assert read_header(path) is None
