"""Limit how long and how many connections may be held by whoever can reach the hub.

A connection costs a descriptor and memory before it is known who is behind it. So a head has to be
complete in time, a body has to keep coming, an answer has to be taken, and of one address there are
so many at most: of the rest, those go first that have waited for a request the longest.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

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


@dataclass
class Connections:
    """All connections of this server.

    Attributes:
        most: how many there may be.
        most_of_address: how many of them one address may have.
    """

    most: int = 600
    most_of_address: int = 400
    open: dict[str, dict[BoundedHttp, None]] = field(default_factory=dict)
    count: int = 0
    _timer: asyncio.TimerHandle | None = None

    def add(self, connection: BoundedHttp) -> bool:
        """Count a new one and make room for it; False when there is none."""
        same = self.open.setdefault(connection.address, {})
        same[connection] = None
        self.count += 1
        if self._timer is None:
            self._timer = connection.loop.call_later(_LOOK_SECONDS, self._look, connection.loop)
        if len(same) > self.most_of_address:
            return self._end_oldest(same, connection)
        if self.count > self.most:
            return self._end_oldest(max(self.open.values(), key=len), connection)
        return True

    def remove(self, connection: BoundedHttp) -> None:
        """Forget one that has ended."""
        same = self.open.get(connection.address, {})
        if connection in same:
            del same[connection]
            self.count -= 1
        if not same:
            self.open.pop(connection.address, None)

    def _end_oldest(self, same: dict[BoundedHttp, None], new: BoundedHttp) -> bool:
        """End the one that has kept the hub waiting longest; False when all are at work."""
        others = [one for one in same if one is not new]
        waiting = [one for one in others if one.is_waiting] or [
            one for one in others if one.is_stalled(time.monotonic())
        ]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda one: one.heard_at)
        self.remove(oldest)  # now: more may come before its end is told
        oldest.transport.abort()
        return True

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End those that take too long, once a second while there are any."""
        present = time.monotonic()
        for connection in [one for same in self.open.values() for one in same]:
            connection.end_if_slow(present)
        self._timer = loop.call_later(_LOOK_SECONDS, self._look, loop) if self.count else None


class BoundedHttp(HttpToolsProtocol):
    """HTTP/1.1 with an end to heads and trailers, in bytes and in time, and to slow bodies.

    httptools takes heads as long as they come. A body of any length passes: it is handed on, and
    only what is kept is counted.
    """

    connections_of_server = Connections()
    address = ""
    since = 0.0
    is_waiting = True
    """Whether no request is complete: nothing is lost when it ends."""
    heard_at = 0.0
    _is_reading_body = False
    _kept = 0
    _moved = 0
    _held = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection; without room for it there is none."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
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
        """Expect the body from now on."""
        self.is_waiting = False
        self._is_reading_body = True
        self.since, self._moved = time.monotonic(), 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count anew: what came is with the application."""
        self._kept = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect nothing until it is answered."""
        self._is_reading_body = False
        if self.cycle.response_complete:
            self.is_waiting, self.since = True, time.monotonic()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, if this one was read to its end."""
        if not self._is_reading_body:
            self.is_waiting, self.since = True, time.monotonic()
        super().on_response_complete()

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
