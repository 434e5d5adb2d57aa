"""A full or failing disk is told by the codes of the driver."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from auger_hub.__main__ import main
from auger_hub.database.engine import Database, describe_refusal, is_full, show_url


def test_a_database_that_may_not_grow_is_full(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/small.db")
    with database.engine.connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 3"))
        connection.execute(text("CREATE TABLE rows (value TEXT)"))
        insert = text("INSERT INTO rows VALUES (:value)")
        with pytest.raises(OperationalError) as caught:
            connection.execute(insert, {"value": "x" * 100_000})
    assert is_full(caught.value)
    assert caught.value.orig is not None
    assert is_full(caught.value.orig)


def test_another_error_of_the_database_is_no_full_disk() -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(":memory:").execute("SELECT * FROM nothing")
    assert not is_full(caught.value)


@pytest.mark.parametrize(
    ("state", "expected"), [("53100", True), ("58030", True), ("40001", False)]
)
def test_postgresql_tells_it_by_its_state(state: str, expected: bool) -> None:
    refused: Any = SimpleNamespace(orig=SimpleNamespace(sqlstate=state))
    assert is_full(refused) is expected


def refusal(code: int, text: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            refusal(13, "database or disk is full"),
            "the disk of the database sqlite:///hub.db is full or failing, nothing was changed",
        ),
        (
            OperationalError("INSERT", {}, refusal(8, "attempt to write a readonly database")),
            (
                "the database sqlite:///hub.db cannot be used (attempt to write a readonly "
                "database): look at the disk, whether it is full or read-only, and at whose the "
                "file is; nothing was changed"
            ),
        ),
    ],
)
def test_what_the_database_refuses_is_told_in_a_sentence(error: Exception, told: str) -> None:
    assert describe_refusal(error, "sqlite:///hub.db") == told


def test_the_place_of_a_database_is_shown_without_its_password() -> None:
    assert show_url("postgresql://hub:S3CRET@db/hub?x=S3CRET") == "postgresql://hub:***@db/hub"


@pytest.mark.parametrize("command", [("user", "revoke", "local"), ("user", "list"), ("audit",)])
def test_a_command_says_that_the_disk_is_full_and_nothing_else(
    tmp_path: Path,
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_database: Database) -> str:
        raise OperationalError("SELECT", {}, refusal(10, "disk I/O error"))

    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.setattr(Database, "is_blank", lambda _: False)
    monkeypatch.setattr(Database, "revision", fail)
    home = tmp_path / "hub"
    home.mkdir()
    assert main([*command, "--home", str(home)]) == 1
    told = f"the disk of the database sqlite:///{home}/hub.db is full or failing"
    assert capsys.readouterr().err == f"error: {told}, nothing was changed\n"


def test_a_write_that_fails_half_way_is_told_likewise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> int:
        raise refusal(13, "database or disk is full")

    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.setattr("auger_hub.accounts.users.revoke_user", fail)
    assert main(["user", "revoke", "local", "--home", str(tmp_path / "hub")]) == 1
    assert "hub.db is full or failing, nothing was changed\n" in capsys.readouterr().err
