"""Keep sessions of visitors: a cookie with a random id, stored by its digest alone.

The cookie is named by the hub's port: browsers keep one jar for all ports of a host, and two hubs
on one machine must not log each other out.
"""

from __future__ import annotations

from sqlalchemy import delete
from starlette.requests import Request
from starlette.responses import Response

from auger_hub.accounts.users import LOGIN_SECONDS, Caller, digest_token, find_caller
from auger_hub.database.engine import Database
from auger_hub.database.tables import Token


def find_visitor(database: Database, request: Request) -> Caller | None:
    """Return who is logged in, or None."""
    token = request.cookies.get(cookie_name(request), "")
    return find_caller(database, token) if token else None


def set_session(
    response: Response, request: Request, token: str, *, seconds: int = LOGIN_SECONDS
) -> None:
    """Hand the id to the browser, out of reach of scripts and of other sites."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def end_session(database: Database, response: Response, request: Request) -> None:
    """Forget the id here and in the browser."""
    name = cookie_name(request)
    digest = digest_token(request.cookies.get(name, ""))
    with database.write() as session:
        session.execute(delete(Token).where(Token.digest == digest))
    response.delete_cookie(name, path="/", httponly=True, samesite="strict")


def cookie_name(request: Request) -> str:
    """Return what the session of a visitor is called."""
    return f"auger_hub_{request.url.port or request.url.scheme}"
