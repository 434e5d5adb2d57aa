"""Serve S3 from a folder: moto speaks it, and what it has answered for outlives its process.

    python -m deploy.local.s3_server --folder FOLDER --port PORT --bucket NAME

moto keeps objects in memory. Here each change is on the disk before its request is answered, and
is read again at the start. For tests and drills: nobody's keys are checked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from werkzeug.serving import run_simple

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_READING = ("GET", "HEAD", "OPTIONS")


class OnDisk:
    """A WSGI application whose objects are files: a line with bucket and key, then the content."""

    def __init__(self, app: Wsgi, folder: Path) -> None:
        self._app, self._folder = app, folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.object"):
            head, _, content = path.read_bytes().partition(b"\n")
            bucket, key = json.loads(head)
            make_bucket(bucket)
            backend().put_object(bucket, key, content)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer a request, and store first what it has changed."""
        answered: list[Any] = []
        content = b"".join(self._app(environ, lambda *told: answered.extend(told)))
        if environ["REQUEST_METHOD"] not in _READING:
            bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
            with self._lock:
                self._store(bucket, key)
        start_response(*answered)
        return [content]

    def _store(self, bucket: str, key: str) -> None:
        """Write one object, or those of the whole bucket, as they are now."""
        found = backend().buckets.get(bucket)
        keys = found.keys if found is not None else {}
        if key:
            self._write(bucket, key, keys.get(key))
            return
        for path in self._folder.glob("*.object"):
            with path.open("rb") as file:
                where, name = json.loads(file.readline())
            if where == bucket and name not in keys:
                path.unlink()

    def _write(self, bucket: str, key: str, stored: Any) -> None:
        head = json.dumps([bucket, key]).encode()
        path = self._folder / f"{hashlib.sha256(head).hexdigest()}.object"
        if stored is None or not hasattr(stored, "value"):  # gone, or a mark that it is
            path.unlink(missing_ok=True)
            return
        half = path.with_suffix(".half")
        half.write_bytes(head + b"\n" + stored.value)
        half.replace(path)


def backend() -> S3Backend:
    """Return what holds the buckets."""
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


def make_bucket(name: str) -> None:
    """Make a bucket unless it is there."""
    if name not in backend().buckets:
        backend().create_bucket(name, "us-east-1")


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bucket", required=True)
    told = parser.parse_args()
    app = OnDisk(DomainDispatcherApplication(create_backend_app), told.folder)
    make_bucket(told.bucket)
    run_simple("127.0.0.1", told.port, app, threaded=True)


if __name__ == "__main__":
    main()
