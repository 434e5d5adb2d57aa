"""Run `auger hub`: manage a hub on this machine, and its users."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from auger_reconcile.cli.command import group
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.invocation import Invocation
from auger_reconcile.cli.options import Size
from auger_reconcile.cli.path import FilePath

_LIMIT = click.IntRange(0, 2**31 - 1)  # as the hub keeps it
USER_NAME = re.compile(r"[\w.@+-]{1,255}")  # the hub's own rule, told before it is asked


@group(example="auger hub start")
def hub() -> None:
    """Run a hub of your own on this machine.

    `hub: local` in auger.yaml starts it when it is needed, so these are seldom needed by hand.
    """


_new = click.option(
    "--new",
    "is_new",
    is_flag=True,
    help="Begin anew with a database that is not the one of the hub's folder; models that the "
    "folder has go to its trash. Also goes on without what a lost store held.",
)


@hub.command(example="auger hub start")
@_new
def start(invocation: Invocation, *, is_new: bool) -> None:
    """Start the hub in the background, unless it runs."""
    from auger_reconcile.api.hubs.local_hub import LocalHub

    with invocation.busy_with("Starting the local hub"):
        facts = LocalHub().start(is_new=is_new)
    verb = "Started" if facts.get("started") else "Running already:"
    _show(invocation, facts, f"{verb} the local hub at {facts.get('url')}")


@hub.command(example="auger hub stop")
def stop(invocation: Invocation) -> None:
    """Stop the hub; searches under way go on when it is started again."""
    from auger_reconcile.api.hubs.local_hub import LocalHub

    with invocation.busy_with("Stopping the local hub"):
        facts = LocalHub().stop()
    stopped = "Stopped the local hub." if facts.get("stopped") else "The local hub does not run."
    _show(invocation, facts, stopped)


@hub.command(example="auger hub status")
def status(invocation: Invocation) -> None:
    """Say whether and where the hub runs."""
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_status

    facts = LocalHub().status()
    _show(invocation, facts, render_status(facts))


@hub.command("open", example="auger hub open")
@click.option("--user", default="local", show_default=True, help="Who is logged in.")
@click.option("--print", "is_printed", is_flag=True, help="Print the address, open no browser.")
def open_(invocation: Invocation, *, user: str, is_printed: bool) -> None:
    """Open the hub's page in the browser, logged in.

    Starts the hub when it does not run. The address works once and for a minute.
    """
    import webbrowser

    from auger_reconcile.api.hubs.local_hub import LocalHub

    local_hub = LocalHub()
    with invocation.busy_with("Starting the local hub"):
        local_hub.start()
    facts = local_hub.issue_ticket(user)
    url = str(facts.get("url"))
    is_opened = not (is_printed or invocation.as_json) and webbrowser.open(url)
    _show(invocation, facts, "Opened the hub's page in the browser." if is_opened else url)


@hub.command(example="auger hub logs --follow")
@click.option(
    "-n", "--lines", type=click.IntRange(min=1), default=50, show_default=True, help="How many."
)
@click.option("--follow", is_flag=True, help="Go on as the log grows, until Ctrl-C.")
def logs(invocation: Invocation, *, lines: int, follow: bool) -> int:
    """Print the end of the hub's log."""
    from auger_reconcile.api.hubs.local_hub import LocalHub

    if follow and not invocation.as_json:
        return LocalHub().follow_log(lines)
    found = LocalHub().read_log(lines)
    _show(invocation, {"lines": found}, "\n".join(found))
    return ExitCode.DONE


@hub.command(example="auger hub serve --port 8700")
@click.option("--host", metavar="HOST", help="Address to listen on; this machine alone by default.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 is any free one.")
@click.option("--database", metavar="URL", help="SQLAlchemy URL; SQLite in the hub's folder else.")
@click.option(
    "--storage",
    metavar="URL",
    help="Object store or folder where files are kept; the hub's own folder else.",
)
@click.option(
    "--scheduler",
    metavar="URL",
    help="A Dask scheduler whose workers run all trials; a cluster for each project else.",
)
@click.option(
    "--role",
    type=click.Choice(["all", "web", "work"]),
    help="Of several processes on one database: web never leads the background work, work answers"
    " nobody; all does both.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that answer requests at the port; 1 by default.",
)
@click.option(
    "--cluster-mode",
    type=click.Choice(["multi_tenant", "single_tenant"]),
    help="Whether new organizations share the hub's compute; multi_tenant by default.",
)
@click.option(
    "--proxy",
    metavar="ADDRESS",
    help="A proxy in front of the hub: what it says of clients is believed.",
)
@click.option(
    "--sources",
    type=click.Choice(["private", "public"]),
    help="Whether data may come from addresses of this network; by default on loopback only.",
)
@click.option(
    "--oidc",
    metavar="FILE",
    help="JSON that says where users log in by OpenID Connect, and who may.",
)
@_new
def serve(invocation: Invocation, *, is_new: bool, **places: Any) -> int:
    """Run the hub in the foreground, for a team, until Ctrl-C."""
    from auger_reconcile.api.hubs.local_hub import LocalHub

    given = {name.replace("_", "-"): value for name, value in places.items() if value is not None}
    arguments = [part for name in given for part in (f"--{name}", str(given[name]))]
    flags = [name for name, is_on in (("--new", is_new), ("--json", invocation.as_json)) if is_on]
    return LocalHub().serve([*arguments, *flags])


@hub.command(example="auger hub backup hub.tar.gz")
@click.argument("file", type=FilePath())
def backup(invocation: Invocation, *, file: Path) -> None:
    """Write all that the hub holds to FILE, while it runs or not.

    The file holds data, models and hashed passwords: keep it as you keep those.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub

    with invocation.busy_with("Writing the backup"):
        facts = LocalHub().back_up(file)
    _show(invocation, facts, f"Wrote {facts.get('bytes')} bytes to {file}.")
    if facts.get("missing"):
        invocation.tell(f"{facts['missing']} files that the hub names are not in its storage.")


@hub.command(example="auger hub restore hub.tar.gz")
@click.argument("file", type=FilePath())
def restore(invocation: Invocation, *, file: Path) -> None:
    """Fill an empty hub from FILE, which `auger hub backup` wrote.

    The hub may not run, and nothing is overwritten: name a new folder by AUGER_HUB_HOME.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub

    with invocation.busy_with("Restoring the hub"):
        facts = LocalHub().restore(file)
    _show(invocation, facts, f"Restored {facts.get('rows')} rows into {facts.get('home')}.")
    if facts.get("missing"):
        invocation.tell(f"The backup lacks {facts['missing']}. `auger hub check` tells of them.")


@hub.command(example="auger hub check")
def check(invocation: Invocation) -> ExitCode:
    """Check settings, versions, folder, disk, database, store, files, models, scheduler, and more.

    One line for each part, with the way out of what is wrong. Changes nothing; exits with 1 when a
    part fails, not for warnings.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_findings

    with invocation.busy_with("Checking the hub"):
        found = LocalHub().check()
    _show(invocation, {"findings": list(found)}, render_findings(found))
    is_bad = any(finding.get("state") == "failed" for finding in found)
    return ExitCode.FAILED if is_bad else ExitCode.DONE


@hub.command(example="auger hub retention --days 7")
@click.option("--days", type=click.IntRange(0, 3650), default=0, help="What goes within so long.")
def retention(invocation: Invocation, *, days: int) -> None:
    """List what the hub is going to remove because it is old; nothing unless its settings say so.

    AUGER_HUB_KEEP_PREDICTIONS_DAYS, ..._TRIALS_DAYS, ..._DATA_DAYS and ..._MODELS_DAYS say how long
    each is kept.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_retention

    facts = LocalHub().report_retention(days)
    _show(invocation, facts, render_retention(facts))


@hub.command(example="auger hub audit --user anna")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="How many.",
)
@click.option("--user", metavar="NAME", help="What one user did.")
@click.option("--action", metavar="VERB", help="One kind of change, as `create` or `delete`.")
@click.option("--kind", metavar="KIND", help="What was done to one kind of object, as `project`.")
@click.option("--object", "object_", metavar="ID", help="What was done to one object.")
def audit(invocation: Invocation, *, lines: int, object_: str | None, **wanted: str | None) -> None:
    """List who did what to which object of the hub, newest first.

    Entries are written with the change itself, and kept for a year by default.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_audit

    found = LocalHub().list_audit_entries(lines, object=object_, **wanted)
    _show(invocation, {"entries": list(found)}, render_audit(found))


_roles = click.Choice(["viewer", "member", "admin"])


@hub.group(example="auger hub user add anna")
def user() -> None:
    """Manage who may log in to the hub."""


def _check_user_name(_ctx: click.Context, _param: click.Parameter, name: str) -> str:
    if not USER_NAME.fullmatch(name):
        raise click.BadParameter("it has 1 to 255 letters, digits and `.`, `_`, `@`, `+`, `-`")
    return name


@user.command(example="auger hub user add anna --organization shop")
@click.argument("name", callback=_check_user_name)
@click.option("--organization", help="Whose objects to see; that of before, or `local`.")
@click.option(
    "--role",
    type=_roles,
    help="What to do with them; the first of an organization is its admin, others are members.",
)
@click.option("--sso", "is_sso", is_flag=True, help="No password: the log-in is by single sign-on.")
def add(
    invocation: Invocation, *, name: str, organization: str | None, role: str | None, is_sso: bool
) -> None:
    """Make a user, or give one a new password; it is shown this once.

    A new password ends all logins and tokens of before, and what was signed for them; so does
    --sso, with the password.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_invited_user, render_new_user

    added = LocalHub().add_user(name, organization, role, is_sso=is_sso)
    _show(invocation, added, (render_invited_user if is_sso else render_new_user)(added))


@user.command("role", example="auger hub user role anna viewer")
@click.argument("name")
@click.argument("role", type=_roles)
def set_role(invocation: Invocation, *, name: str, role: str) -> None:
    """Give a user another role.

    A viewer reads what the organization has, a member works with it, and an admin manages its users
    besides.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.errors import NotFound

    facts = LocalHub().set_role(name, role)
    if not facts.get("changed"):
        raise NotFound(f"there is no user `{name}`", hint="auger hub user list")
    _show(invocation, facts, f"`{name}` is {role} now.")


@user.command("list", example="auger hub user list")
def list_(invocation: Invocation) -> None:
    """List the users."""
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_users

    users = LocalHub().list_users()
    _show(invocation, {"users": list(users)}, render_users(users))


@user.command(example="auger hub user revoke anna")
@click.argument("name")
def revoke(invocation: Invocation, *, name: str) -> ExitCode:
    """End all logins and tokens of a user, and forget the password.

    Of the hub's own user, `local`, this machine gets a new login at once.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.errors import NotFound

    facts = LocalHub().revoke_user(name)
    if not facts.get("revoked"):
        raise NotFound(f"there is no user `{name}`", hint="auger hub user list")
    renewed = " This machine has a new one." if facts.get("renewed") else ""
    _show(invocation, facts, f"All logins of `{name}` have ended.{renewed}")
    return ExitCode.DONE


@hub.group("org", example="auger hub org list")
def organization() -> None:
    """Limit what organizations may use of the hub."""


@organization.command("list", example="auger hub org list")
def list_organizations(invocation: Invocation) -> None:
    """List the organizations and their limits."""
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_organizations

    found = LocalHub().list_organizations()
    _show(invocation, {"organizations": list(found)}, render_organizations(found))


@organization.command("limit", example="auger hub org limit shop --most-workers 4")
@click.argument("name")
@click.option("--most-workers", type=_LIMIT, help="Of all its runs; 0 for no limit.")
@click.option(
    "--most-questions",
    type=_LIMIT,
    help="To its models in a minute; 0 for no limit.",
)
@click.option(
    "--most-storage",
    type=Size(),
    metavar="SIZE",
    help="Of its data, models and exports, as 50GB; 0 for no limit.",
)
def limit(invocation: Invocation, *, name: str, **limits: int | None) -> None:
    """Limit an organization; what is not given stays as it is.

    Over --most-storage the hub refuses uploads, deployments and exports; nothing is removed.
    """
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import tell_storage
    from auger_reconcile.errors import NotFound

    facts = LocalHub().limit_organization(name, **limits)
    if not facts.get("changed"):
        raise NotFound(f"there is no organization `{name}`", hint="auger hub org list")
    _show(invocation, facts, f"The limits of `{name}` are set.")
    if told := tell_storage(facts):
        invocation.tell(f"`{name}` stores {told}.")


@hub.group(example="auger hub token list")
def token() -> None:
    """Manage the tokens by which programs use the hub."""


@token.command("add", example="auger hub token add anna --name ci --days 90")
@click.argument("user")
@click.option("--name", default="", help="A name to recognize it by in the list.")
@click.option("--days", type=click.IntRange(min=1, max=36500), help="How long it is good.")
@click.option(
    "--scope",
    type=click.Choice(["read", "predict", "write"]),
    help="What it may do of what its user may: read, ask models too, or change objects too.",
)
def add_token(
    invocation: Invocation, *, user: str, name: str, days: int | None, scope: str | None
) -> None:
    """Make a token of a user; it is shown this once."""
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_new_token

    added = LocalHub().add_token(user, name, days, scope)
    _show(invocation, added, render_new_token(added))


@token.command("list", example="auger hub token list")
def list_tokens(invocation: Invocation) -> None:
    """List the tokens that are good: of programs, logins and browsers."""
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.cli.views.hub_text import render_tokens

    tokens = LocalHub().list_tokens()
    _show(invocation, {"tokens": list(tokens)}, render_tokens(tokens))


@token.command("end", example="auger hub token end 3f2a9c0b1d4e")
@click.argument("token_id", metavar="ID")
def end_token(invocation: Invocation, *, token_id: str) -> ExitCode:
    """End one token, by the id that the list shows."""
    from auger_reconcile.api.hubs.local_hub import LocalHub
    from auger_reconcile.errors import NotFound

    facts = LocalHub().end_token(token_id)
    if not facts.get("ended"):
        raise NotFound(f"there is no token `{token_id}`", hint="auger hub token list")
    renewed = " This machine has a new one." if facts.get("renewed") else ""
    _show(invocation, facts, f"The token `{token_id}` has ended.{renewed}")
    return ExitCode.DONE


def _show(invocation: Invocation, facts: Mapping[str, Any], text: str) -> None:
    if invocation.as_json:
        invocation.show_json(dict(facts))
    elif text:
        invocation.show(text)
