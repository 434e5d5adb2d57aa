"""Serve the status of a controller over HTTP: `/status` for programs, `/metrics` for Prometheus."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from auger_reconcile.controller.status import Book, Condition, TargetStatus
from auger_reconcile.errors import AugerError


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    book: Book


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        statuses = list(self.server.book.statuses.values())
        match self.path:
            case "/status":
                told = {"targets": [one.to_json() for one in statuses]}
                self._send(json.dumps(told), "application/json")
            case "/metrics":
                self._send("".join(metrics(statuses)), "text/plain; version=0.0.4")
            case "/health":
                self._send('{"status": "ok"}', "application/json")
            case _:
                self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of http.server
        """Log nothing: every few seconds somebody asks."""

    def _send(self, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(book: Book, listen: str | None) -> Iterator[str | None]:
    """Serve while the context lasts; yield the address, None without one.

    Raises:
        AugerError: the address is taken.
    """
    if listen is None:
        yield None
        return
    host, _, port = listen.rpartition(":")
    try:
        server = _Server((host or "127.0.0.1", int(port)), _Handler)
    except OSError as error:
        raise AugerError(f"the controller cannot listen on {listen}: {error.strerror}") from None
    server.book = book
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{server.server_address[0]!s}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metrics(statuses: list[TargetStatus]) -> Iterator[str]:
    """Yield what Prometheus reads."""
    yield "# HELP auger_controller_target How each target stands: 1 for its condition.\n"
    yield "# TYPE auger_controller_target gauge\n"
    for one in statuses:
        for condition in Condition:
            labels = f'target="{_escape(one.name)}",condition="{condition.value}"'
            yield f"auger_controller_target{{{labels}}} {int(condition is one.condition)}\n"
    for name, moment in (("condition", "since"), ("look", "looked_at")):
        yield f"# HELP auger_controller_{name}_age_seconds Since the {name}.\n"
        yield f"# TYPE auger_controller_{name}_age_seconds gauge\n"
        for one in statuses:
            label = f'target="{_escape(one.name)}"'
            age = _age(getattr(one, moment))
            yield f"auger_controller_{name}_age_seconds{{{label}}} {age:.0f}\n"


def _age(moment: str) -> float:
    try:
        told = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return 0.0
    return max(0.0, time.time() - told.timestamp())


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
