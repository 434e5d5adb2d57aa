"""Log in to a hub, log out, and return who is logged in. No plan: credentials are no resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from auger_reconcile.errors import NotAuthenticated, NotFound

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
    from auger_reconcile.client.credentials import Credentials, save_credentials
    from auger_reconcile.client.hub_client import HubClient
    from auger_reconcile.client.hub_client import login as ask_token
    from auger_reconcile.client.refresh import find_organization

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
    save_credentials(credentials, home=around.home)
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
    from auger_reconcile.client.credentials import save_credentials

    credentials = log_in(url, show=show, is_here=is_here)
    save_credentials(credentials, home=around.home)
    return credentials


def logout(around: Surroundings) -> bool:
    """Forget the stored credentials; return whether there were any."""
    from auger_reconcile.client.credentials import clear_credentials

    return clear_credentials(home=around.home)
