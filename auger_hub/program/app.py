"""Build the HTTP application: authentication, envelope and errors around routes (§1)."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import quote

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auger_hub.accounts.users import find_caller, log_in
from auger_hub.database.engine import is_gone
from auger_hub.http.body import SMALL_BYTES, Bodies, Sent, Unreadable, most_bytes
from auger_hub.http.contract import (
    LOGIN,
    TOKEN_PARAMS,
    ApiError,
    Call,
    Fields,
    InvalidParams,
    MethodNotAllowed,
    NotFound,
    Route,
    StorageFull,
    TooManyLogins,
    Unauthenticated,
    Unavailable,
    envelope,
    error_envelope,
)
from auger_hub.http.files import file_routes, is_full_disk
from auger_hub.http.guards import OwnNames
from auger_hub.http.params import check
from auger_hub.hub import Hub
from auger_hub.pages.routes import page_routes
from auger_hub.program.openapi import docs_page, openapi_document
from auger_hub.program.route_table import ROUTES
from auger_hub.settings import API_PREFIX
from auger_hub.store.remote import StoreFailed
from auger_reconcile import __version__

_access = logging.getLogger("auger.hub.access")
_errors = logging.getLogger("auger.hub.errors")
_THREADS = 16
_PLAIN = "/!$&'()*+,;=:@"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}

Endpoint = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(hub: Hub, *, on_ready: Callable[[], None] = lambda: None) -> ASGIApp:
    """Return the ASGI application; `on_ready` is called when it is about to answer."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        hub.supervisor.start()
        on_ready()
        yield
        await anyio.to_thread.run_sync(hub.supervisor.stop)
        hub.database.close()

    bodies = Bodies()
    routes = [
        StarletteRoute("/health", _health, methods=["GET"]),
        StarletteRoute(f"{API_PREFIX}/tokens", _token_endpoint(hub, bodies), methods=_METHODS),
        *_api_routes(hub, bodies, ROUTES),
        StarletteRoute(f"{API_PREFIX}/openapi.json", _document, methods=["GET"]),
        StarletteRoute(f"{API_PREFIX}/docs", _docs, methods=["GET"]),
        StarletteRoute("/api/{path:path}", _unknown_path, methods=_METHODS),
        *page_routes(hub),
        *file_routes(hub),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return AccessLog(SafeHeaders(OwnNames(app) if hub.settings.is_personal else app))


def _api_routes(hub: Hub, bodies: Bodies, routes: Iterable[Route]) -> list[StarletteRoute]:
    """Group the routes by path; PUT is taken like PATCH (§1.1)."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        methods = by_path.setdefault(route.path, {})
        methods[route.method] = route
        if route.method == "PATCH":
            methods["PUT"] = route
    return [
        StarletteRoute(API_PREFIX + path, _endpoint(hub, bodies, methods), methods=_METHODS)
        for path, methods in by_path.items()
    ]


def _endpoint(hub: Hub, bodies: Bodies, methods: dict[str, Route]) -> Endpoint:
    most = {method: most_bytes(route) for method, route in methods.items()}

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        route = methods.get(method)
        if route is None:
            return _refuse_method(methods)
        base_url = str(request.base_url).rstrip("/")
        try:
            async with bodies.take(request, most[method]) as sent:
                if route.inline and sent.is_small and hub.database.is_sqlite:
                    return _respond(hub, route, sent, base_url)
                return await anyio.to_thread.run_sync(_respond, hub, route, sent, base_url)
        except ApiError as error:
            return _refuse(error)

    return answer


def _respond(hub: Hub, route: Route, sent: Sent, base_url: str) -> Response:
    params: Fields = {}

    def answer() -> Response:
        if not sent.is_small and not any(
            find_caller(hub.database, token) for token in sent.possible_tokens()
        ):
            raise Unauthenticated
        params.update(sent.read())
        return _call(hub, route, params, base_url)

    return _tell_failures(f"{route.method} {route.path}", params, answer)


def _call(hub: Hub, route: Route, params: Fields, base_url: str) -> Response:
    token = next((str(params[name]) for name in TOKEN_PARAMS if params.get(name)), "")
    caller = find_caller(hub.database, token) if token else None
    if caller is None:
        raise Unauthenticated
    complaints = check(route.params, params)
    if complaints:
        raise InvalidParams(*complaints)
    is_read = route.method == "GET"
    with hub.database.read() if is_read else hub.database.write() as session:
        call = Call(hub, caller, session, params, base_url)
        answer = route.handler(call)
    for action in call.after_commit:
        action()
    if not is_read:
        hub.supervisor.wake()
    if isinstance(answer, str):
        return PlainTextResponse(answer)
    return JSONResponse(envelope(answer))


def _tell_failures(place: str, params: Fields, answer: Callable[[], Response]) -> Response:
    """Return the answer, or what went wrong in the form that clients read (§1.6)."""
    try:
        return answer()
    except Unreadable:
        return Response("", status_code=400, media_type="text/html")
    except ApiError as error:
        return _refuse(error, params)
    except Exception as caught:  # noqa: BLE001 - an envelope whatever happens; the log tells why
        _errors.exception("%s failed", place)
        return _refuse(_failure_of(caught), params)


def _token_endpoint(hub: Hub, bodies: Bodies) -> Endpoint:
    def answer(sent: Sent, address: str) -> Response:
        params = sent.read()
        complaints = check(LOGIN, params)
        if complaints:
            raise InvalidParams(*complaints)
        name = str(params["email"])
        if not hub.attempts.take(name, address):
            raise TooManyLogins
        token = log_in(hub.database, name, str(params["password"]))
        if token is None:
            raise Unauthenticated("Email or password incorrect")
        hub.attempts.forgive(name, address)
        return JSONResponse(envelope({"token": token, "confirmation_required": False}))

    def respond(sent: Sent, address: str) -> Response:
        return _tell_failures("POST /tokens", {}, lambda: answer(sent, address))

    async def create(request: Request) -> Response:
        if request.method != "POST":
            return _refuse_method({"POST": None})
        address = request.client.host if request.client else ""
        try:
            async with bodies.take(request, SMALL_BYTES) as sent:
                return await anyio.to_thread.run_sync(respond, sent, address)
        except ApiError as error:
            return _refuse(error)

    return create


def _refuse(error: ApiError, params: Fields | None = None) -> Response:
    return JSONResponse(error_envelope(error, params), status_code=error.status)


def _refuse_method(methods: Iterable[str]) -> Response:
    error = MethodNotAllowed()
    headers = {"Allow": ", ".join(methods)}
    return JSONResponse(error_envelope(error, None), status_code=error.status, headers=headers)


async def _document(_request: Request) -> Response:
    return JSONResponse(await anyio.to_thread.run_sync(openapi_document))


async def _docs(_request: Request) -> Response:
    return HTMLResponse(await anyio.to_thread.run_sync(docs_page))


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "version": __version__})


async def _unknown_path(_request: Request) -> Response:
    return _refuse(NotFound("Resource"))


def _failure_of(caught: Exception) -> ApiError:
    if is_full_disk(caught):
        return StorageFull()
    if is_gone(caught):
        return Unavailable("database")
    if isinstance(caught, StoreFailed):
        return Unavailable("object store")
    return ApiError({"error_type": "internal", "message": "an internal error occurred"})


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


class AccessLog:
    """One line a request: method, path, status, milliseconds; never a query, body or token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            elapsed = (time.perf_counter() - started) * 1000
            path = quote(scope["path"], safe=_PLAIN)  # no line ends, no orders to a terminal
            _access.info("%s %s %d %.1f", scope["method"], path, status, elapsed)
