from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, select, text
from sqlalchemy.exc import IntegrityError

from auger_hub.database import engine as engine_module
from auger_hub.database.engine import HEAD, Database, is_gone
from auger_hub.database.tables import Base, Organization, Project, Secret
from tests.hub.database.writers import count_at_once


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    yield database
    database.close()


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_head_the_hub_expects_is_the_newest_migration() -> None:
    folder = Path(engine_module.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_the_migrations_can_be_undone(database: Database) -> None:
    config = Config()
    folder = Path(engine_module.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_a_database_that_cannot_be_read_is_told_alike_by_all_reads(tmp_path: Path) -> None:
    """The hot reads ask the driver, the others SQLAlchemy; here both miss the table."""
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")

    def read() -> None:
        with database.read() as session:
            session.get(Secret, "a")

    for ask in (read, lambda: database.first(select(Secret.value), {})):
        with pytest.raises(Exception, match="no such table") as caught:
            ask()
        assert is_gone(caught.value)
    database.close()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(Secret(name="a", value="1"))
    database.migrate()
    with database.read() as session:
        assert session.get_one(Secret, "a").value == "1"


def test_writers_at_once_lose_no_update(database: Database) -> None:
    count_at_once(database)
    with database.read() as session:
        assert session.get_one(Secret, "count").value == "60"


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(Secret(name="a", value="1"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as session:
        assert session.get(Secret, "a") is None


def test_references_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Project(organization_id=77, name="orphan"))


def test_an_id_is_never_given_twice(database: Database) -> None:
    with database.write() as session:
        first = Organization(name="a", main_bucket="a")
        session.add(first)
        session.flush()
        session.delete(first)
    with database.write() as session:
        second = Organization(name="b", main_bucket="b")
        session.add(second)
        session.flush()
        assert second.id > first.id


def test_a_reader_is_not_held_up_by_a_writer(database: Database) -> None:
    with database.write() as session:
        session.add(Secret(name="a", value="1"))
        session.flush()
        with database.read() as reader:
            assert reader.scalars(select(Secret)).all() == []


def test_hot_reads_see_what_was_committed(database: Database) -> None:
    query = select(Secret.value).where(Secret.name == text(":name"))
    assert database.first(query, {"name": "a"}) is None
    with database.write() as session:
        session.add(Secret(name="a", value="1"))
    assert database.first(query, {"name": "a"}) == ("1",)


@pytest.fixture
def opened(database: Database) -> list[Any]:
    """The driver's connections that are opened from now on."""
    connections: list[Any] = []
    event.listen(database.engine, "connect", lambda made, _record: connections.append(made))
    database.engine.dispose()
    return connections


def ask(database: Database, name: str = "a") -> object:
    return database.first(select(Secret.value).where(Secret.name == text(":name")), {"name": name})


def test_threads_that_come_and_go_leave_no_connections(
    database: Database, opened: list[Any]
) -> None:
    for _ in range(50):
        thread = threading.Thread(target=ask, args=(database,))
        thread.start()
        thread.join()
    assert len(opened) == 1


def test_hot_reads_at_once_use_no_more_connections_than_there_are_threads(
    database: Database, opened: list[Any]
) -> None:
    def ask_often() -> None:
        for _ in range(50):
            ask(database)

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(opened) <= 8


def test_a_hot_read_that_fails_harms_no_other(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        database.first(select(text("x")).select_from(text("nowhere")), {})
    assert ask(database) is None
