"""A world over HTTP: a hub and its storage on loopback, whose answer to any request may go wrong.

It adds to the world what only the wire has: envelopes, pages, tokens, forms of several parts.
"""

import copy
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from auger_reconcile.errors import HubError

from .world import World, archive_of

API = "/api/v1/"
TOKEN = "token-that-nobody-is-told"
PAGE = 2  # objects, whatever the client asks for: every list of some length has several pages

Sabotage = Callable[["Asked"], None]


class WorldServer(ThreadingHTTPServer):
    """Answers for a world, and sabotages the answers to some requests.

    Attributes:
        asked: method and path of every request so far.
        sabotage: what happens to a request, and to which: the first one, and how many.
        past: the world as it was when the first sabotaged request came in.
        bugs: what the world did not know to answer; a test that leaves one is wrong.
        gone: set when the server ends, for those who only wait.
        connections: how many are open.
        quiet: notified when there are fewer.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.world, self.past = world, world
        world.storage, world.exports = f"{self.url}/bucket", f"{self.url}/exports"
        self.asked: list[tuple[str, str]] = []
        self.bugs: list[Exception] = []
        self.gone = threading.Event()
        self.lock = threading.Lock()
        self.quiet = threading.Condition()
        self.connections = 0
        self.spare()

    def spoil(self, sabotage: Sabotage, first: int, count: int = 1) -> None:
        """Sabotage `count` requests from the `first` on, counted from now and from 0."""
        self.sabotage, start = sabotage, len(self.asked) + first
        self.spoiled = range(start, start + count)

    def spare(self) -> None:
        """Answer every further request as a hub does."""
        self.sabotage, self.spoiled = Asked.answer, range(0)

    def admit(self, method: str, path: str) -> Sabotage:
        """Note a request; return what happens to it."""
        with self.lock:
            number = len(self.asked)
            self.asked.append((method, path))
            if number == self.spoiled.start and self.spoiled:
                self.past = copy.deepcopy(self.world)
                self.past.is_past = True
            return self.sabotage if number in self.spoiled else Asked.answer

    def wait_until_quiet(self) -> None:
        """Wait until all connections are closed: what came in is done then."""
        with self.quiet:
            assert self.quiet.wait_for(lambda: not self.connections, timeout=5)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.quiet:
            self.connections += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self.quiet:
                self.connections -= 1
                self.quiet.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent about clients that leave in the middle."""


class _Handler(BaseHTTPRequestHandler):
    server: WorldServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        with suppress(OSError):  # the client is gone, or was sent away
            if len(body) == size:
                self.server.admit(self.command, self.path)(Asked(self, body))

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names of http.server

    def log_message(self, *_: Any) -> None:
        pass


class Asked:
    """One request that came in, and everything that may be done about it."""

    def __init__(self, handler: _Handler, body: bytes) -> None:
        self.handler, self.server, self.body = handler, handler.server, body
        self.is_read = handler.command == "GET"

    # How hubs behave ----------------------------------------------------------------------------

    def answer(self) -> None:
        """Act, and answer."""
        self.send(*self.act())

    def act(self, world: World | None = None) -> tuple[int, bytes]:
        """Do what is asked; return status and body of the answer."""
        with self.server.lock:
            try:
                return self._act(world or self.server.world)
            except HubError as error:
                errors = [{"error_type": "bad_request", "message": str(error)}]
                return error.status or 400, _to_json(None, errors=errors)
            except Exception as error:
                self.server.bugs.append(error)
                raise

    def send(self, status: int, body: bytes, **headers: object) -> None:
        """Send a whole answer."""
        self.send_head(status, len(body), **headers)
        self.write(body)

    # How they do not ----------------------------------------------------------------------------

    def send_head(self, status: int, length: int, **headers: object) -> None:
        """Send the beginning of an answer, which claims a length."""
        self.handler.send_response(status)
        told = {"Content-Type": "application/json", "Content-Length": length, **headers}
        for name, value in told.items():
            self.handler.send_header(name.replace("_", "-"), str(value))
        self.handler.end_headers()
        self.handler.wfile.flush()

    def write(self, data: bytes) -> None:
        """Send bytes at once."""
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def hang_up(self) -> None:
        """Close the connection."""
        self.handler.close_connection = True
        self.handler.connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Break the connection."""
        self.handler.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.handler.connection.detach())

    def wait_for_leave(self) -> None:
        """Say nothing until the client leaves."""
        self.handler.close_connection = True
        self.handler.connection.settimeout(30)
        self.handler.connection.recv(1)

    # The parts of the contract that are no objects ----------------------------------------------

    def _act(self, world: World) -> tuple[int, bytes]:
        url = urlsplit(self.handler.path)
        if url.path == "/bucket":
            form = _read_form(self.handler.headers["Content-Type"], self.body)
            world.store(form["key"].decode(), form["file"])
            return 201, b""
        if url.path.startswith("/exports/"):
            return 200, archive_of(url.path)
        body = json.loads(self.body)
        if body.pop("token", None) != TOKEN:
            return 401, _to_json(None, errors=[{"message": "no token"}])
        path = url.path.removeprefix(API)
        if self.is_read and "/" not in path:
            return 200, _to_page(world.list_all(path, body), body)
        return 200, _to_json(world.call(self.handler.command, path, body))


@contextmanager
def serve(world: World) -> Iterator[WorldServer]:
    """Serve a world on a free port of loopback."""
    with WorldServer(world) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.gone.set()
            server.shutdown()
            thread.join()


def _to_page(rows: list[Any], asked: Mapping[str, Any]) -> bytes:
    offset = asked.get("offset", 0)
    page = rows[offset : offset + min(asked.get("limit", PAGE), PAGE)]
    return _to_json(page, pagination={"total": len(rows), "count": len(page), "offset": offset})


def _to_json(data: Any, **meta: Any) -> bytes:
    return json.dumps({"meta": {"status": 200, **meta}, "data": data}).encode()


def _read_form(kind: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a form by name."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in parts
    }
