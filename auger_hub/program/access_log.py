"""Log, count and time every request, under an id that its answer names too."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auger_hub.telemetry.metrics import REQUEST_SECONDS, REQUESTS
from auger_hub.telemetry.request import RequestFacts, begin_request, request_id

_access = logging.getLogger("auger.hub.access")
_GONE = 499  # as nginx writes for a client that left before it was answered
_PLAIN = "/!$&'()*+,;=:@"
_ID_HEADER = b"x-request-id"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class AccessLog:
    """One line a request: method, path, status, milliseconds; never a query, body or token."""

    def __init__(self, app: ASGIApp, paths: Mapping[Any, str]) -> None:
        self._app = app
        self._paths = paths
        """Of the routes, by what answers them: ids would make a measure of each object."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        facts = _facts_of(scope)
        begin_request(facts)
        status = 500
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (_ID_HEADER, facts.id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            status = _GONE
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = self._paths.get(scope.get("endpoint"), "none")
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        REQUESTS.labels(method, route, str(status)).inc()
        REQUEST_SECONDS.labels(route).observe(seconds)
        path = quote(scope["path"], safe=_PLAIN)  # no line ends, no orders to a terminal
        told = {
            "method": scope["method"],
            "path": path,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        }
        line = "%s %s %d %.1f"
        _access.info(line, scope["method"], path, status, seconds * 1000, extra={"facts": told})


def _facts_of(scope: Scope) -> RequestFacts:
    given = next((value for name, value in scope["headers"] if name == _ID_HEADER), b"")
    client = scope.get("client")
    return RequestFacts(
        id=request_id(given.decode("latin-1")), address=str(client[0]) if client else ""
    )
