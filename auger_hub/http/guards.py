"""Refuse requests before any route sees them: endless headers, and names of other sites."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 256 * 1024
_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".test")


class BoundedHttp(HttpToolsProtocol):
    """HTTP/1.1 with an end to headers and trailers: httptools takes them as long as they come.

    A body of any length passes: it is handed on, and only what is kept is counted.
    """

    _kept = 0

    def data_received(self, data: bytes) -> None:
        """Take the next bytes of the connection."""
        self._kept += len(data)
        super().data_received(data)
        if self._kept > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Count anew for every request of a connection."""
        self._kept = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Count anew: what came is with the application."""
        self._kept = 0
        super().on_body(body)


class OwnNames:
    """A hub on loopback answers to no name that somebody else could own.

    A site may let its own name lead to 127.0.0.1 and then ask the hub with the visitor's browser.
    Such a name is one of the public DNS; addresses and private names are not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless it is for another site."""
        if scope["type"] == "http" and not is_own_name(Headers(scope=scope).get("host", "")):
            refusal = PlainTextResponse("This hub does not go by that name.", 421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_own_name(host: str) -> bool:
    """Return whether the Host of a request can only be this machine's."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").rstrip(".").lower()
    if "." not in name or name.endswith(_PRIVATE_ENDINGS):
        return True
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
