"""Bound an exchange with a provider: one deadline over all its requests, and short answers.

A timeout of `requests` is for each read, so that a byte a second would hold a thread for ever. At
the deadline the connections are cut instead, whatever they wait for: TLS, heads or bodies.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

MOST_BYTES = 64 * 1024
_current = threading.local()


class Deadline:
    """When the exchange of one thread has to be over; cuts its connections then."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_over = False

    def left(self) -> float:
        """Return how many seconds are left; raise Timeout when none are."""
        left = self._ends - time.monotonic()
        if self._is_over or left <= 0:
            raise requests.Timeout("the provider takes too long")
        return left

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection at the deadline: by a socket of its own, as TLS takes the other."""
        with self._lock:
            self._sockets.append(connected.dup())
        if self._is_over:
            self.cut()

    def cut(self) -> None:
        """End all that the exchange waits for."""
        with self._lock:
            self._is_over = True
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back what was held."""
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()


class Exchanges:
    """The exchanges that are under way with one provider."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: set[Deadline] = set()
        self._is_closed = False

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Bound the requests of this thread during the block; one within another is part of it."""
        if getattr(_current, "deadline", None) is not None:
            yield
            return
        deadline = _current.deadline = Deadline(0 if self._is_closed else self._seconds)
        timer = threading.Timer(self._seconds, deadline.cut)
        timer.daemon = True
        timer.start()
        self._running.add(deadline)
        try:
            yield
        finally:
            timer.cancel()
            self._running.discard(deadline)
            _current.deadline = None
            deadline.close()

    def close(self) -> None:
        """Cut all exchanges, as the hub ends."""
        self._is_closed = True
        for deadline in list(self._running):
            deadline.cut()


def bound(session: requests.Session) -> None:
    """Let a session make its requests within the exchange of its thread."""
    session.mount("http://", _Adapter(max_retries=0))
    session.mount("https://", _Adapter(max_retries=0))
    session.headers["Accept-Encoding"] = "identity"  # few bytes must not become many


class _Watched(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()
        _current.deadline.watch(connected)
        return connected


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolTls(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _take_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        _take_pools(manager)
        return manager

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Return the answer, its body read: not more of it than a provider has to say."""
        seconds = _current.deadline.left()
        response = super().send(request, **{**options, "stream": True, "timeout": seconds})
        try:
            body = response.raw.read(MOST_BYTES + 1, decode_content=False)
        except (HTTPError, OSError) as error:
            raise requests.ConnectionError(error, request=request) from error
        finally:
            response.raw.close()
        _current.deadline.left()  # what was cut is not an answer
        if len(body) > MOST_BYTES:
            raise ValueError(f"{request.url} answers with more than {MOST_BYTES} bytes")
        response.raw = io.BytesIO(body)
        return response


def _take_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTls}
