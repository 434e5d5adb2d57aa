"""Serve what operators and their machines ask: is it alive, is it ready, how does it do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from auger_hub.accounts.users import find_caller
from auger_hub.hub import Hub
from auger_hub.program.observation.measures import Measures
from auger_hub.program.observation.readiness import Readiness
from auger_hub.settings import LOCAL, OFF, OPEN, OWN_ORGANIZATION
from auger_reconcile import __version__

Endpoint = Callable[[Request], Awaitable[Response]]


def observation_routes(hub: Hub) -> list[Route]:
    """Return the routes that need no login: alive, ready, and the measures as settings say."""
    return [
        Route("/health", _health, methods=["GET"]),
        Route("/ready", _ready(hub), methods=["GET"]),
        Route("/metrics", _metrics(hub), methods=["GET"]),
    ]


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "version": __version__})


def _ready(hub: Hub) -> Endpoint:
    readiness = Readiness(hub)

    async def answer(_request: Request) -> Response:
        seen = await readiness.look()
        is_ready = not any(seen.values())
        told = {name: said or "ok" for name, said in seen.items()}
        return JSONResponse({"ready": is_ready, **told}, status_code=200 if is_ready else 503)

    return answer


def _metrics(hub: Hub) -> Endpoint:
    measures = Measures(hub)

    def answer(request: Request) -> Response:
        if not _may_read(hub, request):
            told = "The metrics of this hub are not for you: see `metrics` in its settings.\n"
            return PlainTextResponse(told, status_code=403)
        return Response(measures.text(), media_type=CONTENT_TYPE_LATEST)

    async def in_thread(request: Request) -> Response:
        return await anyio.to_thread.run_sync(answer, request)

    return in_thread


def _may_read(hub: Hub, request: Request) -> bool:
    """Tell by the setting; behind a proxy the client's address is the one it was told."""
    readers = hub.settings.metrics
    if readers in (OPEN, OFF):
        return readers == OPEN
    address = request.client.host if request.client else ""
    if readers == LOCAL:
        return _is_loopback(address)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    caller = find_caller(hub.database, token.strip()) if scheme.lower() == "bearer" else None
    return caller is not None and caller.organization == OWN_ORGANIZATION


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
