"""The hub's HTTP side: authentication, envelope and errors around the routes (wire contract §1)."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auger_reconcile import __version__
from auger_reconcile.hub.accounts import find_caller, log_in
from auger_reconcile.hub.api import (
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
    parse_body,
    refuse_unstorable,
)
from auger_reconcile.hub.database.engine import is_gone
from auger_reconcile.hub.edge import OwnNames
from auger_reconcile.hub.files import file_routes, is_full_disk
from auger_reconcile.hub.hub import Hub
from auger_reconcile.hub.openapi import docs_page, openapi_document
from auger_reconcile.hub.page.routes import page_routes
from auger_reconcile.hub.params import check
from auger_reconcile.hub.routes.all import ROUTES
from auger_reconcile.hub.settings import API_PREFIX

_access = logging.getLogger("auger.hub.access")
_errors = logging.getLogger("auger.hub.errors")
_MAX_BODY_BYTES = 64 * 1024**2
_MAX_LOGIN_BYTES = 64 * 1024
_THREADS = 16
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

    routes = [
        StarletteRoute("/health", _health, methods=["GET"]),
        StarletteRoute(f"{API_PREFIX}/tokens", _token_endpoint(hub), methods=_METHODS),
        *_api_routes(hub, ROUTES),
        StarletteRoute(f"{API_PREFIX}/openapi.json", _document, methods=["GET"]),
        StarletteRoute(f"{API_PREFIX}/docs", _docs, methods=["GET"]),
        StarletteRoute("/api/{path:path}", _unknown_path, methods=_METHODS),
        *page_routes(hub),
        *file_routes(hub),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return AccessLog(SafeHeaders(OwnNames(app) if hub.settings.is_personal else app))


def _api_routes(hub: Hub, routes: Iterable[Route]) -> list[StarletteRoute]:
    """Group the routes by path; PUT is taken like PATCH (§1.1)."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in routes:
        methods = by_path.setdefault(route.path, {})
        methods[route.method] = route
        if route.method == "PATCH":
            methods["PUT"] = route
    return [
        StarletteRoute(API_PREFIX + path, _endpoint(hub, methods), methods=_METHODS)
        for path, methods in by_path.items()
    ]


def _endpoint(hub: Hub, methods: dict[str, Route]) -> Endpoint:
    async def answer(request: Request) -> Response:
        route = methods.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            return _refuse_method(methods)
        try:
            params = await _read_params(request)
        except ValueError:
            return Response("", status_code=400, media_type="text/html")
        base_url = str(request.base_url).rstrip("/")
        if route.inline and hub.database.is_sqlite:
            return _respond(hub, route, params, base_url)
        return await anyio.to_thread.run_sync(_respond, hub, route, params, base_url)

    return answer


def _respond(hub: Hub, route: Route, params: Fields, base_url: str) -> Response:
    try:
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
    except ApiError as error:
        return JSONResponse(error_envelope(error, params), status_code=error.status)
    except Exception as caught:  # noqa: BLE001 - an envelope whatever happens; the log tells why
        _errors.exception("%s %s failed", route.method, route.path)
        failure = _failure_of(caught)
        return JSONResponse(error_envelope(failure, params), status_code=failure.status)
    if isinstance(answer, str):
        return PlainTextResponse(answer)
    return JSONResponse(envelope(answer))


async def _read_params(request: Request, most: int = _MAX_BODY_BYTES) -> Fields:
    """Merge query, body and path; later ones win, as a token in the body must (§1.3)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise ValueError("the body is too large")
    params: Fields = dict(request.query_params)
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        params["token"] = bearer.strip()
    in_url = {**params, **request.path_params}
    refuse_unstorable(in_url)
    if any("\0" in str(value) for value in in_url.values()):
        raise ValueError("a NUL in the URL")
    params.update(parse_body(bytes(body)))
    params.update(request.path_params)
    return params


def _token_endpoint(hub: Hub) -> Endpoint:
    def answer(params: Fields, address: str) -> Response:
        try:
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
        except ApiError as error:
            return JSONResponse(error_envelope(error, None), status_code=error.status)
        return JSONResponse(envelope({"token": token, "confirmation_required": False}))

    async def create(request: Request) -> Response:
        if request.method != "POST":
            return _refuse_method({"POST": None})
        try:
            params = await _read_params(request, _MAX_LOGIN_BYTES)
        except ValueError:
            return Response("", status_code=400, media_type="text/html")
        address = request.client.host if request.client else ""
        return await anyio.to_thread.run_sync(answer, params, address)

    return create


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
    error = NotFound("Resource")
    return JSONResponse(error_envelope(error, None), status_code=error.status)


def _failure_of(caught: Exception) -> ApiError:
    if is_full_disk(caught):
        return StorageFull()
    if is_gone(caught):
        return Unavailable()
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
            path = scope["path"].replace("\n", " ").replace("\r", " ")
            _access.info("%s %s %d %.1f", scope["method"], path, status, elapsed)
