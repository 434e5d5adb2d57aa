"""A real server on loopback that answers as a test says, byte by byte when it must."""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from auger_reconcile.client.http.transport import Pace

KEPT = 2**18


@dataclass(frozen=True)
class Received:
    """One request as it came in; of a large body only the beginning is kept."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    size: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Step = Callable[[socket.socket, Received], None]


def reply(
    data: Any = None,
    *,
    status: str = "200 OK",
    body: bytes | None = None,
    content_type: str = "application/json; charset=utf-8",
    **headers: object,
) -> Step:
    """Answer with an envelope around the data, or with the given body."""
    payload = json.dumps({"data": data, "meta": {"status": 200}}).encode()
    payload = payload if body is None else body
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if "Content_Length" not in headers:
        lines.append(f"Content-Length: {len(payload)}")
    return raw("\r\n".join([*lines, "", ""]).encode() + payload)


def refuse(status: str, *errors: Any, **headers: object) -> Step:
    """Answer with the API's envelope of errors."""
    envelope = {"meta": {"status": int(status[:3]), "errors": list(errors)}}
    return reply(status=status, body=json.dumps(envelope).encode(), **headers)


def raw(text: bytes, *, then_close: bool = False) -> Step:
    """Send bytes as they are."""

    def send(connection: socket.socket, _: Received) -> None:
        connection.sendall(text)
        if then_close:
            connection.shutdown(socket.SHUT_RDWR)

    return send


def pages(count: int, **found: Any) -> Step:
    """Answer lists of `count` objects page by page, as the hub does."""

    def send(connection: socket.socket, received: Received) -> None:
        offset, limit = received.json["offset"], received.json["limit"]
        items = [{"id": number, **found} for number in range(count)][offset : offset + limit]
        total = {"limit": limit, "offset": offset, "count": len(items), "total": count}
        body = json.dumps({"data": items, "meta": {"pagination": total}}).encode()
        reply(body=body)(connection, received)

    return send


def reset(connection: socket.socket, _: Received) -> None:
    """Break the connection without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


def hang_up(connection: socket.socket, _: Received) -> None:
    """Close the connection without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def silence(connection: socket.socket, _: Received) -> None:
    """Say nothing until the client goes."""
    connection.settimeout(10)
    connection.recv(1)


def drip(connection: socket.socket, _: Received) -> None:
    """Send a byte now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(400):
        connection.sendall(b" ")
        time.sleep(0.02)


def drip_headers(connection: socket.socket, _: Received) -> None:
    """Send a byte of the headers now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(400):
        connection.sendall(b"x")
        time.sleep(0.02)


@dataclass
class ScriptedHub:
    """Answers the first request with the first step of the script, and so on; the last one stays.

    Attributes:
        script: the steps; replace them before asking.
        requests: what came in.
        connections: how many were accepted.
    """

    script: list[Step] = field(default_factory=lambda: [reply({})])
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()
        return f"http://{host}:{port}"

    def play(self, *steps: Step) -> None:
        self.script = list(steps)

    def is_left(self) -> bool:
        """Say whether the clients have closed all their connections, within a while."""
        for thread in self._threads[1:]:
            thread.join(2)
        return not any(thread.is_alive() for thread in self._threads[1:])

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):  # closed by the other side
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                with connection.makefile("rb") as stream:
                    while received := _receive(stream):
                        with self._lock:
                            step = self.script[min(len(self.requests), len(self.script) - 1)]
                            self.requests.append(received)
                        step(connection, received)
            except OSError:
                return  # the client or the test is gone


def _receive(stream: Any) -> Received | None:
    first = stream.readline().decode()
    if not first:
        return None
    method, path, _ = first.split(" ", 2)
    headers = {}
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", 0))
    body = stream.read(min(size, KEPT))
    if len(body) < min(size, KEPT):
        return None  # the client left in the middle
    for start in range(len(body), size, KEPT):
        stream.read(min(size - start, KEPT))
    return Received(method, path, headers, body, size)


@dataclass
class StoppedTime:
    """A clock that only sleeping moves."""

    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    @property
    def pace(self) -> Pace:
        return Pace(clock=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0)
