"""Limit the time until an answer of a connection begins, its whole head included.

The libraries count it from one byte to the next. A host that sends a byte of its headers now and
then would be waited for without end.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class _TimedLines:
    """Reads lines of a connection for so many seconds."""

    def __init__(self, source: io.BufferedReader, seconds: float) -> None:
        self._source = source
        self._give_up_at = time.monotonic() + seconds

    def readline(self, limit: int) -> bytes:
        line = b""
        while len(line) < limit and not line.endswith(b"\n"):
            here = self._source.peek(1)  # what came with one look, so that time is heeded
            if not here:
                break
            if time.monotonic() > self._give_up_at:
                raise TimeoutError("the head of the answer takes too long")
            length = here.find(b"\n") + 1 or len(here)
            line += self._source.read(min(length, limit - len(line)))
        return line

    def close(self) -> None:
        self._source.close()


class TimedResponse(HTTPResponse):
    """An answer whose status and headers come within the time-out of the connection."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._seconds: float | None = sock.gettimeout()

    def begin(self) -> None:
        """Read status and headers.

        Raises:
            TimeoutError: they did not come in time.
        """
        source = self.fp
        if self._seconds is not None:
            self.fp = _TimedLines(source, self._seconds)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if isinstance(self.fp, _TimedLines):
                self.fp = source


class _TimedHttp(HTTPConnection):
    response_class = TimedResponse


class _TimedHttps(HTTPSConnection):
    response_class = TimedResponse


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _TimedHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHttps


POOLS = {"http": _HttpPool, "https": _HttpsPool}
