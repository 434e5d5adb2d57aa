"""Download a signed link into a file that appears complete, or not at all.

Refuses to do: hold the file in memory, send a token, leave a part of a file behind.
"""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import requests

from auger_reconcile.client.http.connection import (
    CONNECT_TIMEOUT,
    guard_call,
    open_session,
    read_parts,
)
from auger_reconcile.errors import AugerError, HubError, NotFound, Unavailable
from auger_reconcile.web_url import is_web_url

_REQUEST = "GET (file download)"
_TRICKLE = 1024  # bytes in four time-outs, below which a download is given up
_ABANDONED = 3600.0  # seconds after which nobody is still writing: a silent storage ends a download

Progress = Callable[[int, int], None]


def fetch_file(
    url: str,
    to: Path,
    *,
    timeout: float,
    progress: Progress | None = None,
    sha256: str | None = None,
) -> int:
    """Write the file beside its place, move it there in one step, return the HTTP status.

    Args:
        url: a signed link; its query is a secret.
        to: the file to make or replace; its folder is made when missing.
        timeout: seconds without any progress; four of them with next to none.
        progress: told the bytes written and the bytes there are (0 when the storage does not say).
        sha256: of the file, as the hub says; None where it says none.

    Raises:
        NotFound, HubError, Unavailable: the storage refused, or the file is incomplete or another.
        AugerError: the file cannot be written.
    """
    if not is_web_url(url):
        raise HubError("the hub answered a link that is no http(s) URL", request=_REQUEST)
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with part.open("x+b") as file:
            _receive(url, file, timeout=timeout, progress=progress)
            file.flush()
            os.fsync(file.fileno())
            if sha256 is not None and sha256_of(file) != sha256:
                told = "the storage gave another file than the hub has made: their digests differ"
                raise HubError(told, request=_REQUEST)
        part.replace(to)
        _remove_abandoned(to)
    except OSError as fault:
        raise AugerError(f"cannot write `{to}`: {fault.strerror or fault}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return 200


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file, read block by block, in hexadecimal digits."""
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _remove_abandoned(to: Path) -> None:
    """Remove what downloads of the same file left that were killed."""
    for part in to.parent.glob(f".{glob.escape(to.name)}.*.part"):
        with suppress(OSError):  # another download is quicker
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()


def _receive(url: str, file: BinaryIO, *, timeout: float, progress: Progress | None) -> None:
    """Read the storage's answer into the file; its length is checked by the library."""
    full: list[OSError] = []

    def receive() -> None:
        with (
            open_session(url) as session,
            session.get(url, timeout=(CONNECT_TIMEOUT, timeout), stream=True) as response,
        ):
            _check(response)
            total = int(response.headers.get("Content-Length") or 0)
            flow = _Flow(4 * timeout)
            for part in read_parts(response):
                flow.note(len(part))
                try:
                    file.write(part)
                except OSError as fault:  # a full disk is no fault of the connection
                    full.append(fault)
                    return
                if progress:
                    progress(file.tell(), total)

    guard_call(receive, request=_REQUEST, url=url)
    if full:
        raise full[0]


class _Flow:
    """Tells a slow storage from one that trickles: a byte now and then is no progress."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._since, self._count = seconds, time.monotonic(), 0

    def note(self, count: int) -> None:
        """Count bytes that came.

        Raises:
            Unavailable: a period brought next to none.
        """
        self._count += count
        now = time.monotonic()
        if now - self._since > self._seconds:
            if self._count < _TRICKLE:
                told = f"the storage sent {self._count} bytes in {now - self._since:.0f} s"
                raise Unavailable(told, request=_REQUEST)
            self._since, self._count = now, 0


def _check(response: requests.Response) -> None:
    """Raise unless the storage answers with the file."""
    status = response.status_code
    if status == 200:
        return
    kind: type[HubError] = HubError
    if status == 404:
        kind = NotFound
    elif status == 429 or status >= 500:
        kind = Unavailable
    raise kind(
        f"the storage did not give the file ({status})",
        request=_REQUEST,
        status=status,
        hint="a download link ends after 24 hours" if status == 403 else None,
    )
