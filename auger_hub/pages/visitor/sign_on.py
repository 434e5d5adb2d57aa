"""Serve logging in at the operator's OpenID Connect provider, and coming back from there.

What belongs to one attempt is in a cookie of its browser alone, so a stranger who begins a thousand
leaves nothing here. The provider's answer comes from another site, which is why that cookie is lax
and why a page of this hub, not a redirect, leads on: the session's own cookie is strict.
"""

from __future__ import annotations

import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auger_hub.accounts.attempts import WINDOW_SECONDS
from auger_hub.accounts.users import issue_token
from auger_hub.hub import Hub
from auger_hub.pages.view import LOG_IN_PATH, View, problem, render
from auger_hub.pages.visitor.guard import Endpoint, guard
from auger_hub.pages.visitor.log_in import TOO_MANY, local_path
from auger_hub.pages.visitor.session import cookie_name, find_visitor, set_session

if TYPE_CHECKING:
    from auger_hub.accounts.oidc.provider import Attempt, Provider

SIGN_ON_PATH = f"{LOG_IN_PATH}/sso"
DONE_PATH = f"{SIGN_ON_PATH}/done"
TOKEN_NAME = "single sign-on"  # noqa: S105 - what the login is called
_ATTEMPT_SECONDS = 600
_MOST_AT_ONCE = 4
"""Threads that may wait for the provider: one that hangs must not hold up the rest of the hub."""
_STALE = "This log-in was begun in another window, or too long ago. Begin again."
_log = logging.getLogger("auger.hub.sign_on")


def begin_sign_on(hub: Hub) -> Endpoint:
    """Return the endpoint that sends a browser to the provider."""

    def answer(request: Request) -> Response:
        provider, after = hub.sign_on, local_path(request.query_params.get("next", "/"))
        if provider is None:
            return render(request, problem(404, "This hub has no single sign-on."))
        if find_visitor(hub.database, request) is not None:
            return RedirectResponse(after, status_code=303)
        return _begin(provider, request, after)

    return _at_the_provider(answer)


def end_sign_on(hub: Hub) -> Endpoint:
    """Return the endpoint to which the provider sends the browser back."""

    def answer(request: Request) -> Response:
        if hub.sign_on is None:
            return render(request, problem(404, "This hub has no single sign-on."))
        response = _end(hub, hub.sign_on, request)
        response.delete_cookie(_cookie_name(request), path=SIGN_ON_PATH, httponly=True)
        return response

    return _at_the_provider(answer)


def _begin(provider: Provider, request: Request, after: str) -> Response:
    from auger_hub.accounts.oidc.provider import Attempt, SignOnFailed

    attempt = Attempt.new()
    try:
        address = provider.address_for(attempt, _redirect_uri(provider, request))
    except SignOnFailed as error:
        return render(request, problem(error.status, str(error), LOG_IN_PATH))
    response = RedirectResponse(address, status_code=303)
    kept = urlsafe_b64encode(json.dumps([attempt.secret, after]).encode()).decode()
    response.set_cookie(
        _cookie_name(request),
        kept,
        max_age=_ATTEMPT_SECONDS,
        path=SIGN_ON_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


def _end(hub: Hub, provider: Provider, request: Request) -> Response:
    from auger_hub.accounts.oidc.admission import NotAdmitted, admit
    from auger_hub.accounts.oidc.provider import SignOnFailed

    kept = _read_cookie(request)
    if kept is None:
        return render(request, problem(400, _STALE, LOG_IN_PATH))
    attempt, after = kept
    address = request.client.host if request.client else ""
    if not hub.attempts.take(TOKEN_NAME, address):  # each costs the provider a request
        refused = render(request, problem(429, TOO_MANY, LOG_IN_PATH))
        refused.headers["Retry-After"] = str(WINDOW_SECONDS)
        return refused
    try:
        claims = provider.identify(request.query_params, attempt, _redirect_uri(provider, request))
        seconds = provider.settings.login_seconds
        with hub.database.write() as session:
            user = admit(session, claims, provider.settings)
            token = issue_token(session, user.id, seconds, TOKEN_NAME)
    except SignOnFailed as error:
        return render(request, problem(error.status, str(error), LOG_IN_PATH))
    except NotAdmitted as error:
        _log.warning("a log-in by single sign-on was not admitted: %s", error)
        return render(request, problem(403, str(error), LOG_IN_PATH))
    hub.attempts.forgive(TOKEN_NAME, address)
    response = render(request, View("logged_in.html", {"after": after, "name": user.name}))
    set_session(response, request, token, seconds=seconds)
    return response


def _read_cookie(request: Request) -> tuple[Attempt, str] | None:
    """Return the attempt that this browser has begun, and where it wanted to go."""
    from auger_hub.accounts.oidc.provider import Attempt

    try:
        kept = json.loads(urlsafe_b64decode(request.cookies.get(_cookie_name(request), "")))
        secret, after = map(str, kept)
    except (ValueError, TypeError):
        return None
    return Attempt(secret), local_path(after)


def _redirect_uri(provider: Provider, request: Request) -> str:
    return (provider.settings.public_url or str(request.base_url)).rstrip("/") + DONE_PATH


def _cookie_name(request: Request) -> str:
    return f"{cookie_name(request)}_sso"


def _at_the_provider(answer: Callable[[Request], Response]) -> Endpoint:
    """Return an endpoint that may wait for the provider, a few at the same time."""
    waiting = anyio.CapacityLimiter(_MOST_AT_ONCE)

    async def in_turn(request: Request) -> Response:
        return await anyio.to_thread.run_sync(answer, request, limiter=waiting)

    return guard(in_turn)
