"""Serve the users of an organization to its admins, and the own password. Not in the contract."""

from __future__ import annotations

from typing import Literal, TypedDict

from sqlalchemy import select

from auger_hub.accounts.roles import MANAGING, READING, ROLES
from auger_hub.accounts.users import (
    add_user,
    change_password,
    has_password,
    refuse_last_admin,
    revoke_user,
    set_role,
)
from auger_hub.database.tables import User
from auger_hub.http.contract import (
    Call,
    Forbidden,
    InvalidParams,
    Page,
    Route,
    TooManyLogins,
    Unauthenticated,
)
from auger_hub.http.params import TEXT, Param
from auger_hub.routes.query import find, rows_of, to_page
from auger_hub.routes.wire_object import to_object


class UserObject(TypedDict):
    """What an admin sees of a user."""

    object: Literal["user"]
    deleted: bool
    id: int
    name: str
    role: str
    active: bool
    sso: bool
    created_at: str


class NewUserObject(UserObject):
    """A new user; the password is shown only here."""

    password: str


class NewLogin(TypedDict):
    """A login with the new password, and how many of before have ended."""

    token: str
    ended: int


def _describe(row: User) -> UserObject:
    is_active = row.password_hash is not None
    return to_object(UserObject, row, active=is_active, sso=is_active and not has_password(row))


def _index(call: Call) -> Page:
    return to_page(call, rows_of(call, User).order_by(User.id), _describe)


def _create(call: Call) -> NewUserObject:
    name = str(call.params["name"])
    if call.session.scalar(select(User.id).where(User.name == name)) is not None:
        raise InvalidParams(("name", "has already been taken"))
    _slow_down(call)
    try:
        role = call.given("role")
        made = add_user(call.session, name, call.caller.organization, role or ROLES[1])
    except ValueError as error:
        raise InvalidParams(("name", str(error))) from error
    row = call.session.scalars(select(User).where(User.name == name)).one()
    return {**_describe(row), "password": made["password"]}


def _update(call: Call) -> UserObject:
    row = find(call, User, call.params["id"])
    try:
        set_role(call.session, row.name, call.params["role"])
    except ValueError as error:
        raise InvalidParams(("role", str(error))) from error
    return _describe(row)


def _delete(call: Call) -> UserObject:
    row = find(call, User, call.params["id"])
    try:
        refuse_last_admin(call.session, row)
    except ValueError as error:
        raise InvalidParams(("id", str(error))) from error
    revoke_user(call.session, row.name)
    return _describe(row)


def _slow_down(call: Call) -> tuple[str, str]:
    """Count one more password of a user, of which each takes a while; raise TooManyLogins.

    By the user alone: others behind the same address have nothing to do with it.
    """
    own = ("password", f"user {call.caller.user_id}")
    if not call.hub.own_attempts.take(*own):
        raise TooManyLogins
    return own


def _change_password(call: Call) -> NewLogin:
    if call.caller.is_scoped:
        raise Forbidden(MANAGING)  # of the own account: what a token of a scope is not for
    own = _slow_down(call)
    old, new = str(call.params["password"]), str(call.params["new_password"])
    try:
        changed = change_password(call.session, call.caller.user_id, old, new)
    except ValueError as error:
        raise InvalidParams(("new_password", str(error))) from error
    if changed is None:
        raise Unauthenticated("Password incorrect")
    call.hub.own_attempts.forgive(*own)
    return {"token": changed["token"], "ended": changed["ended"]}


ROUTES = [
    Route(
        "GET",
        "/users",
        _index,
        "List the users of the organization",
        answers=UserObject,
        is_list=True,
        rank=MANAGING,
    ),
    Route(
        "POST",
        "/users",
        _create,
        "Make a user of the organization; the password is shown once",
        takes=(Param("name").needed, Param("role", choices=ROLES)),
        answers=NewUserObject,
        rank=MANAGING,
    ),
    Route(
        "PATCH",
        "/users/{id}",
        _update,
        "Give a user another role",
        takes=(Param("role", choices=ROLES).needed,),
        answers=UserObject,
        rank=MANAGING,
        is_audited=False,  # `set_role` notes it
    ),
    Route(
        "DELETE",
        "/users/{id}",
        _delete,
        "End all logins of a user",
        answers=UserObject,
        rank=MANAGING,
        is_audited=False,  # `revoke_user` notes it
    ),
    Route(
        "PATCH",
        "/password",
        _change_password,
        "Change the own password, which ends all logins of before",
        takes=(Param("password", TEXT).needed, Param("new_password", TEXT).needed),
        answers=NewLogin,
        rank=READING,
        is_audited=False,  # `change_password` notes it
    ),
]
