"""Build the HTTP application: authentication, envelope and errors around routes (§1)."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auger_hub.accounts.login_codes import redeem_login_code
from auger_hub.accounts.users import find_caller, log_in
from auger_hub.database.engine import is_gone
from auger_hub.http.answer import refuse, respond, tell_failures
from auger_hub.http.body import SMALL_BYTES, Bodies, Sent, most_bytes
from auger_hub.http.contract import (
    LOGIN,
    LOGIN_BY_CODE,
    ApiError,
    InvalidParams,
    MethodNotAllowed,
    NotFound,
    Route,
    TooManyLogins,
    Unauthenticated,
    Unavailable,
    envelope,
    error_envelope,
)
from auger_hub.http.files import file_routes
from auger_hub.http.guards import OwnNames
from auger_hub.http.params import check
from auger_hub.http.thread_shares import ThreadShares
from auger_hub.hub import Hub
from auger_hub.pages.routes import page_routes
from auger_hub.program.access_log import AccessLog
from auger_hub.program.answers_now import AnswersNow
from auger_hub.program.heavy_requests import HeavyRequests
from auger_hub.program.observation.observe import observation_routes
from auger_hub.program.openapi import docs_page, openapi_document
from auger_hub.program.route_table import ROUTES
from auger_hub.settings import API_PREFIX, WORK

_THREADS = 16
_SHARE = 12
_LAST_SECONDS = 30.0
_BY_CODE = "(code)"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(hub: Hub, *, on_ready: Callable[[], None] = lambda: None) -> ASGIApp:
    """Return the ASGI application; `on_ready` is called when it is about to answer."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        hub.supervisor.start()
        on_ready()
        yield
        _end_in_time()
        await anyio.to_thread.run_sync(heavy.close)
        if hub.sign_on is not None:
            hub.sign_on.close()
        await anyio.to_thread.run_sync(hub.supervisor.stop)
        hub.database.close()

    heavy, answers = HeavyRequests(hub), AnswersNow(hub)
    bodies = Bodies(partial(_owner_of, hub))
    routes = observation_routes(hub)
    if hub.settings.role != WORK:
        routes += _routes_for_all(hub, _Desk(hub, bodies, heavy, answers))
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    paths = {route.endpoint: route.path for route in routes}
    return AccessLog(SafeHeaders(OwnNames(app) if hub.settings.is_personal else app), paths)


def _routes_for_all(hub: Hub, desk: _Desk) -> list[StarletteRoute]:
    """Return what a process answers that is not there for background work alone."""
    return [
        StarletteRoute(f"{API_PREFIX}/tokens", _token_endpoint(hub, desk.bodies), methods=_METHODS),
        *_api_routes(desk),
        StarletteRoute(f"{API_PREFIX}/openapi.json", _document, methods=["GET"]),
        StarletteRoute(f"{API_PREFIX}/docs", _docs, methods=["GET"]),
        StarletteRoute("/api/{path:path}", _unknown_path, methods=_METHODS),
        *page_routes(hub),
        *file_routes(hub),
    ]


def _end_in_time() -> None:
    """End this process when its work does not end: a hub that hangs can be started again."""
    watch = threading.Timer(_LAST_SECONDS, os._exit, (1,))
    watch.daemon = True
    watch.start()


@dataclass(frozen=True)
class _Desk:
    """What takes the requests of all routes: each kind where it holds up nobody."""

    hub: Hub
    bodies: Bodies
    heavy: HeavyRequests
    answers: AnswersNow
    shares: ThreadShares = field(default_factory=partial(ThreadShares, _SHARE))

    async def answer(self, route: Route, request: Request, most: int) -> Response:
        """Return the answer to a request whose body has so many bytes at most."""
        base_url = str(request.base_url).rstrip("/")
        async with self.bodies.take(request, most) as sent:
            if sent.is_heavy:
                return await self.heavy.answer(route, sent, base_url)
            if route.at_once is not None and sent.is_small:
                answered = await self.answers.answer(route, sent, base_url)
                if answered is not None:
                    return answered
            if route.inline and sent.is_small and self.hub.database.is_sqlite:
                return respond(self.hub, route, sent, base_url)
            async with self.shares.take(request.client.host if request.client else ""):
                return await anyio.to_thread.run_sync(respond, self.hub, route, sent, base_url)


def _api_routes(desk: _Desk) -> list[StarletteRoute]:
    """Group the routes by path; PUT is taken like PATCH (§1.1)."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        methods = by_path.setdefault(route.path, {})
        methods[route.method] = route
        if route.method == "PATCH":
            methods["PUT"] = route
    return [
        StarletteRoute(API_PREFIX + path, _endpoint(desk, methods), methods=_METHODS)
        for path, methods in by_path.items()
    ]


def _endpoint(desk: _Desk, methods: dict[str, Route]) -> Endpoint:
    most = {method: most_bytes(route) for method, route in methods.items()}

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        route = methods.get(method)
        if route is None:
            return _refuse_method(methods)
        try:
            return await desk.answer(route, request, most[method])
        except ApiError as error:
            return refuse(error)
        except Exception as caught:
            if not is_gone(caught):
                raise
            return refuse(Unavailable("database"))  # while it was asked who sends this

    return answer


def _token_endpoint(hub: Hub, bodies: Bodies) -> Endpoint:
    def told(sent: Sent, address: str) -> Response:
        return tell_failures("POST /tokens", {}, lambda: _log_in(hub, sent.read(), address))

    async def create(request: Request) -> Response:
        if request.method != "POST":
            return _refuse_method({"POST": None})
        address = request.client.host if request.client else ""
        try:
            async with bodies.take(request, SMALL_BYTES) as sent:
                return await anyio.to_thread.run_sync(told, sent, address)
        except ApiError as error:
            return refuse(error)

    return create


def _log_in(hub: Hub, params: Mapping[str, Any], address: str) -> Response:
    """Answer by a token for a password, or for a code of the page (§7)."""
    is_by_code = params.get("code") is not None
    complaints = check(LOGIN_BY_CODE if is_by_code else LOGIN, params)
    if complaints:
        raise InvalidParams(*complaints)
    name = _BY_CODE if is_by_code else str(params["email"])
    if not hub.attempts.take(name, address):
        raise TooManyLogins
    told: Mapping[str, Any] | None
    if is_by_code:
        with hub.database.write() as session:
            told = redeem_login_code(session, str(params["code"]), str(params["code_verifier"]))
        wrong = "This code was used already, is too old, or was given to another command line"
    else:
        token = log_in(hub.database, name, str(params["password"]))
        told = None if token is None else {"token": token}
        wrong = "Email or password incorrect"
    if not told:
        raise Unauthenticated(wrong)
    hub.attempts.forgive(name, address)
    return JSONResponse(envelope({**told, "confirmation_required": False}))


def _owner_of(hub: Hub, token: str) -> str | None:
    caller = find_caller(hub.database, token)
    return None if caller is None else f"organization {caller.organization_id}"


def _refuse_method(methods: Iterable[str]) -> Response:
    error = MethodNotAllowed()
    headers = {"Allow": ", ".join(methods)}
    return JSONResponse(error_envelope(error, None), status_code=error.status, headers=headers)


async def _document(_request: Request) -> Response:
    return JSONResponse(await anyio.to_thread.run_sync(openapi_document))


async def _docs(_request: Request) -> Response:
    return HTMLResponse(await anyio.to_thread.run_sync(docs_page))


async def _unknown_path(_request: Request) -> Response:
    return refuse(NotFound("Resource"))


class SafeHeaders:
    """Headers that keep browsers from guessing, framing, caching and telling (§1.4).

    What sets such a header itself, as the pages for people do, keeps its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message.get("headers", [])}
                added = [pair for pair in _HEADERS.items() if pair[0] not in own]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)
