"""Start, stop, serve and query the hub of this machine, and manage its users."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auger_reconcile.client import local_hub


@dataclass(frozen=True)
class LocalHub:
    """The local hub of one user.

    Attributes:
        environ: `AUGER_HUB_HOME` names its folder; `.augerai/hub` in the home folder otherwise.
        home: the user's home folder.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=Path.home)

    @property
    def folder(self) -> Path:
        """Where database, files and log lie."""
        return local_hub.find_hub_home(environ=self.environ, home=self.home)

    def start(self, *, is_new: bool = False) -> Mapping[str, Any]:
        """Start the hub in the background, or find it running: `url`, `pid`, `home`, `started`.

        Args:
            is_new: begin anew, with a database that is not the one of the hub's folder.

        Raises:
            Unavailable: it does not start.
            AugerError: the extra `hub` is not installed.
        """
        return local_hub.start(environ=self.environ, home=self.home, is_new=is_new)

    def stop(self) -> Mapping[str, Any]:
        """Stop the hub; `stopped` tells whether it ran.

        Raises:
            Unavailable: it does not stop.
        """
        return local_hub.stop(environ=self.environ, home=self.home)

    def status(self) -> Mapping[str, Any]:
        """Return what the hub says of itself: `running`, `home`, and while it runs more.

        Raises:
            Unavailable: it cannot be asked.
        """
        return local_hub.status(environ=self.environ, home=self.home)

    def issue_ticket(self, user: str = "local") -> Mapping[str, Any]:
        """Return `url`, which logs the user in to the hub's page once, and `valid_seconds`.

        Raises:
            Unavailable: the hub does not run, or there is no such user.
        """
        return local_hub.ticket(user, environ=self.environ, home=self.home)

    def back_up(self, file: Path) -> Mapping[str, Any]:
        """Write all that the hub holds to one file, while it runs or not: `file`, `bytes`, `home`.

        Raises:
            Unavailable: there is no hub, or the file cannot be written.
        """
        return local_hub.back_up(file.absolute(), environ=self.environ, home=self.home)

    def restore(self, file: Path) -> Mapping[str, Any]:
        """Fill an empty hub that does not run from a backup: `file`, `rows`, `home`.

        Raises:
            Unavailable: the hub runs or holds something, or the file is no backup.
        """
        return local_hub.restore(file.absolute(), environ=self.environ, home=self.home)

    def read_log(self, lines: int) -> list[str]:
        """Return the last lines of its log; none when it never ran."""
        return local_hub.tail_log(environ=self.environ, home=self.home, lines=lines)

    def list_audit_entries(
        self, limit: int = 50, **wanted: str | None
    ) -> Sequence[Mapping[str, Any]]:
        """Return who did what to which object, newest first.

        Args:
            limit: how many entries.
            wanted: `user`, `action`, `kind` and `object`, each narrowing to one value.

        Raises:
            Unavailable: the hub's rows cannot be read.
        """
        narrowed = [f"--{name}={value}" for name, value in wanted.items() if value is not None]
        return local_hub.list_audit_entries(
            [f"--limit={limit}", *narrowed], environ=self.environ, home=self.home
        )

    def check(self) -> Sequence[Mapping[str, Any]]:
        """Return what is found of each part: `part`, `state` (ok, warning, failed), `text`, `hint`.

        Raises:
            AugerError: the extra `hub` is not installed.
        """
        return local_hub.check(environ=self.environ, home=self.home)

    def report_retention(self, days: int = 0) -> Mapping[str, Any]:
        """Return what goes because of its age within so many days, before it goes: `due`.

        `removes` tells whether the settings let anything go at all.

        Raises:
            Unavailable: the hub's rows cannot be read.
        """
        return local_hub.report_retention(days, environ=self.environ, home=self.home)

    def set_role(self, name: str, role: str) -> Mapping[str, Any]:
        """Give a user another role; `changed` tells whether there is one.

        Raises:
            Unavailable: the organization would be left without an admin.
        """
        changed: Mapping[str, Any] = self._ask_users(["role", "--", name, role])
        return changed

    def limit_organization(self, name: str, **limits: int | None) -> Mapping[str, Any]:
        """Set limits of an organization, 0 for none; `changed` tells whether there is one.

        Args:
            name: of the organization.
            limits: `most_workers` of all its runs, `most_questions` to its models in a minute.
        """
        told = [
            f"--{limit.replace('_', '-')}={value}"
            for limit, value in limits.items()
            if value is not None
        ]
        changed: Mapping[str, Any] = local_hub.run_organization_command(
            ["limit", *told, "--", name], environ=self.environ, home=self.home
        )
        return changed

    def list_organizations(self) -> Sequence[Mapping[str, Any]]:
        """Return the organizations with their limits."""
        listed: Sequence[Mapping[str, Any]] = local_hub.run_organization_command(
            ["list"], environ=self.environ, home=self.home
        )
        return listed

    def add_user(
        self,
        name: str,
        organization: str | None = None,
        role: str | None = None,
        *,
        is_sso: bool = False,
    ) -> Mapping[str, Any]:
        """Make a user; password and token are in the answer and nowhere else.

        An existing user gets new ones and stays in the organization. Without a role the first user
        of an organization is its admin, and others are members.

        Args:
            name: of the user.
            organization: None for that of the user, or `local` for a new one.
            role: `viewer`, `member` or `admin`.
            is_sso: the user has no password, and logs in by single sign-on.

        Raises:
            Unavailable: the user is of another organization.
        """
        told = {"organization": organization, "role": role}
        given = [f"--{option}={value}" for option, value in told.items() if value is not None]
        flags = ["--sso"] if is_sso else []
        added: Mapping[str, Any] = self._ask_users(["add", *given, *flags, "--", name])
        return added

    def list_users(self) -> Sequence[Mapping[str, Any]]:
        """Return the users, without anything secret."""
        listed: Sequence[Mapping[str, Any]] = self._ask_users(["list"])
        return listed

    def revoke_user(self, name: str) -> Mapping[str, Any]:
        """End all logins of a user; `revoked` tells whether there is one.

        `renewed` tells that they were those of this machine, which has a new one.
        """
        revoked: Mapping[str, Any] = self._ask_users(["revoke", "--", name])
        return revoked

    def add_token(
        self, user: str, name: str, days: int | None, scope: str | None = None
    ) -> Mapping[str, Any]:
        """Make one more token of a user: `token`, shown only here, and its `id`.

        Args:
            user: whose it is.
            name: what tells it from others in a list.
            days: how long it is good; None is for ever.
            scope: what it may do of what the user may: `read`, `predict`, `write`; None is all.

        Raises:
            Unavailable: there is no such user.
        """
        lifetime = [] if days is None else ["--days", str(days)]
        limited = [] if scope is None else [f"--scope={scope}"]
        added: Mapping[str, Any] = self._ask_tokens(
            ["add", f"--name={name}", *lifetime, *limited, "--", user]
        )
        return added

    def list_tokens(self) -> Sequence[Mapping[str, Any]]:
        """Return the tokens that are good, without anything secret."""
        listed: Sequence[Mapping[str, Any]] = self._ask_tokens(["list"])
        return listed

    def end_token(self, token_id: str) -> Mapping[str, Any]:
        """End one token; `ended` tells whether there is one.

        `renewed` tells that it was this machine's, which has a new one.
        """
        ended: Mapping[str, Any] = self._ask_tokens(["end", "--", token_id])
        return ended

    def serve(self, arguments: Sequence[str]) -> int:
        """Become the hub, in the foreground; what signals this process signals the hub.

        Where a process cannot become another, return the hub's exit code when it has ended.
        """
        return self._become(local_hub.serve_command(arguments))

    def follow_log(self, lines: int) -> int:
        """Print the log as it grows until interrupted, like `serve`."""
        command = [sys.executable, "-m", "auger_hub", "logs", "-f", "-n", str(lines)]
        return self._become(command)

    def _become(self, command: Sequence[str]) -> int:
        environ = {**self.environ, "AUGER_HUB_HOME": str(self.folder), "PYTHONSAFEPATH": "1"}
        if os.name == "posix":
            sys.stdout.flush()
            sys.stderr.flush()
            os.execve(command[0], list(command), environ)  # noqa: S606 - the hub itself, no shell
        with subprocess.Popen(command, env=environ) as process:
            while True:
                with suppress(KeyboardInterrupt):  # the hub got it too, and ends in its own time
                    return process.wait()

    def _ask_tokens(self, arguments: Sequence[str]) -> Any:
        return local_hub.run_token_command(arguments, environ=self.environ, home=self.home)

    def _ask_users(self, arguments: Sequence[str]) -> Any:
        return local_hub.run_user_command(arguments, environ=self.environ, home=self.home)
