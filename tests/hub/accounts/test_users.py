"""Whoever guesses learns nothing, not even from the time it takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from auger_hub.accounts import users as accounts
from auger_hub.accounts.users import (
    LOGIN_SECONDS,
    add_user,
    digest_token,
    find_caller,
    hash_password,
    is_password,
    log_in,
)
from auger_hub.database.engine import Database
from auger_hub.database.tables import Token, User


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    yield database
    database.close()


def test_a_password_is_known_by_its_hash() -> None:
    stored = hash_password("correct")
    assert is_password("correct", stored)
    assert not is_password("wrong", stored)
    assert "correct" not in stored
    assert stored != hash_password("correct")


@pytest.mark.parametrize("password", ["", "x", "\0", "é" * 1000])
def test_nobody_has_a_password(password: str) -> None:
    assert not is_password(password, None)


def test_an_unknown_user_takes_as_long_as_a_wrong_password() -> None:
    stored = hash_password("correct")
    known, unknown = [], []
    for _ in range(7):
        for times, hashed in ((known, stored), (unknown, None)):
            began = time.process_time()
            is_password("wrong", hashed)
            times.append(time.process_time() - began)
    assert 0.75 < statistics.median(unknown) / statistics.median(known) < 1.33


def test_passwords_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    compare = accounts.hmac.compare_digest

    def watch(one: str, other: str) -> bool:
        asked.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(accounts.hmac, "compare_digest", watch)
    assert not is_password("wrong", hash_password("correct"))
    assert not is_password("wrong", None)
    assert [len(one) == len(other) == 128 for one, other in asked] == [True, True]


def test_a_token_is_stored_as_its_digest() -> None:
    assert digest_token("t") == digest_token("t") != digest_token("u")
    assert "secret" not in digest_token("secret")


@pytest.mark.parametrize(("length", "is_in"), [(255, True), (256, False)])
def test_a_name_of_more_than_255_characters_is_nobodys(
    database: Database, length: int, is_in: bool
) -> None:
    with database.write() as session:
        user = add_user(session, "anna", "here")
        session.scalars(select(User)).one().name = "x" * length
    assert (log_in(database, "x" * length, user["password"]) is not None) is is_in


def test_a_user_of_a_longer_name_is_not_made(database: Database) -> None:
    with pytest.raises(ValueError, match="1 to 255 letters"), database.write() as session:
        add_user(session, "x" * 256, "here")


def test_a_log_in_drops_the_tokens_that_are_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        user = add_user(session, "anna", "here")
    over = log_in(database, "anna", user["password"])
    later = time.time() + LOGIN_SECONDS + 2
    monkeypatch.setattr(time, "time", lambda: later)
    fresh = log_in(database, "anna", user["password"])
    assert over is not None
    assert fresh is not None
    with database.read() as session:
        kept = set(session.scalars(select(Token.digest)))
    assert kept == {digest_token(user["token"]), digest_token(fresh)}
    assert find_caller(database, user["token"]) is not None
