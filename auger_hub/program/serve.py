"""Run the hub in this process: lock, database, socket, credentials, and who answers."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import time
from datetime import datetime, timedelta, timezone
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from filelock import Timeout
from sqlalchemy import func, select

from auger_hub.accounts.users import add_own_token, find_caller
from auger_hub.database.engine import Database, is_away
from auger_hub.database.tables import Token, now
from auger_hub.hub import Hub, open_hub
from auger_hub.private_file import read_json, write_private_json
from auger_hub.processes.daemon import HubFailed, serving_lock
from auger_hub.program.workers import Workers, answer_requests
from auger_hub.settings import LOOPBACK, OWN_ORGANIZATION, BadSettings, HubSettings
from auger_hub.store.disk import look_at_disk
from auger_hub.telemetry.log import log_to
from auger_hub.temporary import use_own_temporary
from auger_reconcile import __version__

USER = "local"
_log = logging.getLogger("auger.hub.serve")
_MOST_AHEAD = timedelta(hours=1)
_ORPHANS_SECONDS = 10.0
_LEAST_TO_START = 1024**2
"""Bytes of the disk: with less, not even the log and the state of the hub can be written."""
_DATABASE_SECONDS = 300.0
_LONGEST_PAUSE_SECONDS = 15.0


def serve(settings: HubSettings, *, as_json: bool = False, is_new: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; raise HubFailed when another process serves this home.

    Prints one line when it serves: a sentence, or what is known of it as JSON. With `is_new` the
    folder, store and database belong together from now on, whatever they belonged to.
    """
    settings.make_folders()
    disk = look_at_disk(settings)
    if disk.free < _LEAST_TO_START:
        told = (
            f"the disk of {settings.home} is full ({disk.describe()}): make room, and start again"
        )
        raise HubFailed(told)
    _end_in_order()
    try:
        with serving_lock(settings):
            _serve(settings, as_json=as_json, is_new=is_new)
    except Timeout as error:
        raise HubFailed(f"a hub already serves {settings.home}") from error


def _serve(settings: HubSettings, *, as_json: bool, is_new: bool) -> None:
    settings.state_path.unlink(missing_ok=True)
    log_to(settings.log_path, place=settings.log, form=settings.log_format)
    use_own_temporary(settings)
    hub = _open_when_there(settings, is_new=is_new)
    _warn_of_clock(hub.database)
    listener = _listen(settings)
    url = f"http://{_reachable(settings.host)}:{listener.getsockname()[1]}"
    write_credentials(settings, hub.database, url)
    place = {"database": settings.database, "storage": settings.storage}
    write_private_json(settings.place_path, place)

    def announce() -> None:
        state = {
            "url": url,
            "pid": os.getpid(),
            "version": __version__,
            "started_at": datetime.now(timezone.utc).isoformat(),
        }
        write_private_json(settings.state_path, state)
        way_out = "; Ctrl-C ends it" if sys.stdout.isatty() else ""
        line = json.dumps(state) if as_json else f"auger hub {__version__} serves {url}{way_out}"
        print(line, flush=True)  # noqa: T201 - its one line

    try:
        if settings.workers > 1:
            hub.database.close()
            Workers(settings, listener, url).run(announce)
        else:
            answer_requests(hub, listener, announce)
    finally:
        if read_json(settings.state_path).get("pid") == os.getpid():  # else it is of another hub
            settings.state_path.unlink(missing_ok=True)
        listener.close()


def _open_when_there(settings: HubSettings, *, is_new: bool) -> Hub:
    """Open the hub; a server of its database that is away is waited for, for some minutes."""
    deadline, pause = time.monotonic() + _DATABASE_SECONDS, 0.5
    while True:
        try:
            return open_hub(settings, is_new=is_new)
        except BadSettings as error:
            if not is_away(error.__cause__) or time.monotonic() + pause > deadline:
                raise
        told = f"the database is away: looking again in {pause:g} s"
        _log.warning(told)
        print(told, file=sys.stderr, flush=True)  # noqa: T201 - for who starts it
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _warn_of_clock(database: Database) -> None:
    """Say when the clock is behind rows of this hub: logins and signatures end by the clock."""
    with database.read() as session:
        newest = session.scalar(select(func.max(Token.created_at)))
    if newest is not None and newest - now() > _MOST_AHEAD:
        told = (
            f"the clock of this machine says {now():%Y-%m-%d %H:%M}, and this hub has logins of "
            f"{newest:%Y-%m-%d %H:%M} (UTC): set the clock, else logins end too late"
        )
        _log.warning(told)
        print(f"warning: {told}", file=sys.stderr)  # noqa: T201 - for who starts it


def _end_in_order() -> None:
    """Take SIGTERM, also as process 1 of a container, and SIGHUP, unless `nohup` has it ignored."""
    signal.signal(signal.SIGTERM, _leave)
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        # uvicorn ends in order at SIGTERM only
        signal.signal(hang_up, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End with the lock and hub.json in order; uvicorn raises the signal again when it is done."""
    raise SystemExit(0)


def _listen(settings: HubSettings) -> socket.socket:
    """Bind the wanted port; without one the port of the last time, so that URLs stay good.

    Workers of a hub that was killed end within seconds, and have the port until then.
    """
    deadline = time.monotonic() + (_ORPHANS_SECONDS if settings.workers > 1 else 0)
    while (listener := _bind(settings, is_last=time.monotonic() >= deadline)) is None:
        time.sleep(0.2)
    return listener


def _bind(settings: HubSettings, *, is_last: bool) -> socket.socket | None:
    before = urlsplit(str(read_json(settings.credentials_path).get("api_url", ""))).port or 0
    any_free = [0] if is_last or not before else []
    for port in [settings.port] if settings.port else [before, *any_free]:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        # asyncio sets TCP_NODELAY on sockets that name their protocol only
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, port))
        except OSError as error:
            listener.close()
            reason = error
            continue
        listener.listen(1024)
        return listener
    if not is_last:
        return None
    raise HubFailed(f"cannot listen on {settings.host}: {reason}")


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - recognized, not bound
        return LOOPBACK
    return f"[{host}]" if ":" in host else host


def write_credentials(settings: HubSettings, database: Database, url: str) -> None:
    """Keep the client's credentials of this hub good: made at first, refreshed at every start."""
    stored = read_json(settings.credentials_path)
    token = str(stored.get("token") or "")
    if not token or find_caller(database, token) is None:
        with database.write() as session:
            token = add_own_token(session, USER, OWN_ORGANIZATION)
    credentials = {
        "username": USER,
        "api_url": url,
        "token": token,
        "organization": OWN_ORGANIZATION,
    }
    if credentials != stored:
        write_private_json(settings.credentials_path, credentials)
