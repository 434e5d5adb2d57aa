"""`python -m auger_hub`: serve, start, stop, status, logs, audit, user, token, ..."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from auger_hub.program.people import (
    add_organizations,
    add_tokens,
    add_users,
    change_organizations,
    change_tokens,
    change_users,
)
from auger_hub.settings import (
    CLUSTER_MODES,
    LOOPBACK,
    PROCESS_ROLES,
    SOURCES,
    WORK,
    BadSettings,
    HubSettings,
)

_SQLITE = "sqlite:///"
_TOLD = (
    *(
        "host",
        "port",
        "database",
        "storage",
        "cluster_mode",
        "scheduler",
        "proxy",
        "sources",
        "workers",
    ),
    "oidc",
)
"""Settings that are told by options of the same name."""


_Parser = argparse.ArgumentParser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # rows, files and logs are for their owner alone, in children too
    command: Callable[[argparse.Namespace, HubSettings], int] = options.command
    from auger_hub.processes.daemon import HubFailed

    try:
        return command(options, _settings(options))
    except (HubFailed, BadSettings) as error:
        if command is _serve and options.json:
            _print(json.dumps({"error": {"kind": type(error).__name__, "message": str(error)}}))
        else:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        reason = error.strerror or error
        print(f"error: the hub cannot use{where}: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        told = _refused_by_database(error, options)
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)  # noqa: T201
        return 1


def _refused_by_database(error: Exception, options: argparse.Namespace) -> str | None:
    from auger_hub.database.engine import describe_refusal, show_url

    return describe_refusal(error, show_url(_settings(options).database_url))


def _settings(options: argparse.Namespace) -> HubSettings:
    settings = HubSettings.from_environment()
    given: dict[str, Any] = {
        name: value for name in _TOLD if (value := getattr(options, name, None)) is not None
    }
    if getattr(options, "process_role", None) is not None:
        given["role"] = options.process_role
    if hasattr(options, "home"):
        given["home"] = Path(options.home).expanduser().absolute()
    settings = _absolute(replace(settings, **given))
    return settings if options.command is _restore else _where_it_is(settings)


def _absolute(settings: HubSettings) -> HubSettings:
    """Paths are told where a command is given, and used elsewhere and later."""
    storage, database = settings.storage, settings.database
    if storage and not settings.has_remote_storage:
        storage = str(settings.files_folder)
    file = database.removeprefix(_SQLITE)
    if file != database and file and not file.startswith(("/", ":", "?", "file:")):
        database = f"{_SQLITE}{Path(file).absolute()}"
    oidc = settings.oidc
    if oidc and not oidc.lstrip().startswith("{"):  # else it is the document itself
        oidc = str(Path(oidc).expanduser().absolute())
    return replace(settings, storage=storage, database=database, oidc=oidc)


def _where_it_is(settings: HubSettings) -> HubSettings:
    """Return the settings with the places that were told before, unless others are told now."""
    from auger_hub.private_file import read_json

    place = read_json(settings.place_path)
    return replace(
        settings,
        database=settings.database or str(place.get("database", "")),
        storage=settings.storage or str(place.get("storage", "")),
    )


def _serve(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.program.serve import serve

    if settings.workers < 1 or (settings.workers > 1 and settings.role == WORK):
        raise BadSettings(f"{settings.workers} workers: one or more, and of role work just one")
    serve(settings, as_json=options.json, is_new=options.new)
    return 0


def _start(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.processes.daemon import start

    running, was_started = start(settings, is_new=options.new)
    state = {"url": running.url, "pid": running.pid, "home": str(settings.home)}
    _print(json.dumps({**state, "started": was_started}))
    return 0


def _stop(_options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.processes.daemon import stop

    _print(json.dumps({"stopped": stop(settings), "home": str(settings.home)}))
    return 0


def _status(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.processes.daemon import find_running

    running = find_running(settings)
    state: dict[str, Any] = {"running": running is not None, "home": str(settings.home)}
    if running is not None:
        from auger_hub.program.counts import count_objects

        uptime = round(running.uptime_seconds, 1)
        state |= {"url": running.url, "pid": running.pid, "version": running.version}
        state |= {"uptime_seconds": uptime, **count_objects(settings)}
    lines = json.dumps(state) if options.json else "\n".join(f"{k}: {v}" for k, v in state.items())
    _print(lines)
    return 0


def _logs(options: argparse.Namespace, settings: HubSettings) -> int:
    if not settings.log_path.exists():
        return 0
    with settings.log_path.open(encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
        _print("".join(lines[-options.lines :] if options.lines else lines), end="")
        while options.follow:
            if file.tell() > settings.log_path.stat().st_size:  # it was full, and begins anew
                file.seek(0)
            rest = file.read()
            if rest:
                _print(rest, end="")
            else:
                time.sleep(0.2)
    return 0


def _audit(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.accounts.audit import list_entries
    from auger_hub.store.identity import open_database

    wanted = {
        name: getattr(options, name, None) for name in ("user", "action", "kind", "object_id")
    }
    with open_database(settings).read() as session:
        _print(json.dumps(list_entries(session, options.limit, **wanted)))
    return 0


def _check(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.program.check import FAILED, check_hub

    found = check_hub(settings)
    if options.json:
        _print(json.dumps(found))
        return 0  # what is wrong is in the answer
    for one in found:
        hint = f" ({one['hint']})" if one["hint"] else ""
        _print(f"{one['state']:8} {one['part']:10} {one['text']}{hint}")
    return int(any(one["state"] == FAILED for one in found))


def _retention(options: argparse.Namespace, settings: HubSettings) -> int:
    from datetime import timedelta

    from auger_hub.background.retention import report_due
    from auger_hub.database.tables import now
    from auger_hub.store.identity import open_database

    with open_database(settings).read() as session:
        due = report_due(session, settings, now() + timedelta(days=options.days))
    _print(json.dumps({"removes": settings.removes_by_age, "due": due}))
    return 0


def _ticket(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.database.engine import Database
    from auger_hub.pages.visitor.ticket import TICKET_SECONDS, UnknownUser, issue_ticket
    from auger_hub.processes.daemon import HubFailed, find_running

    running = find_running(settings)
    if running is None:
        raise HubFailed(f"no hub serves {settings.home}")
    try:
        with Database(settings.database_url).write() as session:
            ticket = issue_ticket(session, options.user)
    except UnknownUser as error:
        raise HubFailed(str(error)) from error
    url = f"{running.url}/log-in?ticket={ticket}"
    _print(json.dumps({"url": url, "valid_seconds": TICKET_SECONDS}) if options.json else url)
    return 0


def _backup(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.program.backup import BackupFailed, back_up

    path = Path(options.file).expanduser().absolute()
    try:
        made = back_up(settings, path)
    except BackupFailed as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:  # of the file: what the database refuses is told by itself
        reason = error.strerror or error
        print(f"{error.filename or path} cannot be used: {reason}", file=sys.stderr)  # noqa: T201
        return 1
    facts = {"file": str(path), "bytes": made.size, "missing": made.missing}
    _print(json.dumps({**facts, "home": str(settings.home)}))
    return 0


def _restore(options: argparse.Namespace, settings: HubSettings) -> int:
    from auger_hub.processes.daemon import HubFailed, find_running
    from auger_hub.program.backup import BackupFailed, restore

    if find_running(settings) is not None:
        raise HubFailed(f"a hub serves {settings.home}; stop it before you restore")
    path = Path(options.file).expanduser().absolute()
    try:
        done = restore(settings, path)
    except (BackupFailed, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    facts = {"file": str(path), "rows": done.rows, "missing": done.missing}
    _print(json.dumps({**facts, "home": str(settings.home)}))
    return 0


def _parser() -> _Parser:
    shared = _options()
    shared.add_argument("--home", help="folder of the hub (AUGER_HUB_HOME, ~/.augerai/hub)")
    shared.add_argument("--database", help="SQLAlchemy URL instead of SQLite in the home folder")
    stored = _options(shared)
    stored.add_argument("--storage", help="folder for the files, or URL of an object store")
    place = _options(stored)
    _add_place(place)
    parser = argparse.ArgumentParser(prog="python -m auger_hub", description=__doc__)
    add = _commands(parser, metavar="COMMAND")
    served = add("serve", place, "run the hub in the foreground", _serve)
    served.add_argument(
        "--json", action="store_true", help="say in one JSON line where it serves, or why not"
    )
    served.add_argument("--workers", type=int, help="how many processes answer at the port")
    add("start", place, "start the hub in the background unless it runs", _start)
    add("stop", shared, "end the hub", _stop)
    status = add("status", shared, "say whether and where it runs", _status)
    status.add_argument("--json", action="store_true", help="one JSON line")
    logs = add("logs", shared, "print the hub's log", _logs)
    logs.add_argument("-n", "--lines", type=int, default=50, help="how many lines; 0 is all")
    logs.add_argument("-f", "--follow", action="store_true", help="go on printing")
    ticket = add("ticket", shared, "print a URL that logs in once, within a minute", _ticket)
    ticket.add_argument("--user", default="local", help="who is logged in")
    ticket.add_argument("--json", action="store_true", help="one JSON line")
    backup = add("backup", stored, "write all the hub holds to one file", _backup)
    backup.add_argument("file", help="the archive to write, .tar.gz")
    restored = add("restore", stored, "fill an empty hub from a backup", _restore)
    restored.add_argument("file", help="the archive to read")
    look = add("look", shared, "print what a data set of a file would say of itself", _look)
    look.add_argument("file", help="the table to read")
    look.add_argument("--declared", default="{}", help="what is known of its columns, as JSON")
    audit = add("audit", shared, "print who did what to which object, newest first", _audit)
    audit.add_argument("--limit", type=int, default=50, help="how many entries")
    audit.add_argument("--user", help="of one user")
    audit.add_argument("--action", help="of one kind of change, as create")
    audit.add_argument("--kind", help="of one kind of object, as project")
    audit.add_argument("--object", dest="object_id", help="of one object, by its id")
    checked = add("check", stored, "look at settings, database, store, disk and network", _check)
    checked.add_argument("--json", action="store_true", default=False, help="one JSON line")
    checked.add_argument("--scheduler", metavar="URL", help="the Dask scheduler to ask")
    due = add("retention", shared, "print what is older than it is kept", _retention)
    due.add_argument("--days", type=int, default=0, help="what is so in so many days")
    people = (
        ("user", "manage who may log in", change_users, add_users),
        ("org", "limit organizations", change_organizations, add_organizations),
        ("token", "manage the tokens of users", change_tokens, add_tokens),
    )
    for name, about, command, add_commands in people:
        commands = _commands(add(name, shared, about, command), dest="action")
        add_commands(commands, shared)
    return parser


def _options(*parents: _Parser) -> _Parser:
    """Return options of several commands.

    One that is not given leaves no value: a subcommand must not undo its parent's.
    """
    return argparse.ArgumentParser(
        add_help=False, argument_default=argparse.SUPPRESS, parents=parents
    )


def _commands(parser: _Parser, **words: str) -> Callable[..., _Parser]:
    """Return what adds a command: its name, the options that it shares, its help, its function."""
    commands = parser.add_subparsers(required=True, **words)

    def add(name: str, shared: _Parser, text: str, command: object = None) -> _Parser:
        added: _Parser = commands.add_parser(name, parents=[shared], help=text)
        if command:
            added.set_defaults(command=command)
        return added

    return add


def _add_place(place: _Parser) -> None:
    """Add where and how a hub serves."""
    place.add_argument("--host", default=LOOPBACK, help="address to listen on")
    place.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    place.add_argument(
        "--new",
        action="store_true",
        default=False,
        help="begin anew with a database that is not the one of this folder, or go on without what "
        "a lost store held",
    )
    place.add_argument(
        "--role",
        dest="process_role",
        choices=PROCESS_ROLES,
        help="of several processes on one database: web answers and never leads, work leads and "
        "answers nobody, all does both",
    )
    place.add_argument(
        "--cluster-mode",
        choices=CLUSTER_MODES,
        help="single_tenant for clients that start a project by creating a cluster",
    )
    place.add_argument(
        "--scheduler",
        metavar="URL",
        help="tcp:// or tls:// address of a Dask scheduler whose workers run all trials",
    )
    place.add_argument(
        "--proxy",
        metavar="ADDRESS",
        help="a proxy in front of the hub: what it says of clients (X-Forwarded-For) is believed",
    )
    place.add_argument(
        "--oidc",
        metavar="FILE",
        help="JSON that says where users log in by OpenID Connect, and who may",
    )
    place.add_argument(
        "--sources",
        choices=SOURCES,
        help="whether data may be downloaded from addresses of this network",
    )


def _look(options: argparse.Namespace, _settings: HubSettings) -> int:
    from auger_hub.data.files.bounds import bound_memory
    from auger_hub.data.files.unreadable import UnreadableData
    from auger_hub.data.profile import profile_file
    from auger_hub.data.schema import BadSchema, Declared
    from auger_hub.processes.plain_json import to_plain

    bound_memory()
    file = Path(options.file)
    try:
        declared = Declared.from_dict(json.loads(options.declared))
        _print(json.dumps(to_plain(profile_file(file, file.name, declared))))
    except (BadSchema, UnreadableData) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _print(text: str, end: str = "\n") -> None:
    print(text, end=end, flush=True)  # noqa: T201 - the command's answer


if __name__ == "__main__":
    raise SystemExit(main())
