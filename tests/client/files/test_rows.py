"""Rows of CSV files, as they stand."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client.files.rows import BATCH, copy_unpacked, open_rows, texts_of
from auger_reconcile.errors import AugerError


def read_all(path: Path) -> tuple[list[str], list[list[Any]]]:
    with open_rows(path) as rows:
        header = rows.header.cells
        every = range(len(header))
        return header, [row for batch in rows.batches() for row in texts_of(batch, every)]


@pytest.mark.parametrize("text", ["007", "1.10", "12E4", "NA", "?", " 7 ", "1234567890123456789"])
def test_texts_stay_as_they_are(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_text(f"a,b\n{text},x\n,y\n")
    assert read_all(tmp_path / "t.csv") == (["a", "b"], [[text, "x"], [None, "y"]])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_that_of_the_rows(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "t.csv").write_text(f'a{delimiter}b\n1{delimiter}"x,;|"\n')
    assert read_all(tmp_path / "t.csv") == (["a", "b"], [["1", "x,;|"]])


def test_quoted_newlines_quotes_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('\ufeffä,b\r\n"x\r\ny","""q"""\r\n\r\n'.encode())
    assert read_all(tmp_path / "t.csv") == (["ä", "b"], [["x\r\ny", '"q"']])


@pytest.mark.parametrize(
    "before", ["\n\n", "\r\n", "# made on Monday\n", "Sales of March\n\n", "# a\n# b, c\n"]
)
def test_lines_before_the_header_are_skipped(tmp_path: Path, before: str) -> None:
    (tmp_path / "t.csv").write_text(before + "a,b,c\n1,2,3\n4,5,6\n")
    assert read_all(tmp_path / "t.csv") == (["a", "b", "c"], [["1", "2", "3"], ["4", "5", "6"]])


def test_a_letter_that_stands_alone_is_none_of_two_bytes(tmp_path: Path) -> None:
    text = "naïve,n\n" + "plain words,3\nmore of them,4\n" * 8
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    with open_rows(tmp_path / "t.csv") as found:
        assert found.header.cells == ["naïve", "n"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "mac_roman"]
)
def test_encodings_of_spreadsheets_are_understood(tmp_path: Path, encoding: str) -> None:
    content = "nom,âge\nRené,3\nÉlodie,4\nFrançois,5\n" * 2
    (tmp_path / "t.csv").write_bytes(content.encode(encoding))
    header, rows = read_all(tmp_path / "t.csv")
    assert (header, rows[:2]) == (["nom", "âge"], [["René", "3"], ["Élodie", "4"]])


@pytest.mark.parametrize(
    "content", ["Größe (m²);Prämie\n12;99 €\n", "preis;n\n¡Hola! ½ kg;3\nniño;4\n"]
)
def test_western_signs_are_no_letters_of_other_countries(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_bytes(content.encode("cp1252"))
    header, rows = read_all(tmp_path / "t.csv")
    assert [header, *rows] == [line.split(";") for line in content.splitlines()]


def test_long_files_come_in_batches(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "1\n" * (2 * BATCH + 1))
    with open_rows(tmp_path / "t.csv") as rows:
        assert [len(batch) for batch in rows.batches()] == [BATCH, BATCH, 1]


def test_a_file_without_rows_is_one_batch_without_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    with open_rows(tmp_path / "t.csv") as rows:
        assert list(rows.batches()) == [[]]


def zipped(content: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("__MACOSX/._t.csv", *(names or ("t.csv",))):
            archive.writestr(name, content)
    return file.getvalue()


PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": zipped,
}


def test_an_archive_holds_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.zip"
    path.write_bytes(zipped(b"a\n1\n", "one.csv", "two.csv"))
    with pytest.raises(AugerError, match="holds 2 files, where one table is expected"):
        read_all(path)
    content = bytearray(zipped(b"a\n1\n", "one.csv"))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1  # the flags of its last member
    path.write_bytes(content)
    with pytest.raises(AugerError, match="is encrypted"):
        read_all(path)


@pytest.mark.parametrize(("suffix", "pack"), PACKERS.items())
def test_compressed_files_are_unpacked(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(pack(b"a\n1\n"))
    assert read_all(path) == (["a"], [["1"]])
    copy_unpacked(path, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == b"a\n1\n"


@pytest.mark.parametrize(("suffix", "pack"), PACKERS.items())
def test_a_damaged_archive_is_an_error(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"t.csv{suffix}"
    path.write_bytes(pack(b"a\n" + bytes(range(256)) * 50)[:-9])
    with pytest.raises(AugerError, match=r"t\.csv.* (damaged|CSV|Compressed file)"):
        read_all(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a,b\n1\n", "has a row with 1 values where 2 are expected, in line 2"),
        (b'a,b\n"1\n1",2\n\n1,2,3\n', "has a row with 3 values where 2 are expected, in line 5"),
        (b'a,b\n1,"x\n', "has a quote in line 2 that is never closed"),
        (b"\x00\x01\x02a,b\n1,\xff\n", "is no CSV file"),
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
