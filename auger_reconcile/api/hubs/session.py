"""Connect to a hub: choose URL and credentials, and open a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auger_reconcile.errors import NotAuthenticated
from auger_reconcile.web_url import split_web_url

if TYPE_CHECKING:
    from auger_reconcile.client.credentials import Credentials
    from auger_reconcile.client.hub_client import HubClient

LOCAL = "local"
_LOCAL_HINT = "the local hub makes its login anew when it starts\nauger hub stop"


class Surroundings(NamedTuple):
    """What a command finds around it.

    Attributes:
        environ: environment variables.
        home: the user's home folder.
        is_hasty: start no hub, repeat no request, and give up within seconds.
    """

    environ: Mapping[str, str]
    home: Path
    is_hasty: bool = False

    @property
    def login_folder(self) -> Path:
        """Where a login is stored."""
        from auger_reconcile.client.credentials import login_folder

        return login_folder(environ=self.environ, home=self.home)


class Session(NamedTuple):
    """A connection to one hub as one user."""

    client: HubClient
    organization: str
    credentials: Credentials


def open_session(
    around: Surroundings,
    *,
    hub: str | None = None,
    organization: str | None = None,
    path_to_credentials: Path | None = None,
    on_exchange: Callable[[Any], None] | None = None,
) -> Session:
    """Connect to a hub; the local one is started when it is meant and does not run.

    Args:
        around: environment and home.
        hub: `local`, a URL, or None for that of the credentials; without any credentials `local`.
        organization: None for that of the credentials.
        path_to_credentials: the folder that auger.yaml names.
        on_exchange: told of every request.

    Raises:
        NotAuthenticated: there are no credentials for this hub.
        Unavailable: the local hub does not start.
    """
    from auger_reconcile.client.hub_client import HubClient

    credentials = find_credentials(around, hub=hub, path_to_credentials=path_to_credentials)
    extra: dict[str, Any] = {"on_exchange": on_exchange} if on_exchange else {}
    extra |= {"timeout": 1.0, "retries": 0} if around.is_hasty else {}
    is_local = _is_local(around, hub, path_to_credentials)
    extra["login_hint"] = _LOCAL_HINT if is_local else _hint_at_login(credentials.api_url)
    client = HubClient(credentials.api_url, credentials.token, **extra)
    return Session(client, organization or credentials.organization, credentials)


def find_credentials(
    around: Surroundings, *, hub: str | None, path_to_credentials: Path | None
) -> Credentials:
    """Return the credentials for a hub.

    A token is never sent to a hub that its credentials do not name: a repository's auger.yaml must
    not be able to lead it elsewhere.
    """
    from auger_reconcile.client.credentials import load_credentials, login_command
    from auger_reconcile.client.local_hub import ensure_local_hub

    environ, home = around.environ, around.home
    if _is_local(around, hub, path_to_credentials):
        return ensure_local_hub(environ=environ, home=home, may_start=not around.is_hasty)
    try:
        credentials = load_credentials(
            environ=environ, path_to_credentials=path_to_credentials, home=home
        )
    except NotAuthenticated as error:
        if hub:
            error.hint = f"fresh credentials come from\n{login_command(hub)}"
        raise
    if hub and _origin(hub) != _origin(credentials.api_url):
        raise NotAuthenticated(
            f"the credentials in {credentials.source} are for {credentials.api_url}, not for {hub}",
            hint=login_command(hub),
        )
    return credentials


def find_readable_credentials(around: Surroundings) -> Path | None:
    """Return the file of credentials that other users of this machine can read, if it is one."""
    from auger_reconcile.client.credentials import find_readable_by_others

    return find_readable_by_others(environ=around.environ, home=around.home)


def _hint_at_login(url: str) -> str:
    from auger_reconcile.client.credentials import login_command

    return f"a token ends after about a month; a new one comes from\n{login_command(url)}"


def _is_local(around: Surroundings, hub: str | None, path_to_credentials: Path | None) -> bool:
    if hub is not None or has_credentials(around, path_to_credentials):
        return hub == LOCAL
    if around.environ.get("CI", "").lower() in ("true", "1"):
        raise NotAuthenticated(
            "there are no credentials, and an empty hub of this job's own is not what is meant",
            hint="the text of auger.json goes into the variable AUGER_CREDENTIALS, from a secret; "
            "a proposal from a fork has none\nauger --hub local plan",
        )
    return True


def has_credentials(around: Surroundings, path_to_credentials: Path | None) -> bool:
    """Say whether any source of credentials is there, good or bad."""
    named = ("AUGER_CREDENTIALS", "AUGER_CREDENTIALS_PATH")
    stored = around.home / ".augerai" / "auger.json"
    return any(map(around.environ.get, named)) or bool(path_to_credentials) or stored.exists()


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = split_web_url(url)
    if parts is None:
        return "", url, None
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default
