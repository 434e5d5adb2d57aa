"""The commands about people: users, organizations and tokens.

Light on purpose, as `__main__` is: what a command needs is imported when it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from auger_hub.accounts.roles import ROLES, SCOPES
from auger_hub.settings import HubSettings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from auger_hub.database.engine import Database

_DAY_SECONDS = 24 * 3600
Add = Callable[..., argparse.ArgumentParser]
"""Adds a command: its name, the options that it shares, its help."""


def add_users(add: Add, shared: argparse.ArgumentParser) -> None:
    """Add the commands of `user`."""
    added = add("add", shared, "make a user, print password and token once")
    added.add_argument("name")
    added.add_argument("--organization", help="whose objects the user sees; local by default")
    added.add_argument(
        "--sso", action="store_true", help="no password: the user logs in by single sign-on"
    )
    added.add_argument("--role", choices=ROLES, help="what the user may do")
    changed = add("role", shared, "give a user another role")
    changed.add_argument("name")
    changed.add_argument("role", choices=ROLES)
    add("revoke", shared, "end all logins of a user").add_argument("name")
    add("list", shared, "list the users")


def add_tokens(add: Add, shared: argparse.ArgumentParser) -> None:
    """Add the commands of `token`."""
    added = add("add", shared, "make a token, print it once")
    added.add_argument("user")
    added.add_argument("--name", default="", help="a name for it, to recognise it by")
    added.add_argument("--days", type=int, help="how long it is valid; for ever by default")
    added.add_argument("--scope", choices=SCOPES, help="what it may do of what its user may")
    add("end", shared, "end one token").add_argument("id", help="as `token list` shows it")
    add("list", shared, "list the tokens that are good")


def add_organizations(add: Add, shared: argparse.ArgumentParser) -> None:
    """Add the commands of `org`."""
    limited = add("limit", shared, "set limits of an organization; 0 is none")
    limited.add_argument("name")
    limited.add_argument("--most-workers", type=int, help="of all its runs at the same time")
    limited.add_argument("--most-questions", type=int, help="to its models in a minute")
    limited.add_argument("--most-storage", type=int, help="bytes of its data, models and exports")
    add("list", shared, "list the organizations and their limits")


def change_users(options: argparse.Namespace, settings: HubSettings) -> int:
    """Run one command of `user`."""
    from auger_hub.accounts.users import add_user, invite_user, list_users, revoke_user, set_role

    def act(session: Session) -> Any:
        match options.action:
            case "add":
                role = getattr(options, "role", None)
                organization = getattr(options, "organization", None)
                add = invite_user if getattr(options, "sso", False) else add_user
                return add(session, options.name, organization, role)
            case "role":
                return {"changed": set_role(session, options.name, options.role)}
            case "revoke":
                return {"revoked": revoke_user(session, options.name)}
            case _:
                return list_users(session)

    return _change_logins(settings, act)


def change_organizations(options: argparse.Namespace, settings: HubSettings) -> int:
    """Run one command of `org`."""
    from auger_hub.accounts.organizations import LIMITS, limit_organization, list_organizations

    def act(session: Session) -> Any:
        if options.action == "list":
            return list_organizations(session)
        limits = {name: getattr(options, name, None) for name in LIMITS}
        changed = limit_organization(session, options.name, **limits)
        return {"changed": changed is not None, **(changed or {})}

    return _change_logins(settings, act)


def change_tokens(options: argparse.Namespace, settings: HubSettings) -> int:
    """Run one command of `token`."""
    from auger_hub.accounts.users import add_token, end_token, list_tokens

    def act(session: Session) -> Any:
        match options.action:
            case "add":
                lifetime = options.days * _DAY_SECONDS if options.days else None
                scope = getattr(options, "scope", None)
                return add_token(session, options.user, options.name, lifetime, scope)
            case "end":
                return {"ended": end_token(session, options.id)}
            case _:
                return list_tokens(session)

    return _change_logins(settings, act)


def _change_logins(settings: HubSettings, act: Callable[[Session], Any]) -> int:
    """Print what `act` answers; a login of this machine that it has ended is made anew."""
    from auger_hub.store.identity import open_database

    settings.make_folders()
    database = open_database(settings)
    was_in = _has_own_login(settings, database)
    try:
        with database.write() as session:
            answer = act(session)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    if was_in and not _has_own_login(settings, database):
        _renew_own_login(settings, database)
        answer["renewed"] = True
    print(json.dumps(answer), flush=True)  # noqa: T201 - the command's answer
    return 0


def _has_own_login(settings: HubSettings, database: Database) -> bool:
    """Say whether the credentials that lie beside the hub are good."""
    from auger_hub.accounts.users import find_caller
    from auger_hub.private_file import read_json

    token = read_json(settings.credentials_path).get("token")
    return bool(token) and find_caller(database, str(token)) is not None


def _renew_own_login(settings: HubSettings, database: Database) -> None:
    """Give this machine a new login: who ends its logins is not to be locked out."""
    from auger_hub.private_file import read_json
    from auger_hub.program.serve import write_credentials

    url = read_json(settings.credentials_path).get("api_url")
    write_credentials(settings, database, str(url))
