"""Store files in an object store by URL: S3, Google Cloud Storage, Azure, whatever fsspec knows.

Everything that works with a file wants a path, so what is read is copied to a folder of this
machine first. A copy that nobody has asked for during a day is removed. A file is acknowledged when
the store has it.
"""

from __future__ import annotations

import errno
import importlib.util
import math
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.local import (
    IDENTITY,
    OWN_BUCKET,
    BadKey,
    Storage,
    StoreFailed,
    holds_files,
)

_BLOCK = 8 * 1024**2
_REST_SECONDS = 5.0
_THREADS, _QUEUE_SECONDS = 6, 5.0
_PREPARE_SECONDS = 20.0
_OF_THIS_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CONNECT_SECONDS, _REQUEST_SECONDS, _RETRIES = 10, 60, 3
"""A request is a piece of a file."""
_FLAT = {"s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "oci", "oss"}
"""Stores without folders: a file that cannot be written there lacks its bucket."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SECRETS = re.compile(r"\?\S*|(?<=//)[^/\s]*@")
"""What a URL may have that is not for a log: its query, and who asks."""
_LONGEST_REASON = 300


def open_storage(settings: HubSettings) -> Storage:
    """Return where the hub keeps its files; raise BadSettings for a URL that leads nowhere."""
    if not settings.has_remote_storage:
        return Storage(settings.files_folder)
    if holds_files(settings.own_files_folder):
        raise BadSettings(
            f"this hub has files in {settings.own_files_folder}: to move them into a store, "
            "back it up and restore it into a new AUGER_HUB_HOME"
        )
    return RemoteStorage(settings.storage, settings.files_folder)


class RemoteStorage(Storage):
    """A store behind a folder of copies."""

    _sweep_seconds = 600.0
    _checked_seconds = 5.0  # it takes a request
    _spare_ending = ""  # all here are copies

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(folder)
        self._url = _SECRETS.sub("", url)
        self._store, root = _open(url)
        self._root = str(root).rstrip("/")
        self._is_flat = url.partition("://")[0] in _FLAT
        self._threads = threading.Semaphore(_THREADS)
        self._rests_until, self._reason = -math.inf, ""

    def prepare(self) -> None:
        """Try to write; raise BadSettings with what the store says."""
        super().prepare()
        problems: list[str] = []

        def write() -> None:
            bucket, key = OWN_BUCKET, secrets.token_hex(4)
            try:
                with self.create(bucket, key):
                    pass
                self.delete(bucket, key)
            except OSError as error:
                problems.append(str(error))

        trial = threading.Thread(target=write, daemon=True)
        trial.start()
        trial.join(_PREPARE_SECONDS)
        if trial.is_alive():
            problems.append(f"it does not answer within {_PREPARE_SECONDS:.0f} s")
        if problems:
            raise BadSettings(f"storage {self._url} cannot be used: {problems[0]}")

    @property
    def shown(self) -> str:
        """Its URL, as it may be told."""
        return self._url

    def read_identity(self) -> str:
        """Return the identity that the store itself carries, whatever copies are here."""
        with suppress(FileNotFoundError), self._telling():
            self._store.invalidate_cache()
            told: bytes = self._store.cat_file(self._remote(OWN_BUCKET, IDENTITY))
            return told.decode(errors="replace")
        return ""

    def path(self, bucket: str, key: str) -> Path:
        """Return where the copy of `key` is; stores take no control characters."""
        if _CONTROL.search(key):
            raise BadKey(f"{key!r} is not a usable key")
        return super().path(bucket, key)

    def find(self, bucket: str, key: str) -> Path | None:
        """Return the copy of the file of `key`, made now if need be; None without a file."""
        path = self.path(bucket, key)
        if path.is_file():
            with suppress(FileNotFoundError):  # swept this moment
                os.utime(path)  # so that `sweep` spares it
                return path
        copy = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            self._fetch(bucket, key, copy)
            copy.replace(path)
        except FileNotFoundError:
            return None
        finally:
            copy.unlink(missing_ok=True)
        return path

    @contextmanager
    def lend(self, bucket: str, key: str) -> Iterator[Path | None]:
        """Yield where the file of `key` can be read, which leaves no copy behind."""
        path = self.path(bucket, key)
        if path.is_file():
            yield path
            return
        copy = self.folder / f".{secrets.token_hex(8)}.part"
        try:
            with suppress(FileNotFoundError):
                self._fetch(bucket, key, copy)
            yield copy if copy.exists() else None
        finally:
            copy.unlink(missing_ok=True)

    def has(self, bucket: str, key: str) -> bool:
        """Return whether the store has a file of `key`."""
        path = self.path(bucket, key)
        if path.is_file():
            return True
        self.check()
        with self._telling():
            self._store.invalidate_cache()
            return bool(self._store.isfile(self._remote(bucket, key)))

    def size(self, bucket: str, key: str) -> int | None:
        """Return how many bytes the file of `key` has in the store; None without one."""
        self.path(bucket, key)
        self.check()
        with self._telling():
            self._store.invalidate_cache()
            try:
                return int(self._store.size(self._remote(bucket, key)))
            except FileNotFoundError:
                return None

    def delete(self, bucket: str, key: str) -> None:
        """Remove the file of `key` from the store, if there is one, and its copy."""
        self.check()
        with suppress(FileNotFoundError), self._telling():
            self._store.rm_file(self._remote(bucket, key))
        super().delete(bucket, key)

    def keys(self, bucket: str, folder: str) -> Iterator[str]:
        """Yield the keys of all files below `folder` in the store."""
        try:
            self.path(bucket, folder)
        except BadKey:
            return  # nothing can be there
        for key in self._names(f"{self._root}/{bucket}/{folder}"):
            yield f"{folder}/{key}"

    def everything(self) -> Iterator[tuple[str, str]]:
        """Yield bucket and key of every file in the store."""
        for name in self._names(self._root):
            bucket, _, key = name.partition("/")
            if key:
                yield bucket, key

    def drop_copy(self, bucket: str, key: str) -> None:
        """Remove the copy of a file, which is in the store."""
        self.path(bucket, key).unlink(missing_ok=True)

    def _hand_over(self, whole: Path, bucket: str, key: str) -> None:
        remote = self._remote(bucket, key)
        with self._telling():
            try:
                self._store.put_file(str(whole), remote)
            except FileNotFoundError as error:
                if self._is_flat:
                    raise StoreFailed(f"{self._url} is not there") from error
                self._store.makedirs(remote.rpartition("/")[0], exist_ok=True)
                self._store.put_file(str(whole), remote)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Make one error of all that stores raise, but for a file that is not there.

        What this machine's own disk refuses is passed on. A store that has just failed is not
        asked again at once, and one that hangs holds a few threads of the hub, not all.
        """
        if time.monotonic() < self._rests_until:
            raise StoreFailed(self._reason)
        if not self._threads.acquire(timeout=_QUEUE_SECONDS):
            raise StoreFailed("it is slow, and too much waits for it")
        try:
            yield
        except (FileNotFoundError, StoreFailed):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _OF_THIS_DISK:
                raise
            lines = str(error).strip().splitlines() or [type(error).__name__]
            self._reason = _SECRETS.sub("", lines[0])[:_LONGEST_REASON]
            self._rests_until = time.monotonic() + _REST_SECONDS
            raise StoreFailed(self._reason) from None  # the cause would tell what was taken out
        finally:
            self._threads.release()

    def _fetch(self, bucket: str, key: str, to: Path) -> None:
        """Copy piece by piece: not every implementation of `get_file` does."""
        remote = self._remote(bucket, key)
        self.check()
        with self._telling():
            self._store.invalidate_cache()
            if self._store.info(remote)["type"] != "file":  # else what is below it
                raise FileNotFoundError(remote)
            to.parent.mkdir(parents=True, exist_ok=True)
            with to.open("wb") as file, self._store.open(remote, "rb", block_size=_BLOCK) as stored:
                shutil.copyfileobj(stored, file, _BLOCK)

    def _remote(self, bucket: str, key: str) -> str:
        return f"{self._root}/{bucket}/{key}"

    def _names(self, top: str) -> Iterator[str]:
        self.check()
        with self._telling():
            self._store.invalidate_cache()
            try:
                found = self._store.find(top)
            except FileNotFoundError:
                return
        for name in found:
            yield str(name).removeprefix(f"{top}/")


def _open(url: str) -> tuple[Any, str]:
    import fsspec
    from fsspec.registry import known_implementations

    scheme = url.partition("://")[0]
    if not url.partition("://")[2].strip("/"):
        raise BadSettings(f"storage `{scheme}://` has to name a bucket or folder")
    if scheme == "memory":
        raise BadSettings("storage `memory://` ends with its process: give a folder or a store")
    options: dict[str, Any] = {}
    usual = known_implementations.get(scheme, {}).get("class", "").partition(".")[0]
    if usual and importlib.util.find_spec(usual) is None:
        options = _register_light(scheme)
    try:
        store, root = fsspec.url_to_fs(url, **options)
    except ImportError as error:
        raise BadSettings(
            f"storage `{scheme}://` needs a package that is missing: {error}"
        ) from error
    except Exception as error:  # what is wrong with a URL is told in many kinds
        raise BadSettings(_SECRETS.sub("", f"storage {url} cannot be used: {error}")) from error
    return store, root


def _register_light(scheme: str) -> dict[str, Any]:
    """Let obstore serve a scheme whose usual package is missing; return the options it takes."""
    with suppress(ImportError):
        from obstore.fsspec import SUPPORTED_PROTOCOLS, register

        if scheme in SUPPORTED_PROTOCOLS:
            register(scheme)
            return {
                # the endpoint is the user's word, so http:// is what they want
                "client_options": {
                    "allow_http": True,
                    "connect_timeout": f"{_CONNECT_SECONDS}s",
                    "timeout": f"{_REQUEST_SECONDS}s",
                },
                "retry_config": {
                    "max_retries": _RETRIES,
                    "retry_timeout": timedelta(seconds=_REQUEST_SECONDS),
                },
            }
    return {}
