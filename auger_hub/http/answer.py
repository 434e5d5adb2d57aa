"""Answer one request of the API: parse it, find its caller, call its route, tell what failed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from starlette.responses import JSONResponse, PlainTextResponse, Response

from auger_hub.accounts.users import Caller, find_caller
from auger_hub.database.engine import is_gone
from auger_hub.http.body import Sent, Unreadable
from auger_hub.http.carry_out import carry_out
from auger_hub.http.contract import (
    TOKEN_PARAMS,
    ApiError,
    Asked,
    Call,
    Fields,
    InvalidParams,
    NotNow,
    Route,
    StorageFull,
    Unauthenticated,
    Unavailable,
    envelope,
    error_envelope,
)
from auger_hub.http.files import is_full_disk
from auger_hub.http.params import check
from auger_hub.http.permission import permit, permit_route
from auger_hub.hub import Hub
from auger_hub.store.local import AnotherStore, StoreFailed
from auger_hub.telemetry.request import note_caller

_errors = logging.getLogger("auger.hub.errors")
Told = TypeVar("Told")


def respond(hub: Hub, route: Route, sent: Sent, base_url: str) -> Response:
    """Return the answer to a request, whatever happens."""
    params: Fields = {}

    def answer() -> Response:
        if not sent.is_small and not any(
            find_caller(hub.database, token) for token in sent.possible_tokens()
        ):
            raise Unauthenticated
        params.update(sent.read())
        return _call(hub, route, params, base_url)

    return tell_failures(f"{route.method} {route.path}", params, answer)


def respond_at_once(hub: Hub, route: Route, sent: Sent, base_url: str) -> Response | None:
    """Return the answer to a request that need not wait in turn; None when it has to."""
    params: Fields = {}

    def answer() -> Response | None:
        params.update(sent.read())
        caller = _admit(hub, route, params)
        assert route.at_once is not None
        try:
            return JSONResponse(envelope(route.at_once(Asked(hub, caller, params, base_url))))
        except NotNow:
            hub.rates.give_back(caller.organization_id)
            return None

    return tell_failures(f"{route.method} {route.path}", params, answer)


def _call(hub: Hub, route: Route, params: Fields, base_url: str) -> Response:
    caller = _admit(hub, route, params)
    is_read = route.method == "GET"
    with hub.database.read() if is_read else hub.database.write() as session:
        call = Call(hub, caller, session, params, base_url)
        answer = carry_out(route, call)
    for action in call.after_commit:
        action()
    if not is_read:
        hub.supervisor.wake()
    if isinstance(answer, str):
        return PlainTextResponse(answer)
    return JSONResponse(envelope(answer))


def _admit(hub: Hub, route: Route, params: Fields) -> Caller:
    """Return who calls; raise what is wrong with the token or the parameters."""
    token = next((str(params[name]) for name in TOKEN_PARAMS if params.get(name)), "")
    caller = find_caller(hub.database, token) if token else None
    if caller is None:
        raise Unauthenticated
    note_caller(caller.name, caller.organization)
    permit(caller, route.needed_rank)
    complaints = check(route.params, params)
    if complaints:
        raise InvalidParams(*complaints)
    permit_route(hub, route, caller)
    return caller


def tell_failures(place: str, params: Fields, answer: Callable[[], Told]) -> Told | Response:
    """Return the answer, or what went wrong in the form that clients read (§1.6)."""
    try:
        return answer()
    except Unreadable:
        return Response("", status_code=400, media_type="text/html")
    except ApiError as error:
        return refuse(error, params)
    except Exception as caught:  # noqa: BLE001 - an envelope whatever happens; the log tells why
        _errors.exception("%s failed", place)
        return refuse(_failure_of(caught), params)


def refuse(error: ApiError, params: Fields | None = None) -> Response:
    """Return the answer for an error."""
    return JSONResponse(error_envelope(error, params), status_code=error.status)


def _failure_of(caught: Exception) -> ApiError:
    if is_full_disk(caught):
        return StorageFull()
    if is_gone(caught):
        return Unavailable("database")
    if isinstance(caught, AnotherStore):
        return Unavailable("object store", "is empty or another one")
    if isinstance(caught, StoreFailed):
        return Unavailable("object store")
    return ApiError({"error_type": "internal", "message": "an internal error occurred"})
