"""The comments of one pull request, as GitHub's API serves them, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ISSUE = "/repos/acme/models/issues/5/comments"
ONE = "/repos/acme/models/issues/comments/"


class FakeGitHub(ThreadingHTTPServer):
    """Keeps comments; refuses who has no token."""

    daemon_threads = True

    def __init__(self, comments: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments = comments

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeGitHub

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        self._send(self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        assert self.path == ISSUE
        comment = {"id": 999, "user": {"type": "Bot"}, **self._read()}
        self.server.comments.append(comment)
        self._send(comment)

    def do_PATCH(self) -> None:
        assert self.path.startswith(ONE)
        (found,) = [c for c in self.server.comments if c["id"] == int(self.path[len(ONE) :])]
        found |= self._read()
        self._send(found)

    def _read(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _send(self, answer: Any) -> None:
        allowed = self.headers["Authorization"] == "Bearer gh-token"
        body = json.dumps(answer).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def comment(number: int, body: str = "looks good", kind: str = "User") -> dict[str, Any]:
    return {"id": number, "body": body, "user": {"type": kind}}


@contextmanager
def serve_github(*comments: dict[str, Any]) -> Iterator[FakeGitHub]:
    """Run the API on a free port."""
    with FakeGitHub(list(comments)) as github:
        thread = threading.Thread(target=github.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield github
        finally:
            github.shutdown()
            thread.join()
