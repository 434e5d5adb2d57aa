"""Find the bytes of a data set: in the storage, or at a web address that the hub downloads."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auger_hub.settings import HubSettings
from auger_hub.store.local import BadKey, Storage, key_of_url
from auger_hub.store.web import SourceMissing, download

_MOST_LETTERS = 100

__all__ = ["SourceMissing", "download", "fetch_source", "is_remote", "stored_path"]


def is_remote(url: str) -> bool:
    """Return whether the hub has to download it."""
    return url.partition("://")[0].lower() in ("http", "https")


@contextmanager
def fetch_source(storage: Storage, bucket: str, url: str, settings: HubSettings) -> Iterator[Path]:
    """Yield a local path of the file behind `url`; a downloaded one is removed afterwards."""
    if not is_remote(url):
        yield stored_path(storage, bucket, key_of_url(url))
        return
    folder = Path(tempfile.mkdtemp(prefix="source-"))
    try:
        path = folder / _file_name(url)
        with path.open("wb") as file:
            download(url, file, settings)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _file_name(url: str) -> str:
    """Return a name for what is downloaded; its end tells the format."""
    last = re.split(r"[?#]", url)[0].rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", last)
    return name[-_MOST_LETTERS:].lstrip(".") or "data.csv"


def stored_path(storage: Storage, bucket: str, key: str) -> Path:
    """Return the path of a stored file, or raise SourceMissing."""
    try:
        path = storage.find(bucket, key)
    except BadKey as error:
        raise SourceMissing(str(error)) from error
    if path is None:
        raise SourceMissing(f"there is no uploaded file at `{key}`")
    return path
