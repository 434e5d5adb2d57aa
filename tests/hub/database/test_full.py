"""A full or failing disk is told by the codes of the driver."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from auger_hub.database.engine import Database, is_full


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
