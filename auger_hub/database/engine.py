"""Connect to the database: short reads, and writes that can never lose an update.

By default two writers that both read and then write lose one of the two updates without an error,
in SQLite and in PostgreSQL. Every write here begins by taking the one write lock instead: BEGIN
IMMEDIATE in SQLite, an advisory lock in PostgreSQL.
"""

from __future__ import annotations

import copy
import functools
import glob
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from auger_hub.settings import BadSettings

HEAD = "0020"
_log = logging.getLogger("auger.hub.database")
_KNOWN = ("sqlite", "postgresql")
_CONNECTIONS = 20
_LOCK_WAIT_MS = 20_000
_WRITE_LOCK = 0x617567_6572  # any number that nothing else in the database locks


_LEASE = text("SELECT number FROM leases WHERE name = 'work'")
_FULL_CODES = {10: "disk I/O error", 13: "database or disk is full"}  # sqlite.org/rescode.html
_FULL_STATES = ("53100", "58030")  # PostgreSQL's disk_full and io_error


class NotLeading(Exception):
    """This process does not lead the background work any more, so it must not write."""


class Database:
    """One database, used by many threads and processes at once."""

    _allow: Callable[[Session], None] | None = None

    def __init__(self, url: str) -> None:
        self.engine = _make_engine(url)
        self._write_engine = self.engine.execution_options(hub_write=True)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._idle: list[Any] = []

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database and changes nothing."""
        with Session(self.engine, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Yield a session whose reads, however many, all see one state of the database."""
        engine = self.engine
        if not self.is_sqlite:  # there each transaction is a snapshot anyway
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with Session(engine, autoflush=False) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session that holds the write lock; commit at the end, roll back on an error."""
        with Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            if self._allow is not None:
                self._allow(session)
            yield session

    def fenced(self, number: Callable[[], int | None]) -> Database:
        """Return this database for background work: every write first looks who leads.

        The lease changes hands under the write lock, so between the look and the commit it does
        not. A process that was stopped for a while finds out here.

        Args:
            number: of the lease that the work was begun under; None when there is none.
        """

        def allow(session: Session) -> None:
            if number() is None or session.scalar(_LEASE) != number():
                raise NotLeading("another process leads the background work of this hub")

        fenced = copy.copy(self)
        fenced._allow = allow
        return fenced

    def is_led(self, number: int) -> bool:
        """Return whether the lease of that number is the last one."""
        with self.engine.connect() as connection:
            return bool(connection.scalar(_LEASE) == number)

    def connect(self) -> Connection:
        """Return a bare connection for the hot reads."""
        return self.engine.connect()

    def first(self, query: Executable, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row of a hot read of plain numbers and texts.

        With SQLite the driver is asked directly: SQLAlchemy's bookkeeping around a connection
        costs ten times the read itself, and every request of every client begins with one.
        """
        if not self.is_sqlite:
            with self.connect() as connection:
                row = connection.execute(query, parameters).first()
            return None if row is None else tuple(row)
        compiled = _compile(query, self.engine)
        names = compiled.positiontup or []
        return self._first_of_driver(str(compiled), [parameters[name] for name in names])

    def _first_of_driver(self, statement: str, values: list[Any]) -> tuple[Any, ...] | None:
        """Ask a connection of the driver that nobody else uses now, outside of any transaction.

        It is lent for the one question: a connection of every thread's own would stay open after
        the thread has ended, and threads come and go with the requests.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect_driver()
        try:
            cursor = connection.execute(statement, values)
            found: tuple[Any, ...] | None = cursor.fetchone()
            cursor.close()  # ends the read, which would keep what it sees from being cleared away
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return found

    def _connect_driver(self) -> Any:
        borrowed = self.engine.raw_connection()
        borrowed.detach()
        return borrowed.dbapi_connection

    def connections_in_use(self) -> int:
        """Return how many connections of the pool are lent now."""
        pool: Any = self.engine.pool  # of every kind that is used here
        return int(pool.checkedout())

    def secret(self, name: str) -> str | None:
        """Return one of the hub's own keys."""
        with self.engine.connect() as connection:
            query = text("SELECT value FROM secrets WHERE name = :name")
            value: str | None = connection.scalar(query, {"name": name})
            return value

    def migrate(self) -> None:
        """Bring the tables to this version; costs one query when they already are.

        Raises:
            BadSettings: there is no database, or none that can be used.
        """
        self._restrict()
        try:
            revision = self.revision()
        except (DatabaseError, TypeError, ValueError) as error:
            if is_full(error):
                raise BadSettings(str(describe_refusal(error, self.place))) from error
            said = error.orig if isinstance(error, DatabaseError) else error
            reason = str(said).strip().partition("\n")[0]
            raise BadSettings(f"the database {self.place} cannot be used: {reason}") from error
        if revision == HEAD:
            return
        if revision is not None and revision > HEAD:
            raise BadSettings(
                f"the database {self.place} was made by a newer version of the hub "
                f"({revision}, this one knows {HEAD}): install that version again"
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._write_engine.connect() as connection:
            if self.is_sqlite:  # it changes a table by replacing it, which must not cascade
                _keep_references(connection, is_kept=False)
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            if self.is_sqlite:
                _keep_references(connection, is_kept=True)
        self._restrict()

    def _restrict(self) -> None:
        """Let nobody but the owner read the file: it holds what signs, and all that users have."""
        path = Path(self.engine.url.database or "")
        if not self.is_sqlite or os.name != "posix":
            return
        for file in path.parent.glob(f"{glob.escape(path.name)}*"):
            is_own = file.name.removeprefix(path.name) in ("", "-wal", "-shm")
            if is_own and file.is_file() and file.stat().st_mode & 0o077:
                try:
                    file.chmod(0o600)
                except OSError as error:
                    _log.warning("others can read %s, which holds secrets: %s", file, error)

    @property
    def place(self) -> str:
        """Its URL as it may be shown."""
        return self.engine.url.set(query={}).render_as_string(hide_password=True)

    def is_blank(self) -> bool:
        """Return whether there is nothing in it; a file that is not there is not made.

        What cannot be asked is not blank: `migrate` says what is wrong with it.
        """
        name = self.engine.url.database or ""
        if self.is_sqlite and not name.startswith("file:"):
            path = Path(name)
            if not path.exists() or path.stat().st_size == 0:
                return True
        try:
            return self.revision() is None
        except (DatabaseError, TypeError, ValueError):
            return False

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    def revision(self) -> str | None:
        """Return which version its tables are of; None without tables."""
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(
                text("SELECT version_num FROM alembic_version")
            )
            return revision


@functools.cache
def _compile(query: Any, engine: Engine) -> SQLCompiler:
    compiled = query.compile(engine)
    assert isinstance(compiled, SQLCompiler)
    return compiled


def is_gone(error: Exception) -> bool:
    """Return whether the database could not be reached, or was lost in the middle."""
    # the driver speaks for itself in hot reads
    return isinstance(error, OperationalError | InterfaceError | sqlite3.OperationalError)


def is_away(error: BaseException | None) -> bool:
    """Return whether no server of a database answers yet; one that refuses somebody does answer."""
    if not isinstance(error, OperationalError):
        return False
    said = str(error.orig)
    is_psycopg = type(error.orig).__module__.startswith("psycopg")
    return is_psycopg and ("FATAL" not in said or "the database system is" in said)


def describe_refusal(error: BaseException, place: str) -> str | None:
    """Return in a sentence what a database has refused, and the way out; None for other errors.

    Args:
        error: SQLAlchemy's, or the driver's own.
        place: of the database, as it may be shown.
    """
    if not isinstance(error, DBAPIError | sqlite3.Error):
        return None
    if is_full(error):
        return f"the disk of the database {place} is full or failing, nothing was changed"
    said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    return (
        f"the database {place} cannot be used ({said}): look at the disk, whether it is full or "
        "read-only, and at whose the file is; nothing was changed"
    )


def show_url(url: str) -> str:
    """Return the URL of a database as it may be shown."""
    return make_url(url).set(query={}).render_as_string(hide_password=True)


def is_full(error: BaseException) -> bool:
    """Return whether the database's disk is full or fails, by the code that the driver gives."""
    origin = getattr(error, "orig", error)  # SQLAlchemy's, or the driver's own in hot reads
    if not isinstance(origin, sqlite3.Error):
        return getattr(origin, "sqlstate", None) in _FULL_STATES
    code = getattr(origin, "sqlite_errorcode", None)
    if code is None:  # Python 3.10 has no more than SQLite's own name of it
        return str(origin) in _FULL_CODES.values()
    return code & 0xFF in _FULL_CODES  # what is above the low byte is the operation that failed


def _make_engine(url: str) -> Engine:
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadSettings(
            "the database has to be a SQLAlchemy URL, as sqlite:////file.db"
        ) from error
    name = parts.get_backend_name()
    if name not in _KNOWN:
        raise BadSettings(f"the database cannot be {name}: only {' or '.join(_KNOWN)}")
    if name == "sqlite" and parts.database in (None, "", ":memory:"):
        raise BadSettings("the database cannot be in memory: processes of the hub share it")
    if name == "postgresql" and parts.drivername == name:
        url = f"postgresql+psycopg{url.removeprefix(name)}"  # the driver that the extra installs
    # a server may have been restarted since the last request: its connections are tried first
    is_served = not url.startswith("sqlite")
    try:
        engine = create_engine(
            url, pool_size=_CONNECTIONS, max_overflow=_CONNECTIONS, pool_pre_ping=is_served
        )
    except ModuleNotFoundError as error:
        hint = ": install the extra `postgresql`" if error.name == "psycopg" else ""
        raise BadSettings(f"the database needs the package {error.name}{hint}") from error
    except NoSuchModuleError as error:
        raise BadSettings(f"the database has no driver {parts.drivername}") from error
    except (ArgumentError, TypeError, ValueError) as error:
        raise BadSettings(f"the database cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_LOCK_WAIT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _keep_references(connection: Connection, *, is_kept: bool) -> None:
    """Switch the foreign keys of one connection; SQLite allows it outside of a transaction only."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys = {'ON' if is_kept else 'OFF'}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("hub_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("hub_write"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
