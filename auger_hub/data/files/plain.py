"""Convert an uploaded file to a plain one: unpacked, and text in UTF-8.

Everything is streamed through a temporary file in blocks, so a file larger than memory costs disk,
not memory. An archive that grows beyond all measure is refused before it fills the disk.
"""

import bz2
import errno
import gzip
import importlib
import lzma
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from auger_hub.data.files.bounds import most_bytes
from auger_hub.data.files.encoding import UTF_8, NoText, find_encoding
from auger_hub.data.files.unreadable import UnreadableData

BLOCK = 1 << 20


@contextmanager
def unpack(path: Path) -> Iterator[Path]:
    """Yield the table file inside `path`, which is `path` itself unless it is compressed.

    Raises:
        UnreadableData: The archive is damaged, is a bomb, or holds not exactly one file.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if not _is_packed(path, start):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            with _open_packed(path, start) as (source, name):
                plain = Path(folder) / name
                _copy_limited(source, plain, packed_size=path.stat().st_size)
        except (UnreadableData, MemoryError):
            raise
        except Exception as error:  # what unpacks raises anything on a damaged file
            raise UnreadableData(_why_not_unpacked(path, error)) from error
        yield plain


def _why_not_unpacked(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"`{path.name}` does not fit on the disk of the hub once it is unpacked."
    return f"`{path.name}` is damaged: it cannot be unpacked."


def _is_packed(path: Path, start: bytes) -> bool:
    if start.startswith(b"PK"):
        return not _is_workbook(path)
    magics = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
    return start.startswith(magics)


def _is_workbook(path: Path) -> bool:
    """Excel's xlsx is a zip archive too, and is unpacked in memory by what reads it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return False
    if "[Content_Types].xml" not in {member.filename for member in members}:
        return False
    if sum(member.file_size for member in members) > most_bytes(path.stat().st_size):
        raise UnreadableData(f"`{path.name}` unpacks to far more than its size, which is refused.")
    return True


@contextmanager
def _open_packed(path: Path, start: bytes) -> Iterator[tuple[IO[bytes], str]]:
    """Open the one compressed file of `path` with the name it has without its compression."""
    if start.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            member = _only_member(path, archive)
            with archive.open(member) as source:
                yield source, Path(member.filename).name
        return
    openers: dict[bytes, Any] = {
        b"\x1f": gzip.open,
        b"B": bz2.open,
        b"\xfd": lzma.open,
        b"\x28": _open_zstandard,
    }
    compressions = (".gz", ".bz2", ".xz", ".zst")
    name = path.stem if path.suffix.lower() in compressions else path.name
    with openers[start[:1]](path, "rb") as source:
        yield source, name


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise UnreadableData(
            f"`{path.name}` holds {len(members)} files; an archive has to hold exactly one table."
        )
    return members[0]


def _open_zstandard(path: Path, mode: str) -> IO[bytes]:
    opened: IO[bytes] = optional_module("zstandard", "zstandard", path).open(path, mode)
    return opened


def optional_module(module: str, package: str, path: Path) -> Any:
    """Import what only some formats need, or say what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnreadableData(
            f"`{path.name}` needs the Python package `{package}` on the hub:"
            f" `pip install {package}`, or upload the table as CSV."
        ) from error


def _copy_limited(source: IO[bytes], plain: Path, *, packed_size: int) -> None:
    limit = most_bytes(packed_size)
    written = 0
    with plain.open("wb") as file:
        while block := source.read(BLOCK):
            written += len(block)
            if written > limit:
                raise UnreadableData(
                    f"The archive unpacks to more than {limit >> 20} MB, which is refused."
                )
            file.write(block)


@contextmanager
def in_utf8(path: Path, encoding: str | None = None) -> Iterator[Path]:
    """Yield `path` if its text is UTF-8 with one kind of line end, else such a copy of it.

    Args:
        path: the file.
        encoding: of its text, where it is known already.
    """
    encoding = encoding or encoding_of(path)
    if encoding == UTF_8 and not _has_mixed_line_ends(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with (
            path.open(encoding=encoding, errors="replace", newline=None) as source,
            copy.open("w", encoding=UTF_8, newline="\n") as target,
        ):
            shutil.copyfileobj(source, target, BLOCK)
        yield copy


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file; raise UnreadableData for binary data."""
    try:
        return find_encoding(path)
    except NoText as error:
        message = f"`{path.name}` is not a table: it holds binary data."
        raise UnreadableData(message) from error


def _has_mixed_line_ends(path: Path) -> bool:
    """Tell a file that two programs have written: DuckDB reads one kind of line end."""
    both = alone = returns = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if block.endswith(b"\r"):
                block += file.read(1)
            if b"\r" not in block:
                alone += block.count(b"\n") if not alone else 0
                continue
            pairs = block.count(b"\r\n")
            both += pairs
            alone += block.count(b"\n") - pairs
            returns += block.count(b"\r") - pairs
    return sum(count > 0 for count in (both, alone, returns)) > 1
