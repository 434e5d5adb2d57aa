"""Serve logging in and out: with a password, or once with a ticket."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auger_hub.accounts.attempts import WINDOW_SECONDS
from auger_hub.accounts.users import LOGIN_SECONDS, issue_token, log_in
from auger_hub.http.body import SMALL_BYTES
from auger_hub.hub import Hub
from auger_hub.pages.view import LOG_IN_PATH, View, read_form, render
from auger_hub.pages.visitor.guard import Endpoint, guard
from auger_hub.pages.visitor.session import (
    end_session,
    find_visitor,
    set_session,
)
from auger_hub.pages.visitor.ticket import redeem_ticket

_USED_UP = "This link was used already or is too old. Ask for another one, or log in here."
_WRONG = "User or password is wrong."
TOO_MANY = "Too many attempts. Try again in a minute."


def show_log_in(hub: Hub) -> Endpoint:
    """Return the endpoint of the form; a good ticket in the query needs no form."""

    def answer(request: Request) -> Response:
        ticket = request.query_params.get("ticket")
        after = local_path(request.query_params.get("next", "/"))
        if ticket and request.method == "GET":
            token = _redeem(hub, ticket)
            return (
                _view(hub, request, 403, _USED_UP)
                if token is None
                else _enter(request, token, after)
            )
        if find_visitor(hub.database, request) is not None:
            return RedirectResponse(after, status_code=303)
        return _view(hub, request, 200, None)

    return guard(in_thread(answer))


def take_log_in(hub: Hub) -> Endpoint:
    """Return the endpoint that takes user and password."""

    async def answer(request: Request) -> Response:
        try:
            fields = await read_form(request, SMALL_BYTES)
        except ValueError:
            return _view(hub, request, 400, _WRONG)
        name, password = fields.get("user", ""), fields.get("password", "")
        address = request.client.host if request.client else ""
        if not hub.attempts.take(name, address):
            response = _view(hub, request, 429, TOO_MANY, name)
            response.headers["Retry-After"] = str(WINDOW_SECONDS)
            return response
        token = await anyio.to_thread.run_sync(log_in, hub.database, name, password)
        if token is None:
            return _view(hub, request, 401, _WRONG, name)
        hub.attempts.forgive(name, address)
        return _enter(request, token, local_path(request.query_params.get("next", "/")))

    return guard(answer)


def take_log_out(hub: Hub) -> Endpoint:
    """Return the endpoint that ends the session."""

    def answer(request: Request) -> Response:
        response = RedirectResponse(LOG_IN_PATH, status_code=303)
        end_session(hub.database, response, request)
        return response

    return guard(in_thread(answer))


def _redeem(hub: Hub, ticket: str) -> str | None:
    with hub.database.write() as session:
        user_id = redeem_ticket(session, ticket)
        return None if user_id is None else issue_token(session, user_id, LOGIN_SECONDS, "page")


def _enter(request: Request, token: str, after: str) -> Response:
    response = RedirectResponse(after, status_code=303)
    set_session(response, request, token)
    return response


def _view(
    hub: Hub, request: Request, status: int, complaint: str | None, name: str = ""
) -> Response:
    after = local_path(request.query_params.get("next", "/"))
    provider = hub.sign_on.settings.provider_name if hub.sign_on else None
    facts = {"complaint": complaint, "name": name, "after": after, "provider": provider}
    return render(request, View("log_in.html", facts, status=status))


def local_path(wanted: str) -> str:
    """Return the address if it is one of this hub: a log-in must not lead to another site."""
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith("//")
    is_odd = parts.scheme or parts.netloc or "\\" in wanted or not wanted.isprintable()
    return wanted if is_local and not is_odd else "/"


def in_thread(answer: Callable[[Request], Response]) -> Endpoint:
    """Return an endpoint that is answered in a thread: it waits for the database."""

    async def in_one(request: Request) -> Response:
        return await anyio.to_thread.run_sync(answer, request)

    return in_one
