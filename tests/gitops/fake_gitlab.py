"""What GitLab's API answers about one project, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "glpat-of-the-tests"


class _Handler(BaseHTTPRequestHandler):
    answers: Mapping[str, Any]

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        answer = self.answers.get(self.path.removeprefix("/api/v4/projects/7/"))
        allowed = self.headers["PRIVATE-TOKEN"] == TOKEN
        self.send_response(200 if allowed and answer is not None else 404 if allowed else 401)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())


@contextmanager
def serve_gitlab(answers: Mapping[str, Any]) -> Iterator[str]:
    """Answer by path, below the project; return the root of the API."""
    handler = type("Handler", (_Handler,), {"answers": answers})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v4"
        server.shutdown()
        thread.join()
