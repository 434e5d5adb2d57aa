"""A hub that has what a file says and changes nothing: enough to plan against, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "sEcReT-tOkEn-of-the-tests"
PAGING = {"token", "limit", "offset"}


class StaticHub(ThreadingHTTPServer):
    """Answers lists from its objects, and every request that would change something with a refusal.

    Attributes:
        objects: collection to its objects.
        refusals: `METHOD collection` to status and message.
        asked: `METHOD collection` of every request, in order.
        held: a request whose answer waits until it is `released`.
    """

    daemon_threads = True

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals: Mapping[str, Any] = content.get("refusals", {})
        organizations = [{"id": 1, "name": "acme"}]
        self.objects = {"organizations": organizations, **content}
        self.asked: list[str] = []
        self.held = ""
        self.released = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def credentials(self) -> str:
        """The text of AUGER_CREDENTIALS for this hub."""
        return json.dumps(
            {"username": "anna", "api_url": self.url, "token": TOKEN, "organization": "acme"}
        )


class _Handler(BaseHTTPRequestHandler):
    server: StaticHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the second write of an answer waits for 40 ms

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names of http.server

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _answer(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        collection = self.path.removeprefix("/api/v1/").partition("/")[0]
        request = f"{self.command} {collection}"
        self.server.asked.append(request)
        if request == self.server.held:
            self.server.released.wait()
        refusal = self.server.refusals.get(request)
        if asked.get("token") != TOKEN:
            refusal = {"status": 401, "message": "Invalid token"}
        elif collection == "applies" and collection not in self.server.objects:
            refusal = {"status": 404, "message": "Couldn't find a route"}  # as hubs of before
        elif self.command != "GET" and refusal is None:
            refusal = {"status": 503, "message": "this hub changes nothing"}
        if refusal:
            error = {"error_type": "error", "message": refusal["message"]}
            meta = {"status": refusal["status"], "errors": [error]}
            return self._send(refusal["status"], {"meta": meta})
        found = [item for item in self.server.objects.get(collection, ()) if _fits(item, asked)]
        page = found[asked.get("offset", 0) :][: asked.get("limit", 100)]
        pagination = {"total": len(found), "count": len(page)}
        return self._send(200, {"meta": {"status": 200, "pagination": pagination}, "data": page})

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _fits(item: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return all(item.get(key, value) == value for key, value in asked.items() if key not in PAGING)


@contextmanager
def serve(content: Mapping[str, Any]) -> Iterator[StaticHub]:
    """Run a static hub on a free port."""
    with StaticHub(content) as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            hub.released.set()
            hub.shutdown()
            thread.join()
