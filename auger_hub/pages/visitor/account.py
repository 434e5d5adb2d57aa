"""Serve the own account: who is logged in, and another password."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auger_hub.accounts.attempts import WINDOW_SECONDS
from auger_hub.accounts.roles import MANAGING
from auger_hub.accounts.users import (
    LEAST_PASSWORD,
    LOGIN_SECONDS,
    Caller,
    change_password,
    has_password,
)
from auger_hub.database.tables import User
from auger_hub.http.body import SMALL_BYTES
from auger_hub.http.contract import Forbidden
from auger_hub.hub import Hub
from auger_hub.pages.view import LOG_IN_PATH, View, problem, read_form, render
from auger_hub.pages.visitor.guard import Endpoint, guard
from auger_hub.pages.visitor.log_in import TOO_MANY, in_thread
from auger_hub.pages.visitor.session import find_visitor, set_session
from auger_hub.telemetry.request import note_caller

ACCOUNT_PATH = "/account"
_TOO_OFTEN = (429, TOO_MANY)


def show_account(hub: Hub) -> Endpoint:
    """Return the endpoint of the page."""

    def answer(request: Request) -> Response:
        caller = find_visitor(hub.database, request)
        if caller is None:
            return RedirectResponse(f"{LOG_IN_PATH}?next={ACCOUNT_PATH}", status_code=303)
        return _view(hub, request, caller)

    return guard(in_thread(answer))


def take_password(hub: Hub) -> Endpoint:
    """Return the endpoint of the form, which ends all logins of before but this one."""

    async def answer(request: Request) -> Response:
        try:
            fields = await read_form(request, SMALL_BYTES)
        except ValueError:
            return render(request, problem(400, "This form cannot be read.", ACCOUNT_PATH))
        return await anyio.to_thread.run_sync(_take, hub, request, fields)

    return guard(answer)


def _take(hub: Hub, request: Request, fields: dict[str, str]) -> Response:
    caller = find_visitor(hub.database, request)
    if caller is None:
        return RedirectResponse(LOG_IN_PATH, status_code=303)
    note_caller(caller.name, caller.organization)
    if caller.is_scoped:  # of the own account: what a token of a scope is not for
        return render(request, problem(403, f"The hub refuses this: {Forbidden(MANAGING)}."))
    changed = _change(hub, caller, fields)
    if isinstance(changed, tuple):
        response = _view(hub, request, caller, *changed)
        if changed == _TOO_OFTEN:
            response.headers["Retry-After"] = str(WINDOW_SECONDS)
        return response
    response = RedirectResponse(f"{ACCOUNT_PATH}?ended={changed['ended']}", status_code=303)
    set_session(response, request, str(changed["token"]), seconds=LOGIN_SECONDS)
    return response


def _change(hub: Hub, caller: Caller, fields: dict[str, str]) -> dict[str, Any] | tuple[int, str]:
    """Return the new login, or status and complaint."""
    old, new, again = (fields.get(name, "") for name in ("password", "new", "again"))
    if new != again:
        return 400, "The new password is not the same twice."
    own = ("password", f"user {caller.user_id}")
    if not hub.own_attempts.take(*own):
        return _TOO_OFTEN
    try:
        with hub.database.write() as session:
            changed = change_password(session, caller.user_id, old, new)
    except ValueError as error:
        return 400, f"The new password {error}."
    if changed is None:
        return 403, "The password of now is wrong."
    hub.own_attempts.forgive(*own)
    return changed


def _view(
    hub: Hub, request: Request, caller: Caller, status: int = 200, complaint: str | None = None
) -> Response:
    with hub.database.read() as session:
        user = session.get_one(User, caller.user_id)
        facts = {"role": user.role, "has_password": has_password(user)}
    ended = request.query_params.get("ended", "")
    facts |= {
        "least": LEAST_PASSWORD,
        "is_admin": caller.rank >= MANAGING,
        "complaint": complaint,
        "ended": int(ended) if request.method == "GET" and ended.isdecimal() else None,
    }
    visitor = {"name": caller.name, "organization": caller.organization}
    return render(request, View("account.html", facts, status=status), visitor)
