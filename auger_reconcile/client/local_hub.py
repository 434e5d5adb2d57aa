"""Start, find and query the hub of this machine; it is a program of its own.

Refuses to do: import anything of the hub, know its database, print. Whatever the hub says on its
way up ends in its log; here it is only ever a child process and an address.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auger_reconcile.client.credentials import CREDENTIALS_FILE, Credentials, read_credentials
from auger_reconcile.errors import AugerError, NotAuthenticated, Unavailable
from auger_reconcile.redact import quote_foreign
from auger_reconcile.web_url import split_web_url

START_TIMEOUT = 150.0  # longer than the hub gives itself
_HEALTH_TIMEOUT = 2.0
_MODULE = "auger_hub"
_VERBS = {
    "audit": "list who did what",
    "backup": "write the backup",
    "role": "change the role of",
    "retention": "say what is too old",
    "status": "say how it is",
    "ticket": "log anybody in",
}
"""What a command of the hub's program does, where its name is no verb."""
_NEEDED = ("sqlalchemy", "starlette", "uvicorn")  # of the extra `hub`


def ensure_local_hub(
    *, environ: Mapping[str, str], home: Path, may_start: bool = True
) -> Credentials:
    """Return the credentials of the running local hub, started when it does not run.

    Args:
        environ: `AUGER_HUB_HOME` names the hub's folder.
        home: the user's home folder; the hub's is `.augerai/hub` in it unless named.
        may_start: start it if need be.

    Raises:
        Unavailable: the hub does not start, or does not run and may not be started.
        AugerError: the extra `hub` is not installed.
    """
    folder = find_hub_home(environ=environ, home=home)
    running = _read_running(folder)
    if running is None and may_start:
        start(environ=environ, home=home)
        running = _read_running(folder)
    if running is None:
        told = "started but does not answer" if may_start else "does not run"
        raise Unavailable(f"the local hub {told}", hint=_quote_log(folder))
    return running


def find_hub_home(*, environ: Mapping[str, str], home: Path) -> Path:
    """Return the folder of the local hub."""
    named = environ.get("AUGER_HUB_HOME")
    return Path(named).expanduser().absolute() if named else home / ".augerai" / "hub"


def start(*, environ: Mapping[str, str], home: Path, is_new: bool = False) -> dict[str, Any]:
    """Start the hub in the background, or find it running, and return what it says of itself."""
    options = ["--new"] if is_new else []
    return _ask_facts("start", *options, environ=environ, home=home)


def stop(*, environ: Mapping[str, str], home: Path) -> dict[str, Any]:
    """Stop the hub, and return what it says of itself."""
    return _ask_facts("stop", environ=environ, home=home)


def status(*, environ: Mapping[str, str], home: Path) -> dict[str, Any]:
    """Return what the hub says of itself, running or not."""
    return _ask_facts("status", "--json", environ=environ, home=home)


def ticket(user: str, *, environ: Mapping[str, str], home: Path) -> dict[str, Any]:
    """Return an address that logs the user in, once and within a minute."""
    return _ask_facts("ticket", "--json", f"--user={user}", environ=environ, home=home)


def back_up(file: Path, *, environ: Mapping[str, str], home: Path) -> dict[str, Any]:
    """Write all that the hub holds to one file, running or not, and return what it says."""
    return _ask_facts("backup", "--", str(file), environ=environ, home=home, takes_long=True)


def restore(file: Path, *, environ: Mapping[str, str], home: Path) -> dict[str, Any]:
    """Fill an empty hub from a backup, and return what it says."""
    return _ask_facts("restore", "--", str(file), environ=environ, home=home, takes_long=True)


def run_user_command(arguments: Sequence[str], *, environ: Mapping[str, str], home: Path) -> Any:
    """Run `user add|list|revoke` and return its answer; a new password is shown only there."""
    return _ask(["user", *arguments], environ=environ, home=home)


def run_token_command(arguments: Sequence[str], *, environ: Mapping[str, str], home: Path) -> Any:
    """Run `token add|list|end` and return its answer; a new token is shown only there."""
    return _ask(["token", *arguments], environ=environ, home=home)


def list_audit_entries(
    arguments: Sequence[str], *, environ: Mapping[str, str], home: Path
) -> list[dict[str, Any]]:
    """Return who did what on the hub, newest first, running or not."""
    found: list[dict[str, Any]] = _ask(["audit", *arguments], environ=environ, home=home)
    return found


def check(*, environ: Mapping[str, str], home: Path) -> list[dict[str, Any]]:
    """Return what is found of each part of the hub, running or not."""
    found: list[dict[str, Any]] = _ask(["check", "--json"], environ=environ, home=home)
    return found


def report_retention(days: int, *, environ: Mapping[str, str], home: Path) -> dict[str, Any]:
    """Return what the hub removes because of its age within so many days."""
    return _ask_facts("retention", f"--days={days}", environ=environ, home=home)


def run_organization_command(
    arguments: Sequence[str], *, environ: Mapping[str, str], home: Path
) -> Any:
    """Run `org limit|list` and return its answer."""
    return _ask(["org", *arguments], environ=environ, home=home)


def serve_command(arguments: Sequence[str]) -> list[str]:
    """Return the command line that serves a hub in the foreground."""
    return [sys.executable, "-m", _MODULE, "serve", *arguments]


def tail_log(*, environ: Mapping[str, str], home: Path, lines: int = 50) -> list[str]:
    """Return the last lines of the hub's log; none when it has no log yet."""
    return _read_tail(find_hub_home(environ=environ, home=home) / "hub.log", lines)


def _read_running(folder: Path) -> Credentials | None:
    """Return the credentials of the hub of this folder if it answers, at its current address."""
    try:
        state = json.loads((folder / "hub.json").read_text(encoding="utf-8"))
        credentials = read_credentials(folder / CREDENTIALS_FILE)
    except (OSError, ValueError, NotAuthenticated):
        return None
    url = state.get("url") if isinstance(state, dict) else None
    if not isinstance(url, str) or not _is_healthy(url):
        return None
    return replace(credentials, api_url=url)


def _is_healthy(url: str) -> bool:
    """Say whether a hub answers at the address; another program may have taken its port."""
    parts = split_web_url(url)
    if parts is None:
        return False
    connection = http.client.HTTPConnection(parts.netloc, timeout=_HEALTH_TIMEOUT)
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read(65536))
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and answer.get("status") == "ok"


def _ask_facts(
    verb: str,
    *options: str,
    environ: Mapping[str, str],
    home: Path,
    takes_long: bool = False,
) -> dict[str, Any]:
    """Run a verb of the hub's program that answers with an object."""
    facts = _ask([verb, *options], environ=environ, home=home, takes_long=takes_long)
    if not isinstance(facts, dict):
        raise Unavailable(f"the local hub did not answer `{verb}` with an object")
    return facts


def _ask(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str],
    home: Path,
    takes_long: bool = False,
) -> Any:
    """Run the hub's program and return the JSON value of its last line."""
    import subprocess  # most commands find the hub running

    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise AugerError(
            f"the local hub needs {', '.join(missing)}, which is not installed",
            hint='the extra `hub` brings it\npip install "auger-reconcile[hub]"',
        )
    folder = find_hub_home(environ=environ, home=home)
    of_many = arguments[0] in ("user", "token", "org")
    verb = (
        f"{_VERBS.get(arguments[1], arguments[1])} the {arguments[0]}"
        if of_many
        else _VERBS.get(arguments[0], arguments[0])
    )
    try:
        done = subprocess.run(
            [sys.executable, "-m", _MODULE, *arguments],
            env={**environ, "AUGER_HUB_HOME": str(folder)},
            cwd=folder.anchor,  # `-m` imports from here first: not from among the user's files
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=None if takes_long else START_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"the local hub took longer than {START_TIMEOUT:g} s to {verb}"
        raise Unavailable(message, hint=_quote_log(folder)) from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        last = (said or ["it gave no reason"])[-1].removeprefix("error: ")
        words = quote_foreign(last.removeprefix("the hub did not start: "))
        # what a hub that serves has logged last explains nothing of this
        hint = None if said else _quote_log(folder)
        raise Unavailable(f"the local hub did not {verb}: {words}", hint=hint)
    try:
        return json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError:
        raise Unavailable(f"the local hub did not answer `{verb}` with JSON") from None


def _quote_log(folder: Path) -> str | None:
    """Return the last line of the hub's log as a hint."""
    lines = [line for line in _read_tail(folder / "hub.log", 20) if line.strip()]
    return f"its log ends with: {quote_foreign(lines[-1])}" if lines else None


def _read_tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a log; none when there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as fault:
        raise AugerError(f"cannot read `{path}`: {fault.strerror or fault}") from None
