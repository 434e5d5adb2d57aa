"""Serve on loopback as a hub and its storage would, as fast or as slow as is wanted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ORGANIZATION = "acme"
BLOCK = 1 << 20

Respond = Callable[[str, str, Mapping[str, Any]], Any]


class Hub(ThreadingHTTPServer):
    """Answers requests with what `respond` says, given method, path and body.

    Attributes:
        latency: seconds before each answer.
        received: bytes of uploads.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, respond: Respond, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond, self.latency, self.received = respond, latency, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if self.headers.get_content_type() == "multipart/form-data":
            self._swallow(size)
            return
        asked = json.loads(self.rfile.read(size) or "{}")
        time.sleep(self.server.latency)
        path = self.path.removeprefix("/api/v1/")
        answer = self.server.respond(self.command, path, asked)
        self._send(answer if isinstance(answer, bytes) else envelope(answer))

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names of http.server

    def log_message(self, *_: Any) -> None:
        pass

    def _swallow(self, size: int) -> None:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        block = bytearray(BLOCK)
        left = size
        while left > 0:
            count = self.rfile.readinto1(memoryview(block)[: min(left, BLOCK)])  # type: ignore[attr-defined]
            if not count:
                return
            left -= count
        self.server.received += size
        self._send(b"")

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def envelope(data: Any) -> bytes:
    """Return an answer of the API with some data."""
    return json.dumps({"meta": {"status": 200}, "data": data}).encode()


class Lists:
    """The lists of a hub, each object encoded once.

    Attributes:
        pages: the bodies of all pages of all lists, as they will be answered.
    """

    def __init__(self, objects: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        named = {"organizations": [{"id": 1, "name": ORGANIZATION}], **objects}
        self._encoded = {
            name: [json.dumps(item).encode() for item in items] for name, items in named.items()
        }

    def respond(self, _method: str, path: str, asked: Mapping[str, Any]) -> bytes:
        """Answer a list; filters are left to the client."""
        return self._page(path, asked.get("offset", 0), asked.get("limit", 100))

    def _page(self, name: str, offset: int, limit: int) -> bytes:
        items = self._encoded.get(name, [])
        page = items[offset : offset + limit]
        meta = {"status": 200, "pagination": {"total": len(items), "count": len(page)}}
        head = b'{"meta": ' + json.dumps(meta).encode() + b', "data": ['
        return head + b", ".join(page) + b"]}"

    @property
    def pages(self) -> Iterator[bytes]:
        """Every page that planning reads."""
        for name, items in self._encoded.items():
            for offset in range(0, len(items), 100):
                yield self._page(name, offset, 100)


@contextmanager
def serve(respond: Respond, *, latency: float = 0.0) -> Iterator[Hub]:
    """Run a server on a free port of loopback."""
    with Hub(respond, latency) as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()
