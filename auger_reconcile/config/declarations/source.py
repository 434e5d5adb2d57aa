"""Sources of data sets: what kind of place they are, and the content of those the hub is sent."""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from auger_reconcile.config.declarations.csv_header import TEXTS, read_header
from auger_reconcile.object_store import SCHEME, identify_object, is_object_url
from auger_reconcile.resources.names.hub_tables import EXTENSIONS
from auger_reconcile.resources.names.revisions import split_extension
from auger_reconcile.resources.names.vocabulary import COMPRESSED

_CHUNK = 1 << 20
MISSING_SOURCE = "missing-source"  # the code of a diagnostic


class Content(NamedTuple):
    """What identifies a file, SHA-256 and size in bytes; and its columns where they can be told."""

    sha256: str
    size: int
    header: tuple[str, ...] | None


class NoRows(ValueError):
    """A file holds nothing to learn from; the text says what it lacks."""


class ContentReader:
    """Reads sources that the hub does not fetch itself; each once in a run."""

    def __init__(self) -> None:
        self._known: dict[Path | str, Content] = {}

    def read(self, path: Path) -> Content:
        """Return the content of a file, read as a stream.

        Raises:
            OSError: the file cannot be read.
            NoRows: it is empty, or a CSV file with at most a header.
        """
        resolved = path.resolve()
        if resolved not in self._known:
            digest, size = hashlib.sha256(), 0
            with resolved.open("rb") as stream:
                chunk = stream.read(_CHUNK)
                _check_rows(chunk, resolved)
                while chunk:
                    digest.update(chunk)
                    size += len(chunk)
                    chunk = stream.read(_CHUNK)
            self._known[resolved] = Content(digest.hexdigest(), size, read_header(resolved))
        return self._known[resolved]

    def read_object(self, url: str) -> Content:
        """Return the content of `s3://bucket/key`; its columns are told by the hub.

        Raises:
            AugerError: it cannot be read; the message is the reason alone.
        """
        if url not in self._known:
            sha256, size = identify_object(url)
            self._known[url] = Content(sha256, size, header=None)
        return self._known[url]


def _check_rows(start: bytes, path: Path) -> None:
    """Check that a file has rows, as far as its start tells."""
    if len(start) >= _CHUNK:
        return
    lines = [line for line in start.removeprefix(BOM_UTF8).splitlines() if line.strip()]
    if not lines:
        raise NoRows("the file is empty")
    if path.suffix.lower() in TEXTS and len(lines) == 1:
        raise NoRows("the file has a header and no rows")


def scheme_of(source: str) -> str:
    """Return the scheme of a URL, "" for a local path; a drive letter is no scheme."""
    head, separator, _ = source.partition("://")
    return head.lower() if separator and head.isalnum() else ""


def is_url(source: str) -> bool:
    """Say whether a text with a scheme names a host, in a form that can be taken apart."""
    if scheme_of(source) == SCHEME:
        return is_object_url(source)
    try:
        return bool(urlsplit(source).hostname)
    except ValueError:  # such as half of an IPv6 address
        return False


def base_name(source: str) -> str:
    """Return the last part of a path or URL, which names a data set by default.

    In the key of an object `%`, `?` and `#` are characters as any other.
    """
    path = source
    if scheme_of(source) not in ("", SCHEME):
        path = unquote(urlsplit(source).path) if is_url(source) else ""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def has_known_extension(source: str) -> bool:
    """Say whether the hub reads files with this extension (wire contract §3.5)."""
    extension = split_extension(base_name(source).lower())[1]
    return extension in EXTENSIONS or extension.endswith(COMPRESSED)


def local_path(source: str, folder: Path) -> Path:
    """Return where a local source lies; relative ones start at the declaring file's folder."""
    try:
        expanded = Path(source).expanduser()
    except RuntimeError:  # no home folder
        expanded = Path(source)
    return folder / expanded
