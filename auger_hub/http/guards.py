"""Refuse requests for the names of other sites before any route sees them."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".test")


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
