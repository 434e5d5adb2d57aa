"""Read the rows of a CSV file as they stand, in batches; what their texts mean, the hub knows."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import lzma
import re
import shutil
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from auger_reconcile.delimited import Dialect, find_dialect
from auger_reconcile.errors import AugerError

BATCH = 2000  # rows a request; keeps a request around a megabyte
UTF_8, WESTERN = "utf-8", "cp1252"
# What programs write that do not write Unicode, by the countries that use them most.
_LATIN = [WESTERN, "cp1250", "mac_roman", "cp1254", "cp437", "cp850"]
_NEAR = ("cp1250", "cp1254")
_UNITS = re.compile(rb"\b[cdkm]?m[\xb2\xb3](?![A-Za-z])")  # m² and m³, letters in other encodings
_ACCENTS = ("Sk", "Lm")  # that stand alone, which no text has
_DOUBLE = ["cp932", "gb18030", "big5", "cp949", "euc_jp"]
_ENCODINGS = [*_LATIN, "cp1251", *_DOUBLE, "cp1253", "cp1255", "cp1256", "koi8_r"]
TAKEN = "predictions take CSV and JSON, compressed or not, Parquet and .xlsx"
_HEAD = 1 << 20
_ENCRYPTED = 0x1  # a bit of the flags of a member
_DAMAGED = (EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)


class Row(NamedTuple):
    """One row: its cells, and the text it stands in with its line end."""

    cells: list[str]
    text: str

    def extended(self, delimiter: str, cells: Iterable[str]) -> str:
        """Return the text with more cells at its end, before the line's end."""
        body = self.text.rstrip("\r\n")
        end = self.text[len(body) :] or "\n"
        return delimiter.join((body, *cells)) + end


@dataclass(frozen=True)
class RowFile:
    """An open CSV file: its header, its rows behind it, and how it is written.

    `skipped` counts the lines before the header, `comments` has the lines of comments among the
    rows that were read so far; `encoding` is a guess unless it is Unicode.
    """

    header: Row
    rows: Iterator[Row]
    delimiter: str
    encoding: str
    skipped: int
    has_mark: bool
    comments: list[int]

    def batches(self, size: int | None = BATCH) -> Iterator[list[Row]]:
        """Yield the next rows, all at once without a size; one empty batch where there are none."""
        is_first = True
        while (batch := list(islice(self.rows, size))) or is_first:
            yield batch
            is_first = False


def texts_of(batch: Sequence[Row], places: Sequence[int]) -> list[list[str | None]]:
    """Return the cells at some places as texts; an empty cell has none."""
    return [[row.cells[place] or None for place in places] for row in batch]


def lines_skipped(count: int) -> dict[str, Any]:
    """Return the notice that lines before the header are left out."""
    lines = f"{count} lines of the file are no rows and were"
    lines = "line of the file is no row and was" if count == 1 else lines
    text = f"The first {lines} skipped."
    return {"code": "lines-skipped", "column": None, "count": count, "text": text}


@contextmanager
def open_rows(source: Path) -> Iterator[RowFile]:
    """Open a CSV file, compressed or not, in the encoding that it has.

    Raises:
        AugerError: the file cannot be read as a table.
    """
    with telling_faults(source):
        encoding = _encoding_of(source)
        with open_text(source, encoding) as file:
            head = file.read(_HEAD)
            file.seek(0)
            has_mark = head.startswith("\ufeff")
            head = head.removeprefix("\ufeff")
            if not head.strip():
                raise AugerError(f"`{source}` is empty")
            dialect = find_dialect(head)
            comments: list[int] = []
            rows = _read_rows(file, dialect, source, comments)
            header, skipped = next(rows), dialect.skipped
            yield RowFile(header, rows, dialect.delimiter, encoding, skipped, has_mark, comments)


def _open_zip(source: Path, mode: str, **text: Any) -> IO[Any]:
    """Open the only file of an archive, as bytes or as text."""
    with zipfile.ZipFile(source) as archive:
        names = [one for one in archive.namelist() if not one.startswith("__MACOSX/")]
        members = [one for one in names if not one.endswith("/")]
        if len(members) != 1:
            raise AugerError(f"`{source}` holds {len(members)} files, where one table is expected")
        if archive.getinfo(members[0]).flag_bits & _ENCRYPTED:
            raise AugerError(f"`{source}` is encrypted")
        member = archive.open(members[0])
    return TextIOWrapper(member, **text) if "t" in mode else member


def _open_zstandard(source: Path, mode: str, **text: Any) -> IO[Any]:
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError:
        hint = "it is in the package `zstandard`"
        raise AugerError(f"`{source}` cannot be unpacked: no Zstandard", hint=hint) from None
    file: IO[Any] = zstandard.open(source, mode, **text)
    return file


_OPENERS: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zip": _open_zip,
    ".zst": _open_zstandard,
}


def is_packed(source: Path) -> bool:
    """Say whether a file's name says that it is compressed."""
    return source.suffix.lower() in _OPENERS


def copy_unpacked(source: Path, to: Path) -> None:
    """Copy what is in a compressed file.

    Raises:
        AugerError: it cannot be read, or is damaged.
    """
    opener = _OPENERS[source.suffix.lower()]
    with telling_faults(source), opener(source, "rb") as packed, to.open("wb") as file:
        shutil.copyfileobj(packed, file)


@contextmanager
def telling_faults(source: Path, what: str = "CSV file") -> Iterator[None]:
    """Say in words of this package why a file cannot be read."""
    try:
        yield
    except _DAMAGED:
        raise AugerError(f"`{source}` cannot be unpacked: it is damaged") from None
    except OSError as error:
        told = error.strerror or "it is damaged"
        raise AugerError(f"`{source}` cannot be read: {told}") from None
    except (UnicodeError, csv.Error):
        raise AugerError(
            f"`{source}` is no {what}",
            hint=TAKEN,
        ) from None


def _open_bytes(source: Path) -> IO[bytes]:
    file: IO[bytes] = _OPENERS.get(source.suffix.lower(), open)(source, "rb")
    return file


def open_text(source: Path, encoding: str) -> IO[str]:
    """Open the text of a file, compressed or not."""
    opener = _OPENERS.get(source.suffix.lower(), open)
    file: IO[str] = opener(source, "rt", newline="", encoding=encoding)
    return file


def _encoding_of(source: Path) -> str:
    """Return the encoding: told by a mark, or UTF-8 where it can be, else a guess."""
    decoder = codecs.getincrementaldecoder(UTF_8)()
    with _open_bytes(source) as file:
        block = file.read(_HEAD)
        if block.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            return "utf-32"
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\x00" in block:
            return _wide_encoding(block)
        while block:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return _guess(block)
            last, block = block, file.read(_HEAD)
            if not block and decoder.getstate()[0]:  # it ends within a letter
                return _guess(last)
    return UTF_8


def _wide_encoding(start: bytes) -> str:
    """Tell UTF-16 without a mark: of western text, every other byte is zero."""
    half = len(start) // 2
    for encoding, zeros, others in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        if start[zeros::2].count(0) > half * 0.4 and start[others::2].count(0) < half * 0.05:
            return encoding
    raise UnicodeError("binary data")


def _guess(block: bytes) -> str:
    from charset_normalizer import from_bytes

    place = next((n for n, byte in enumerate(block) if byte > 127), 0)
    sample = block[max(0, place - 1024) : place + (1 << 18)]
    runs = sum(map(len, re.findall(rb"[\x80-\xff]{3,}", sample)))  # not of accented letters
    is_latin = runs < 0.5 * sum(byte > 127 for byte in sample)
    listed = _ENCODINGS if is_latin else _ENCODINGS[len(_LATIN) :]
    if not re.search(rb"[\x80-\xff]{2}", sample):  # letters that stand alone are none of two bytes
        listed = [one for one in listed if one not in _DOUBLE]
    best = from_bytes(sample, cp_isolation=listed).best()
    found = listed[0] if best is None else str(best.encoding)
    return WESTERN if _is_rather_western(sample, found) else found


def _is_rather_western(sample: bytes, found: str) -> bool:
    """Tell texts that mean the same in Windows-1252, or in which a letter or two would differ."""
    try:
        sample = _UNITS.sub(b"m", sample)
        pairs = set(zip(sample.decode(found), sample.decode(WESTERN), strict=False))
    except UnicodeDecodeError:
        return False
    other = {western: one for one, western in pairs if one != western}
    is_odd = any(unicodedata.category(one) in _ACCENTS for one in other.values())
    is_near = is_odd or (len(other) <= 2 and all(map(str.isalpha, other)))
    return not other or (found in _NEAR and is_near)


def _read_rows(file: IO[str], dialect: Dialect, source: Path, comments: list[int]) -> Iterator[Row]:
    """Yield the header and the rows behind it; blank lines and comments are left out."""
    for _ in range(dialect.skipped):
        file.readline()
    width = 0
    for line, found in _records(file, dialect, source):
        cells, row = found.cells, found
        if not cells or (len(cells) == 1 and width > 1 and not cells[0].strip()):
            continue
        width = width or len(cells)
        if len(cells) == width + 1 and not cells[-1]:
            row = _without_last(found, dialect.delimiter)
        if len(row.cells) == width:
            yield row
        elif row.text.lstrip().startswith("#"):
            comments.append(line)
        else:
            told = f"a row with {len(cells)} values where {width} are expected"
            raise AugerError(f"`{source}` has {told}, in line {line}")


def _records(file: IO[str], dialect: Dialect, source: Path) -> Iterator[tuple[int, Row]]:
    """Yield the last line and the row of each record."""
    taken: list[str] = []
    read = dialect.skipped  # lines of the records before

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line.removeprefix("\ufeff") if not taken else line)
            yield taken[-1]

    spaced = dialect.spaced
    reader = csv.reader(
        lines(), delimiter=dialect.delimiter, skipinitialspace=spaced, strict=not spaced
    )
    try:
        for cells in reader:
            text = taken[0] if len(taken) == 1 else "".join(taken)
            taken.clear()
            if spaced and text.count('"') % 2:
                raise csv.Error("a quote is never closed")
            bare = [cell.rstrip(" ") for cell in cells] if spaced else cells
            yield reader.line_num + dialect.skipped, Row(bare, text)
            read = reader.line_num + dialect.skipped
    except csv.Error as error:
        what = f"cannot be read as a table in line {read + 1}: {error}"
        if "unexpected end" in str(error) or "never closed" in str(error):
            what = f"has a quote in line {read + 1} that is never closed"
        raise AugerError(f"`{source}` {what}") from None


def _without_last(row: Row, delimiter: str) -> Row:
    """Return a row without the delimiter at its end, which its header does not have."""
    before, _, end = row.text.rpartition(delimiter)
    return Row(row.cells[:-1], before + end.replace('""', ""))
