"""Limit how long and how many connections may be held by whoever can reach the hub.

A connection costs a descriptor and memory before it is known who is behind it. So a head has to be
complete in time, a body has to keep coming, an answer has to be taken, and of one address there are
so many at most: of the rest, those go first that have waited for a request the longest. Behind a
proxy requests are counted for the address that it has them from.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 256 * 1024
HEAD_SECONDS = 15.0
RATE_SECONDS = 20.0
LEAST_RATE = 1000
"""Bytes a second, of a body that comes and of an answer that is taken."""
_STALLED_SECONDS = 2.0
_LOOK_SECONDS = 1.0
_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"  # no body
)
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"retry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_PROBES = (b"/health", b"/ready")
"""Paths that tell whether the hub works: they find a place when others do not."""


class _Table:
    """Connections by the address that they are counted for, each address' newest last."""

    def __init__(self) -> None:
        self.of: dict[str, dict[BoundedHttp, None]] = {}
        self.count = 0

    def add(self, connection: BoundedHttp, address: str) -> None:
        self.of.setdefault(address, {})[connection] = None
        self.count += 1

    def remove(self, connection: BoundedHttp, address: str) -> None:
        same = self.of.get(address, {})
        if connection not in same:
            return
        del same[connection]
        self.count -= 1
        if not same:
            del self.of[address]

    def largest(self) -> dict[BoundedHttp, None]:
        return max(self.of.values(), key=len, default={})

    def __iter__(self) -> Iterator[BoundedHttp]:
        return (one for same in self.of.values() for one in same)


@dataclass
class Connections:
    """All connections of this server: those that wait for a head, and those with a request.

    A request takes a place when its head is there. When all are taken, who holds most of them gives
    one to an address that holds fewer, so that nobody keeps out those who come from elsewhere.

    Attributes:
        most: how many requests there may be.
        most_of_address: how many of them one address may have.
        spare: how many connections more there may be, so that heads can be read and probes answered
            when all places are taken.
    """

    most: int = 600
    most_of_address: int = 400
    spare: int = 40
    waiting: _Table = field(default_factory=_Table)
    working: _Table = field(default_factory=_Table)
    _timer: asyncio.TimerHandle | None = None

    @property
    def count(self) -> int:
        """How many connections there are."""
        return self.waiting.count + self.working.count

    def add(self, connection: BoundedHttp) -> bool:
        """Count a new one and make room for it; False when there is none."""
        if self.count >= self.most + self.spare:
            idle = self.waiting.largest()
            if not idle:
                return False
            self._end(min(idle, key=lambda one: one.since))
        self.waiting.add(connection, connection.address)
        if self._timer is None:
            self._timer = connection.loop.call_later(_LOOK_SECONDS, self._look, connection.loop)
        return True

    def remove(self, connection: BoundedHttp) -> None:
        """Forget one that has ended."""
        self.waiting.remove(connection, connection.address)
        self.working.remove(connection, connection.address)

    def begin(self, connection: BoundedHttp, address: str, *, is_probe: bool) -> bool:
        """Count a request for the address that it is from; False when there is no place for it."""
        self.remove(connection)
        same = self.working.of.get(address, {})
        has_place = is_probe and self.working.count < self.most + self.spare
        if not has_place and len(same) >= self.most_of_address:
            has_place = self._end_stalled(same)
        elif not has_place and self.working.count >= self.most:
            largest = self.working.largest()
            has_place = self._end_stalled(largest) or len(largest) > len(same) + 1
            if self.working.count >= self.most and has_place:
                self._end(next(reversed(largest)))
        else:
            has_place = True
        if has_place:
            connection.address = address
            self.working.add(connection, address)
        return has_place

    def rest(self, connection: BoundedHttp) -> None:
        """Count one as waiting again, whose request is answered."""
        self.remove(connection)
        connection.address = connection.peer
        self.waiting.add(connection, connection.address)

    def _end_stalled(self, same: dict[BoundedHttp, None]) -> bool:
        """End the one whose body has kept the hub waiting longest; False when none does."""
        present = time.monotonic()
        stalled = [one for one in same if one.is_stalled(present)]
        if stalled:
            self._end(min(stalled, key=lambda one: one.heard_at))
        return bool(stalled)

    def _end(self, connection: BoundedHttp) -> None:
        self.remove(connection)  # now: more may come before its end is told
        connection.transport.abort()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End those that take too long, once a second while there are any."""
        present = time.monotonic()
        for connection in [*self.waiting, *self.working]:
            connection.end_if_slow(present)
        self._timer = loop.call_later(_LOOK_SECONDS, self._look, loop) if self.count else None


class BoundedHttp(HttpToolsProtocol):
    """HTTP/1.1 with an end to heads and trailers, in bytes and in time, and to slow bodies.

    httptools takes heads as long as they come. A body of any length passes: it is handed on, and
    only what is kept is counted.
    """

    connections_of_server = Connections()
    peer = ""
    address = ""
    """What the connection is counted for: its peer, or whom a proxy has its request from."""
    since = 0.0
    is_waiting = True
    """Whether no request is complete: nothing is lost when it ends."""
    heard_at = 0.0
    _is_reading_body = False
    _is_refused = False
    _kept = 0
    _moved = 0
    _held = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection; without room for it there is none."""
        super().connection_made(transport)
        self.peer = self.address = self.client[0] if self.client else ""
        self.since = self.heard_at = time.monotonic()
        if not self.connections_of_server.add(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.connections_of_server.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the next bytes of the connection."""
        self._kept += len(data)
        self._moved += len(data)
        self.heard_at = time.monotonic()
        super().data_received(data)
        if self._kept > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Count anew for every request of a connection."""
        self._kept = 0
        if self.is_waiting:
            self.since = time.monotonic()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take a place, and expect the body from now on."""
        if self._is_refused:
            return
        if self.is_waiting and not self._begin():
            self._is_refused = True
            self.transport.write(_TOO_MANY)
            self.transport.close()
            return
        self.is_waiting = False
        self._is_reading_body = True
        self.since, self._moved = time.monotonic(), 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count anew: what came is with the application."""
        self._kept = 0
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect nothing until it is answered."""
        if self._is_refused:
            return
        self._is_reading_body = False
        if self.cycle.response_complete:
            self._rest()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, if this one was read to its end."""
        if not self._is_reading_body:
            self._rest()
        super().on_response_complete()

    def _begin(self) -> bool:
        names = {name for name, _ in self.headers}
        has_body = b"content-length" in names or b"transfer-encoding" in names
        is_probe = not has_body and self.url.partition(b"?")[0] in _PROBES
        return self.connections_of_server.begin(self, self._requested_from(), is_probe=is_probe)

    def _rest(self) -> None:
        if not self.is_waiting and not self.transport.is_closing():
            self.connections_of_server.rest(self)
        self.is_waiting, self.since = True, time.monotonic()

    def _requested_from(self) -> str:
        """Return whom the request is from, as the application will be told."""
        app: Any = self.config.loaded_app
        if not (isinstance(app, ProxyHeadersMiddleware) and self.peer in app.trusted_hosts):
            return self.peer
        said = b",".join(value for name, value in self.headers if name == b"x-forwarded-for")
        if not said:
            return self.peer
        return app.trusted_hosts.get_trusted_client_address(said.decode("latin-1"))[0] or self.peer

    def pause_writing(self) -> None:
        """Expect that the answer is taken from now on."""
        self.since, self._held = time.monotonic(), self._unsent()
        super().pause_writing()

    def is_stalled(self, present: float) -> bool:
        """Return whether the rest of a body is due, and nothing of it has come for a while."""
        is_due = self._is_reading_body and not self.flow.read_paused
        return is_due and present - self.heard_at > _STALLED_SECONDS

    def end_if_slow(self, present: float) -> None:
        """End the connection when the other side takes too long for what is its turn."""
        seconds = present - self.since
        if self.is_waiting:
            if seconds > HEAD_SECONDS:
                self.transport.abort()
        elif self.flow.write_paused:
            self._end_if_below_rate(seconds, self._held - self._unsent(), present)
        elif self._is_reading_body and not self.flow.read_paused:
            self._end_if_below_rate(seconds, self._moved, present)
        else:
            self._begin_anew(present)

    def _end_if_below_rate(self, seconds: float, size: int, present: float) -> None:
        if seconds < RATE_SECONDS:
            return
        if size >= LEAST_RATE * seconds:
            self._begin_anew(present)
            return
        if self._is_reading_body and not self.cycle.response_started:
            with contextlib.suppress(RuntimeError):
                self.transport.write(_TOO_SLOW)
            self.transport.close()
        else:
            self.transport.abort()

    def _begin_anew(self, present: float) -> None:
        self.since, self._moved, self._held = present, 0, self._unsent()

    def _unsent(self) -> int:
        size: Any = self.transport.get_write_buffer_size()
        return int(size)
