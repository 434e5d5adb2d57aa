"""Store files by bucket and key in one folder; no key ever leads out of it.

`remote_storage` has the same with a store behind the folder.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

_log = logging.getLogger("auger.hub.storage")
_SUFFIX = re.compile(r"((?:\.[A-Za-z0-9]{1,8}){1,2})$")
_MAX_NAME_BYTES = 200
_PARTIAL = ".part"
_UNUSED_SECONDS = 24 * 3600.0
OWN_BUCKET = ".auger-hub"
"""What the hub keeps in its store for itself; no organization has this bucket."""
IDENTITY = "identity"
"""The key there of the note that tells whose the store is."""


class BadKey(ValueError):
    """A key that is empty or would leave its folder."""


class StoreFailed(OSError):
    """The store does not answer, or refuses; the text says what it said."""


class AnotherStore(StoreFailed):
    """The store is not the one of this hub any more: not mounted, emptied, or put in its place."""

    def __init__(self) -> None:
        super().__init__("the store of the hub is empty or another one")


class Storage:
    """Stored files; a file is there whole or not at all.

    Once `expect` has said whose the store is, nothing is written to another one, nothing deleted
    there, and nothing called missing for not being in it.
    """

    _sweep_seconds = 6 * 3600.0  # a store has many files, and few writes are cut off
    _checked_seconds = 0.0  # to read a small file costs next to nothing
    _spare_ending = _PARTIAL

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._swept_at = 0.0
        self._expected: str | None = None
        self._good_until = -math.inf

    @property
    def shown(self) -> str:
        """Where it is, as it may be told."""
        return str(self.folder)

    def expect(self, identity: str | None) -> None:
        """Serve from now on only while the store carries this identity; any, without one."""
        self._expected = identity

    def read_identity(self) -> str:
        """Return the identity that the store itself carries, "" without one; raise StoreFailed."""
        try:
            return self.path(OWN_BUCKET, IDENTITY).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except OSError as error:
            raise StoreFailed(error.strerror or str(error)) from error

    def check(self) -> None:
        """Raise AnotherStore when the store does not carry the identity that is expected."""
        if self._expected is None or time.monotonic() < self._good_until:
            return
        if self.read_identity() != self._expected:
            raise AnotherStore
        self._good_until = time.monotonic() + self._checked_seconds

    def path(self, bucket: str, key: str) -> Path:
        """Return where `key` is stored, whether it exists or not; raise BadKey for a bad one."""
        parts = key.split("/")
        if "/" in bucket:
            raise BadKey(f"`{bucket}` is not a usable bucket")
        for part in (bucket, *parts):
            too_long = len(part.encode()) > _MAX_NAME_BYTES + 8
            if part in ("", ".", "..") or "\\" in part or "\0" in part or too_long:
                raise BadKey(f"`{key}` is not a usable key")
        return self.folder.joinpath(bucket, *parts)

    def prepare(self) -> None:
        """Make sure that files can be stored; raise BadSettings when they cannot."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def find(self, bucket: str, key: str) -> Path | None:
        """Return where the file of `key` can be read, None without one; raise BadKey."""
        path = self.path(bucket, key)
        return path if self.has(bucket, key) else None

    @contextmanager
    def lend(self, bucket: str, key: str) -> Iterator[Path | None]:
        """Yield where the file of `key` can be read during the block, None without one."""
        yield self.find(bucket, key)

    def has(self, bucket: str, key: str) -> bool:
        """Return whether there is a file of `key`; raise BadKey."""
        if self.path(bucket, key).is_file():
            return True
        self.check()
        return False

    def size(self, bucket: str, key: str) -> int | None:
        """Return how many bytes the file of `key` has; None without one; raise BadKey."""
        try:
            return self.path(bucket, key).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            self.check()
            return None

    @contextmanager
    def create(self, bucket: str, key: str) -> Iterator[IO[bytes]]:
        """Yield a file to write to; it appears under `key` only when the block ends well."""
        with self.place(bucket, key) as path, path.open("wb") as file:
            yield file

    @contextmanager
    def place(self, bucket: str, key: str) -> Iterator[Path]:
        """Yield where to write a file; it appears under `key` only when the block ends well."""
        path = self.path(bucket, key)
        self.check()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}{_PARTIAL}")
        try:
            yield temporary
            self.check()  # an upload takes its time
            self._hand_over(temporary, bucket, key)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def delete(self, bucket: str, key: str) -> None:
        """Remove the file of `key`, if there is one."""
        path = self.path(bucket, key)
        self.check()
        path.unlink(missing_ok=True)

    def discard(self, bucket: str, key: str) -> None:
        """Remove what is named no more; what cannot be removed now goes with its project."""
        try:
            self.delete(bucket, key)
        except OSError as error:
            _log.error("the file of %s stays: %s", key, error)

    def keys(self, bucket: str, folder: str) -> Iterator[str]:
        """Yield the keys of all files below `folder`."""
        top = self.path(bucket, folder)
        self.check()
        for path in _files_below(top):
            yield f"{folder}/{path.relative_to(top).as_posix()}"

    def everything(self) -> Iterator[tuple[str, str]]:
        """Yield bucket and key of every whole file."""
        self.check()
        for path in _files_below(self.folder):
            bucket, _, key = path.relative_to(self.folder).as_posix().partition("/")
            with suppress(BadKey):  # nothing that the hub has stored
                if self.path(bucket, key) and not path.name.endswith(_PARTIAL):
                    yield bucket, key

    def sweep(self) -> None:
        """Remove what nobody has written to or asked for during a day, and that is not needed.

        That are the parts of files that a killed process was writing.
        """
        present = time.time()
        if present - self._swept_at < self._sweep_seconds:
            return
        self._swept_at = present
        for path in _files_below(self.folder):
            with suppress(FileNotFoundError):
                is_spare = path.name.endswith(self._spare_ending)
                if is_spare and present - path.stat().st_mtime > _UNUSED_SECONDS:
                    path.unlink()

    def drop_copy(self, bucket: str, key: str) -> None:
        """Remove the copy that storing a file has left here; a folder has none."""

    def _hand_over(self, whole: Path, bucket: str, key: str) -> None:
        """Do what has to be done before a whole file appears; an error means it does not."""


def holds_files(folder: Path) -> bool:
    """Return whether a folder of files holds any but the note of whose it is."""
    note = folder / OWN_BUCKET / IDENTITY
    return any(path != note for path in _files_below(folder))


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def key_of_url(url: str) -> str:
    """Return the path after the bucket; clients invent the bucket (wire contract §3.5 step 6)."""
    # Not as a URL: a `#` or `?` in the name of a file is part of the name.
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() != "s3":
        return url.lstrip("/")
    return rest.partition("/")[2].lstrip("/")


def project_key(project_name: str, folder: str, file_name: str) -> str:
    """Return the key of a project's file, as the cloud lays them out."""
    return f"{project_folder(project_name)}/{folder}/{file_name}"


def project_folder(project_name: str) -> str:
    """Return the key below which a project's files are."""
    return f"workspace/projects/{_one_part(project_name)}"


def upload_key(project_name: str, file_path: str) -> str:
    """Return the key for an upload: §2.9 appends 6 hex digits before the extension."""
    path = PurePosixPath(file_path)
    if len(path.parts) <= 1:
        path = PurePosixPath(project_key(project_name, "files", path.name))
    matched = _SUFFIX.search(path.name)
    extension = matched.group(1) if matched and matched.start() > 0 else ""
    stem = path.name.removesuffix(extension)
    stem = _cut(stem, _MAX_NAME_BYTES - len(extension))
    return str(path.with_name(f"{stem}-{secrets.token_hex(3)}{extension}"))


def _one_part(name: str) -> str:
    """Return a folder of its own for every name that a project may have."""
    part = name.replace("/", "-").replace("\\", "-")
    if len(part.encode()) <= _MAX_NAME_BYTES:
        return part if part.strip(".") else "project"
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{_cut(part, _MAX_NAME_BYTES - len(digest) - 1)}-{digest}"


def _cut(name: str, most_bytes: int) -> str:
    return os.fsencode(name)[:most_bytes].decode("utf-8", "ignore")
