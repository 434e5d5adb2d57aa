"""Set the security headers of the pages, and refuse forms that another site made a browser send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Endpoint = Callable[[Request], Awaitable[Response]]

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # `no-referrer` would empty the Origin of our own forms
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def guard(endpoint: Endpoint, *, is_cacheable: bool = False) -> Endpoint:
    """Return the endpoint with the headers, closed to forms of other sites."""

    async def answer(request: Request) -> Response:
        if request.method == "POST" and not _is_same_origin(request):
            response: Response = PlainTextResponse("This form is of another site.", 403)
        else:
            response = await endpoint(request)
        response.headers.update(_HEADERS)
        response.headers["Cache-Control"] = "no-cache" if is_cacheable else "no-store"
        return response

    return answer


def _is_same_origin(request: Request) -> bool:
    """Compare hosts: behind a proxy that speaks TLS the hub does not know its own scheme."""
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")
