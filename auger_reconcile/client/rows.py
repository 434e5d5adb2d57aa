"""Read the rows of a CSV file as they stand, in batches; what their texts mean, the hub knows."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from auger_reconcile.errors import AugerError

BATCH = 2000  # rows a request; keeps a request around a megabyte
DELIMITERS = ",;\t|"
UTF_8, WESTERN = "utf-8", "cp1252"
# What programs write that do not write Unicode, by the countries that use them most.
_LATIN = [WESTERN, "cp1250", "mac_roman", "cp1254", "cp437", "cp850"]
_ENCODINGS = [
    *_LATIN, "cp1251", "cp932", "gb18030", "big5", "cp949", "cp1253",
    "cp1255", "cp1256", "euc_jp", "koi8_r",
]  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9.,]+")
_HEAD = 1 << 20
_HEAD_ROWS = 200
_LONGEST_FIELD = 1 << 22
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DAMAGED = (EOFError, lzma.LZMAError, zlib.error)


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

    `skipped` counts the lines before the header; `encoding` is a guess unless it is Unicode.
    """

    header: Row
    rows: Iterator[Row]
    delimiter: str
    encoding: str
    skipped: int
    has_mark: bool

    def batches(self, size: int | None = BATCH) -> Iterator[list[Row]]:
        """Yield the next rows, all at once without a size; one empty batch where there are none."""
        is_first = True
        while (batch := list(islice(self.rows, size))) or is_first:
            yield batch
            is_first = False


def texts_of(batch: Sequence[Row], places: Sequence[int]) -> list[list[str | None]]:
    """Return the cells at some places as texts; an empty cell has none."""
    return [[row.cells[place] or None for place in places] for row in batch]


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
            delimiter = max(DELIMITERS, key=lambda one: _evenness(head, one))
            skipped = _lines_before_header(_head_rows(head, delimiter))
            rows = _read_rows(file, delimiter, skipped, source)
            header = next(rows)
            yield RowFile(header, rows, delimiter, encoding, skipped, has_mark)


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
            hint="predictions take CSV and JSON lines, compressed or not, and Parquet",
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
    best = from_bytes(sample, cp_isolation=listed).best()
    found = listed[0] if best is None else str(best.encoding)
    try:
        return WESTERN if sample.decode(found) == sample.decode(WESTERN) else found
    except UnicodeDecodeError:
        return found


class _HeadRow(NamedTuple):
    """One of the first rows, and how many lines are before it."""

    cells: list[str]
    before: int


def _head_rows(head: str, delimiter: str) -> list[_HeadRow]:
    """Return the first rows that are not blank."""
    csv.field_size_limit(_LONGEST_FIELD)
    rows: list[_HeadRow] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    before = 0
    for cells in reader:
        if cells and (len(cells) > 1 or cells[0].strip()):
            rows.append(_HeadRow(cells, before))
        before = reader.line_num
        if len(rows) == _HEAD_ROWS:
            break
    return rows


def _evenness(head: str, delimiter: str) -> tuple[float, int]:
    """Score a delimiter: the share of rows as wide as the table, then the width."""
    rows = _head_rows(head, delimiter)
    start = _header_place(rows)
    width = len(rows[start].cells)
    if width < 2:
        return 0.0, width
    widths = [len(row.cells) for row in rows[start:]]
    return widths.count(width) / len(widths), width


def _lines_before_header(rows: Sequence[_HeadRow]) -> int:
    return rows[_header_place(rows)].before


def _header_place(rows: Sequence[_HeadRow]) -> int:
    """Return which row is the header: the first one, unless it is narrower than nearly all others.

    Such rows before the header are a title or comments, with a cell or two.
    """
    widths = [len(row.cells) for row in rows]
    titles = 0
    while titles + 2 < len(rows) and _is_title(rows[titles].cells, rows[titles + 1].cells):
        titles += 1
    if titles:
        return titles
    usual, count = Counter(widths).most_common(1)[0]
    if usual <= widths[0] or count < 2:
        return 0
    start = widths.index(usual)
    is_title = all(
        len(row.cells) < usual
        and (row.cells[0].lstrip()[:1] in "#%/" or sum(bool(c.strip()) for c in row.cells) <= 2)
        for row in rows[:start]
    )
    rest = widths[start:]
    return start if is_title and rest.count(usual) > len(rest) * 0.9 else 0


def _is_title(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Tell a title in a row as wide as the table: one cell, over cells that are all names."""
    filled = sum(bool(cell.strip()) for cell in cells)
    is_header = all(cell.strip() and not _NUMBER.fullmatch(cell.strip()) for cell in below)
    return len(cells) == len(below) > 2 and filled == 1 and is_header


def _read_rows(file: IO[str], delimiter: str, skipped: int, source: Path) -> Iterator[Row]:
    """Yield the header and the rows behind it; blank lines are left out."""
    for _ in range(skipped):
        file.readline()
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line.removeprefix("\ufeff") if not taken else line)
            yield taken[-1]

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    width = 0
    for cells in reader:
        text = taken[0] if len(taken) == 1 else "".join(taken)
        taken.clear()
        if not cells or (len(cells) == 1 and width > 1 and not cells[0].strip()):
            continue
        width = width or len(cells)
        if len(cells) != width:
            told = f"a row with {len(cells)} values where {width} are expected"
            line = reader.line_num + skipped
            raise AugerError(f"`{source}` has {told}, in line {line}")
        yield Row(cells, text)
