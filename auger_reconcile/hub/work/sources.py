"""Where the bytes of a data set come from: the storage, or a web address the hub downloads."""

from __future__ import annotations

import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from auger_reconcile.hub.settings import HubSettings
from auger_reconcile.hub.signing import MAX_UPLOAD_BYTES
from auger_reconcile.hub.storage import BadKey, Storage, key_of_url

_TIMEOUT_SECONDS = 60
_CHUNK_BYTES = 1024**2


class SourceMissing(Exception):
    """The data is not there; the text is for the user."""


def is_remote(url: str) -> bool:
    """Return whether the hub has to download it."""
    return urlsplit(url).scheme in ("http", "https")


@contextmanager
def fetch_source(storage: Storage, bucket: str, url: str, settings: HubSettings) -> Iterator[Path]:
    """Yield a local path of the file behind `url`; a downloaded one is removed afterwards."""
    if not is_remote(url):
        yield stored_path(storage, bucket, key_of_url(url))
        return
    name = urlsplit(url).path.rpartition("/")[2] or "data.csv"
    folder = Path(tempfile.mkdtemp(prefix="source-", dir=settings.work_folder))
    try:
        path = folder / name
        with path.open("wb") as file:
            download(url, file)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stored_path(storage: Storage, bucket: str, key: str) -> Path:
    """Return the path of a stored file, or raise SourceMissing."""
    try:
        path = storage.path(bucket, key)
    except BadKey as error:
        raise SourceMissing(str(error)) from error
    if not path.is_file():
        raise SourceMissing(f"there is no uploaded file at `{key}`")
    return path


def download(url: str, target: IO[bytes]) -> None:
    """Copy what `url` serves; raise SourceMissing when it cannot be had."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            size = 0
            while chunk := response.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > MAX_UPLOAD_BYTES:
                    raise SourceMissing(f"`{url}` has more than {MAX_UPLOAD_BYTES} bytes")
                target.write(chunk)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceMissing(f"`{url}` cannot be downloaded: {reason}") from error
