"""Serve the users of an organization to its admins: each button is the request of a client."""

from __future__ import annotations

from auger_hub.accounts.roles import MANAGING, ROLES
from auger_hub.accounts.users import has_password
from auger_hub.database.tables import User
from auger_hub.http.contract import Call, Fields, InvalidParams
from auger_hub.http.permission import permit
from auger_hub.pages.actions import send
from auger_hub.pages.view import View
from auger_hub.routes.people.users import ROUTES
from auger_hub.routes.query import rows_of

USERS_PATH = "/users"


def show_users(call: Call) -> View:
    """Show every user with the role, who may log in, and how."""
    permit(call.caller, MANAGING)
    return _view(call)


def add_user(call: Call) -> View:
    """Make a user, whose password is shown once."""
    name, role = (call.params["form"].get(field, "").strip() for field in ("name", "role"))
    made = send(call, ROUTES, "POST", "/users", name=name, role=role or None)
    call.session.flush()
    return _view(call, {"name": made["name"], "password": made["password"]})


def set_role(call: Call) -> str:
    """Give a user another role."""
    role = call.params["form"].get("role", "")
    send(call, ROUTES, "PATCH", "/users/{id}", id=call.params["id"], role=role)
    return USERS_PATH


def revoke_user(call: Call) -> str:
    """End all logins of a user; the form has a box for the consent."""
    if call.params["form"].get("sure") != "yes":
        raise InvalidParams(("sure", "revoking ends all logins and tokens: tick the box first"))
    send(call, ROUTES, "DELETE", "/users/{id}", id=call.params["id"])
    return USERS_PATH


def _view(call: Call, made: Fields | None = None) -> View:
    rows = call.session.scalars(rows_of(call, User).order_by(User.name))
    users = [
        {
            "id": row.id,
            "name": row.name,
            "role": row.role,
            "log_in": _log_in_of(row),
            "is_own": row.id == call.caller.user_id,
        }
        for row in rows
    ]
    return View("users.html", {"users": users, "roles": ROLES, "made": made})


def _log_in_of(row: User) -> str | None:
    """Say how a user logs in; None for one who may not."""
    if row.password_hash is None:
        return None
    return "password" if has_password(row) else "single sign-on"
