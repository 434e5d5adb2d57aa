"""Run `auger auth`: log in, log out, and show who is logged in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.run import open_context
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.errors import AugerError

if TYPE_CHECKING:
    from auger_reconcile.client.credentials import Credentials

_BY_OPTIONS = "auger auth login --username NAME --organization NAME --password-stdin"


@group(example="auger auth whoami")
def auth() -> None:
    """Log in, log out, show who is logged in."""


@auth.command(example="auger auth login --username anna@example.com --organization shop")
@click.option("-u", "--username", help="User name or e-mail address; asked for without it.")
@click.option("-o", "--organization", help="Organization to work in; asked for without it.")
@click.option("-p", "--password", help="Better left out: other users can see it. It is asked for.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--system",
    type=click.Choice(["production", "staging"]),
    help="The Auger Cloud to log in to; production without it.",
)
@click.option("--url", metavar="URL", help="Another hub to log in to.")
@click.option(
    "--sso",
    "is_sso",
    is_flag=True,
    help="Log in on the hub's page in the browser, as companies do.",
)
@click.option(
    "--no-browser", is_flag=True, help="With --sso: the browser is elsewhere, the code is typed in."
)
def login(  # noqa: PLR0913 - one option each
    invocation: Invocation,
    *,
    username: str | None,
    organization: str | None,
    password: str | None,
    password_stdin: bool,
    system: str | None,
    url: str | None,
    is_sso: bool,
    no_browser: bool,
) -> None:
    """Log in and store the credentials in ~/.augerai/auger.json.

    AUGER_CREDENTIALS_PATH names another folder. They replace the old ones only when the login
    succeeds. With --sso they end when the login on
    the hub's page ends.
    """
    from auger_reconcile.api.hubs.auth import SYSTEMS, is_readable_on_the_way
    from auger_reconcile.api.hubs.auth import login as log_in
    from auger_reconcile.api.hubs.session import LOCAL, Surroundings

    if len([name for name in (system, url, invocation.hub) if name]) > 1:
        raise click.UsageError("of --system, --url and --hub one names the hub")
    if invocation.hub == LOCAL:
        raise click.UsageError("the local hub needs no login")
    url = url or invocation.hub
    if is_sso or no_browser:
        if username or organization or password or password_stdin or system or not is_sso:
            raise click.UsageError("--sso goes with --url and --no-browser: the page asks the rest")
        _show_login(invocation, _log_in_by_page(invocation, url, has_browser=not no_browser))
        return
    if password_stdin and password is not None:
        raise click.UsageError("--password and --password-stdin both give a password")
    if password_stdin and not (username and organization):
        raise click.UsageError("--password-stdin needs --username and --organization")
    password = _read_password() if password_stdin else password
    username = username or _ask("User name")
    organization = organization or _ask("Organization")
    password = password or _ask("Password", is_secret=True)
    around, root = Surroundings(os.environ, Path.home()), url or SYSTEMS[system or "production"]
    if is_readable_on_the_way(root):
        invocation.tell("warning: over http the password can be read on its way; https hides it")
    with invocation.busy_with("Logging in"):
        credentials = log_in(
            around,
            url=root,
            username=username,
            organization=organization,
            password=password,
        )
    _show_login(invocation, credentials)


@auth.command(example="auger auth logout")
def logout(invocation: Invocation) -> None:
    """Forget the stored credentials."""
    from auger_reconcile.api.hubs.auth import logout as log_out
    from auger_reconcile.api.hubs.session import Surroundings

    was_in = log_out(Surroundings(os.environ, Path.home()))
    if invocation.as_json:
        invocation.show_json({"logged_out": was_in})
    else:
        invocation.show("Logged out." if was_in else "Nobody was logged in.")


@auth.command(example="auger auth password")
@click.option(
    "--password-stdin", is_flag=True, help="Read the old password and the new one, a line each."
)
def password(invocation: Invocation, *, password_stdin: bool) -> None:
    """Change the own password at the hub of the stored credentials.

    All other logins and tokens of the user end with it; the stored credentials stay good.
    """
    from auger_reconcile.api.hubs.auth import change_password
    from auger_reconcile.api.hubs.session import Surroundings
    from auger_reconcile.cli.views.words import count_of

    if password_stdin:
        old, new = _read_password(), _read_password()
    else:
        old, new = _ask("Password", is_secret=True), _ask("New password", is_secret=True)
        if _ask("The new one again", is_secret=True) != new:
            raise AugerError("the new password is not the same twice; nothing was changed")
    with invocation.busy_with("Changing the password"):
        who, ended = change_password(Surroundings(os.environ, Path.home()), old=old, new=new)
    if invocation.as_json:
        invocation.show_json({**_describe(who), "ended": ended})
    else:
        told = f"{count_of(ended, 'login')} of before ended, and this machine has a new one."
        invocation.show(f"The password of {plain(who.username)} is changed: {told}")


@auth.command(example="auger auth whoami")
def whoami(invocation: Invocation) -> None:
    """Say who is logged in, in which organization and at which hub."""
    with open_context(invocation) as context:
        who, is_logged_in = context.credentials, context.is_logged_in
    if invocation.as_json:
        invocation.show_json({**_describe(who), "source": who.source})
        return
    invocation.show(
        f"{plain(who.username)} in organization {plain(who.organization)} at {who.api_url}"
    )
    if not is_logged_in and not invocation.is_quiet:
        invocation.tell("Nobody is logged in, so this is the hub of this machine.")


def _log_in_by_page(invocation: Invocation, url: str | None, *, has_browser: bool) -> Credentials:
    import webbrowser

    from auger_reconcile.api.hubs.auth import is_readable_on_the_way, login_by_page
    from auger_reconcile.api.hubs.session import Surroundings

    if url is None:
        raise click.UsageError("--sso needs --url: the Auger Cloud has no such page")
    if is_readable_on_the_way(url):
        invocation.tell("warning: over http the token can be read on its way; https hides it")

    def show(page: str) -> str | None:
        if not has_browser:
            invocation.tell(f"Open this page in a browser:\n{page}")
            return _ask("Code", hint="the page shows it to who is logged in there")
        is_open = webbrowser.open(page)
        invocation.tell("The browser asks you to log in." if is_open else "Open this page here:")
        invocation.tell(f"{page}\nWaiting for it; Ctrl-C ends that.")
        return None

    around = Surroundings(os.environ, Path.home())
    return login_by_page(around, url=url, show=show, is_here=has_browser)


def _show_login(invocation: Invocation, who: Credentials) -> None:
    if invocation.as_json:
        invocation.show_json(_describe(who))
    else:
        invocation.show(
            f"Logged in as {plain(who.username)} in organization {plain(who.organization)}"
            f" at {who.api_url}."
        )
    if os.environ.get("AUGER_CREDENTIALS"):
        invocation.tell("warning: AUGER_CREDENTIALS is set, and is used instead of this login")


def _describe(who: Credentials) -> dict[str, str]:
    return {"username": who.username, "organization": who.organization, "api_url": who.api_url}


def _read_password() -> str:
    """Return the first line of standard input.

    Raises:
        AugerError: it is empty.
    """
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise AugerError("standard input holds no password")
    return password


def _ask(what: str, *, is_secret: bool = False, hint: str = _BY_OPTIONS) -> str:
    """Ask on stderr: stdout is for results.

    Raises:
        AugerError: there is nobody to ask.
    """
    try:
        return str(click.prompt(what, hide_input=is_secret, err=True))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise AugerError(
            f"there is nobody to ask for the {what.lower()}",
            hint=hint,
        ) from None
