"""Log in to a hub, log out, and return who is logged in. No plan: credentials are no resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from auger_reconcile.errors import AugerError, HubError, NotAuthenticated, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api.hubs.session import Surroundings
    from auger_reconcile.client.credentials import Credentials

SYSTEMS = {"production": "https://app.auger.ai", "staging": "https://app-staging.auger.ai"}


def is_readable_on_the_way(url: str) -> bool:
    """Say whether a password to this hub would travel unencrypted to another machine."""
    from auger_reconcile.web_url import is_loopback

    return url.lower().startswith("http:") and not is_loopback(url)


def login(
    around: Surroundings, *, url: str, username: str, organization: str, password: str
) -> Credentials:
    """Log in and store the credentials; the old ones stay when anything fails.

    Raises:
        NotAuthenticated: wrong user name or password, or no such organization.
        Unavailable: the hub cannot be reached.
    """
    from auger_reconcile.client.credentials import Credentials, saving_credentials
    from auger_reconcile.client.hub_client import HubClient
    from auger_reconcile.client.hub_client import login as ask_token
    from auger_reconcile.client.refresh import find_organization

    with saving_credentials(around.login_folder) as save:
        token = ask_token(url, username, password)
        with HubClient(url, token) as client:
            try:
                find_organization(client, organization)
            except NotFound:
                raise NotAuthenticated(
                    f"user `{username}` has no organization `{organization}`"
                ) from None
            root = client.url
        credentials = Credentials(username, root, token, organization, source="login")
        save(credentials)
    return credentials


def login_by_page(
    around: Surroundings, *, url: str, show: Callable[[str], str | None], is_here: bool
) -> Credentials:
    """Log in by the hub's page in a browser, and store the credentials as `login` does.

    Args:
        around: environment and home.
        url: of the hub.
        show: told the address of the page to open; returns the code that the page then shows, where
            the browser is elsewhere.
        is_here: the browser is on this machine, and brings the code by itself.

    Raises:
        NotAuthenticated: the hub does not take the code, or the browser brings none in time.
        Unavailable: the hub cannot be reached.
    """
    from auger_reconcile.client.browser_login import log_in
    from auger_reconcile.client.credentials import saving_credentials

    with saving_credentials(around.login_folder) as save:
        credentials = log_in(url, show=show, is_here=is_here)
        save(credentials)
    return credentials


def change_password(around: Surroundings, *, old: str, new: str) -> tuple[Credentials, int]:
    """Change the own password at the hub that `login` has stored credentials of.

    All logins of before end; the stored credentials get a new token.

    Returns:
        The credentials, and how many logins have ended.

    Raises:
        AugerError: the credentials in use are others than those.
        NotAuthenticated: nobody is logged in, or the old password is wrong.
        HubError: the hub does not take the new one, or has no such request.
    """
    from auger_reconcile.client.credentials import load_credentials, saving_credentials
    from auger_reconcile.client.hub_client import HubClient

    if around.environ.get("AUGER_CREDENTIALS"):
        raise AugerError(
            "the credentials come from AUGER_CREDENTIALS, where no new token can be stored",
            hint="without AUGER_CREDENTIALS the credentials of `auger auth login` are used",
        )
    who = load_credentials(environ=around.environ, path_to_credentials=None, home=around.home)
    with saving_credentials(around.login_folder) as save:
        with HubClient(who.api_url, who.token) as client:
            try:
                told = client.call("PATCH", "password", {"password": old, "new_password": new})
            except NotAuthenticated as error:
                error.hint = None if "Password" in str(error) else error.hint
                raise
        token = told.get("token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not token:
            raise HubError("the hub answered without a token", request="PATCH /api/v1/password")
        changed = replace(who, token=token)
        save(changed)
    ended = told.get("ended")
    return changed, ended if isinstance(ended, int) else 0


def logout(around: Surroundings) -> bool:
    """Forget the stored credentials; return whether there were any."""
    from auger_reconcile.client.credentials import clear_credentials

    return clear_credentials(around.login_folder)
