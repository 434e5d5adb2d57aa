"""Load, store and delete credentials for hubs.

Refuses to do: ask the hub, repeat anything of a file that cannot be read.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from auger_reconcile.errors import AugerError, NotAuthenticated

CREDENTIALS_FILE = "auger.json"
CLOUD_URL = "https://app.auger.ai"
_FOLDER_VARIABLE = "AUGER_CREDENTIALS_PATH"
_MOST_BYTES = 8192
_LOGIN_HINT = "fresh credentials come from\nauger auth login"


def login_command(url: str) -> str:
    """Return the command that logs in to a hub."""
    return "auger auth login" + ("" if url == CLOUD_URL else f" --url {shlex.quote(url)}")


@dataclass(frozen=True)
class Credentials:
    """Who the user is on which hub (wire contract §1.3).

    Attributes:
        api_url: root of the hub.
        organization: name of the organization; "" when the source does not say.
        source: where they came from, for people: an environment variable or a path.
    """

    username: str
    api_url: str
    token: str = field(repr=False)
    organization: str
    source: str


def load_credentials(
    *, environ: Mapping[str, str], path_to_credentials: Path | None, home: Path
) -> Credentials:
    """Return the credentials of the first source that is named; a named one must be good.

    The order: `AUGER_CREDENTIALS` (JSON text), `AUGER_CREDENTIALS_PATH` (a folder),
    `path_to_credentials` of auger.yaml (a folder), `.augerai` in the home folder.

    Raises:
        NotAuthenticated: the source cannot be used; the message names it.
    """
    if text := environ.get("AUGER_CREDENTIALS"):
        return _parse(text, source="AUGER_CREDENTIALS")
    if environ.get(_FOLDER_VARIABLE):
        return _read(login_folder(environ=environ, home=home), named_by=_FOLDER_VARIABLE)
    if path_to_credentials:
        return _read(path_to_credentials.expanduser(), named_by="path_to_credentials")
    return _read(home / ".augerai", named_by=None)


def read_credentials(path: Path) -> Credentials:
    """Return the credentials of one file.

    Raises:
        NotAuthenticated: the file is missing or cannot be used.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe is waited for
            raise NotAuthenticated(f"cannot read `{path}`: it is no file", hint=_LOGIN_HINT)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is no text"
        raise NotAuthenticated(f"cannot read `{path}`: {reason}", hint=_LOGIN_HINT) from None
    return _parse(text, source=str(path))


def find_readable_by_others(*, environ: Mapping[str, str], home: Path) -> Path | None:
    """Return the credentials file that will be used, if other users of this machine can read it."""
    if environ.get("AUGER_CREDENTIALS") or os.name != "posix":
        return None
    path = login_folder(environ=environ, home=home) / CREDENTIALS_FILE
    try:
        is_open = bool(path.stat().st_mode & 0o077)
        is_reached = bool(path.parent.stat().st_mode & 0o011)
    except OSError:
        return None
    return path if is_open and is_reached else None


def login_folder(*, environ: Mapping[str, str], home: Path) -> Path:
    """Return where a login is stored, and is looked for before anything that a project names."""
    named = environ.get(_FOLDER_VARIABLE)
    return Path(named).expanduser() if named else home / ".augerai"


@contextmanager
def saving_credentials(folder: Path) -> Iterator[Callable[[Credentials], Path]]:
    """Yield what stores credentials in a folder, for the user alone, in one step.

    The room for them is taken first: a hub that is asked in between makes no token, and ends no
    login, for a machine that cannot keep the new one.

    Raises:
        AugerError: the file cannot be written.
    """
    path = folder / CREDENTIALS_FILE
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")

    @contextmanager
    def failing_with_its_path() -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise AugerError(f"cannot write `{path}`: {fault.strerror or fault}") from None

    def write(text: str) -> None:
        file.seek(0)
        file.write(text)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())

    def save(credentials: Credentials) -> Path:
        members = {key: value for key, value in asdict(credentials).items() if key != "source"}
        with failing_with_its_path():
            write(json.dumps(members, indent=2) + "\n")
            part.replace(path)
        return path

    with ExitStack() as stack:
        with failing_with_its_path():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.name == ".augerai":  # any other may hold more than what is the user's alone
                folder.chmod(0o700)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            stack.callback(part.unlink, missing_ok=True)
            file = stack.enter_context(os.fdopen(descriptor, "w", encoding="utf-8"))
            write(" " * _MOST_BYTES)
        yield save


def clear_credentials(folder: Path) -> bool:
    """Forget the stored credentials; False when there were none.

    Raises:
        AugerError: the file cannot be removed.
    """
    path = folder / CREDENTIALS_FILE
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as fault:
        raise AugerError(f"cannot remove `{path}`: {fault.strerror or fault}") from None
    return True


def _read(folder: Path, *, named_by: str | None) -> Credentials:
    """Return the credentials of a folder; an absent file means that nobody logged in."""
    path = folder / CREDENTIALS_FILE
    if path.exists():
        return read_credentials(path)
    if named_by:
        raise NotAuthenticated(
            f"{named_by} names a folder without {CREDENTIALS_FILE}: `{folder}`", hint=_LOGIN_HINT
        )
    raise NotAuthenticated(f"not logged in: there is no `{path}`", hint=_LOGIN_HINT)


def _parse(text: str, *, source: str) -> Credentials:
    """Return the credentials of a JSON text; the text itself is never repeated."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise NotAuthenticated(f"the credentials in {source} are no JSON object", hint=_LOGIN_HINT)
    token = _read_text(members, "token")
    if not token:
        raise NotAuthenticated(f"the credentials in {source} have no token", hint=_LOGIN_HINT)
    return Credentials(
        username=_read_text(members, "username"),
        api_url=_read_text(members, "api_url") or _read_text(members, "url") or CLOUD_URL,
        token=token,
        organization=_read_text(members, "organization"),
        source=source,
    )


def _read_text(members: Mapping[str, Any], name: str) -> str:
    """Return a member that is text, or ""."""
    value = members.get(name)
    return value.strip() if isinstance(value, str) else ""
