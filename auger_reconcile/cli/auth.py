"""`auger auth`: log in, log out, say who is logged in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.single import open_context


@group(example="auger auth whoami")
def auth() -> None:
    """Log in, log out, say who is logged in."""


@auth.command(example="auger auth login --username anna@example.com --organization shop")
@click.option("-u", "--username", prompt=True, help="User name or e-mail address.")
@click.option("-o", "--organization", prompt=True, help="Organization to work in.")
@click.option("-p", "--password", help="Better left out: other users can see it. It is asked for.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--system",
    type=click.Choice(["production", "staging"]),
    default="production",
    show_default=True,
    help="The Auger Cloud to log in to.",
)
@click.option("--url", metavar="URL", help="Another hub to log in to.")
def login(  # noqa: PLR0913 - one option each
    invocation: Invocation,
    *,
    username: str,
    organization: str,
    password: str | None,
    password_stdin: bool,
    system: str,
    url: str | None,
) -> None:
    """Log in and store the credentials in ~/.augerai/auger.json.

    They replace the old ones only when the login succeeds.
    """
    from auger_reconcile.api.auth import SYSTEMS
    from auger_reconcile.api.auth import login as log_in
    from auger_reconcile.api.session import Surroundings

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif password is None:
        password = click.prompt("Password", hide_input=True, err=True)
    around = Surroundings(os.environ, Path.home())
    with invocation.busy_with("Logging in"):
        credentials = log_in(
            around,
            url=url or SYSTEMS[system],
            username=username,
            organization=organization,
            password=str(password),
        )
    if invocation.as_json:
        invocation.show_json({"username": username, "api_url": credentials.api_url})
    else:
        invocation.show(f"Logged in as {username} at {credentials.api_url}.")


@auth.command(example="auger auth logout")
def logout(invocation: Invocation) -> None:
    """Forget the stored credentials."""
    from auger_reconcile.api.auth import logout as log_out
    from auger_reconcile.api.session import Surroundings

    was_in = log_out(Surroundings(os.environ, Path.home()))
    if invocation.as_json:
        invocation.show_json({"logged_out": was_in})
    else:
        invocation.show("Logged out." if was_in else "Nobody was logged in.")


@auth.command(example="auger auth whoami")
def whoami(invocation: Invocation) -> None:
    """Say who is logged in, in which organization and at which hub."""
    with open_context(invocation) as context:
        who = context.credentials
    if invocation.as_json:
        invocation.show_json(
            {
                "username": who.username,
                "organization": who.organization,
                "api_url": who.api_url,
                "source": who.source,
            }
        )
    else:
        invocation.show(f"{who.username} in organization {who.organization} at {who.api_url}")
