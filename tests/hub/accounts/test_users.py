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
    add_own_token,
    add_token,
    add_user,
    digest_token,
    end_token,
    find_caller,
    find_seal,
    hash_password,
    is_password,
    list_tokens,
    log_in,
    revoke_user,
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


def test_a_new_password_ends_all_logins_of_before(database: Database) -> None:
    with database.write() as session:
        first = add_user(session, "anna", "here")
    login = log_in(database, "anna", first["password"])
    caller = find_caller(database, first["token"])
    assert login is not None
    assert caller is not None
    with database.write() as session:
        second = add_user(session, "anna", "here")
    assert second["ended"] == 2
    assert find_caller(database, first["token"]) is None
    assert find_caller(database, login) is None
    assert find_caller(database, second["token"]) is not None
    assert find_seal(database, caller.user_id) not in (None, caller.seal)


def test_a_revoked_user_has_no_seal(database: Database) -> None:
    with database.write() as session:
        token = add_user(session, "anna", "here")["token"]
    caller = find_caller(database, token)
    assert caller is not None
    with database.write() as session:
        assert revoke_user(session, "anna")
    assert find_seal(database, caller.user_id) is None
    assert find_seal(database, 12345) is None


def test_tokens_are_listed_by_name_and_ended_one_by_one(database: Database) -> None:
    with database.write() as session:
        first = add_user(session, "anna", "here")["token"]
        made = add_token(session, "anna", "ci", 3600)
    with database.read() as session:
        listed = list_tokens(session)
    assert [(row["username"], row["name"]) for row in listed] == [
        ("anna", "user add"),
        ("anna", "ci"),
    ]
    assert [row["expires_at"] is None for row in listed] == [True, False]
    assert made["token"] not in str(listed)
    with database.write() as session:
        assert end_token(session, made["id"])
        assert not end_token(session, made["id"])
        assert not end_token(session, "%")
    assert find_caller(database, made["token"]) is None
    assert find_caller(database, first) is not None


def test_a_token_ends_when_its_time_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        add_user(session, "anna", "here")
        made = add_token(session, "anna", "ci", 3600)
    later = time.time() + 3602
    monkeypatch.setattr(time, "time", lambda: later)
    assert find_caller(database, made["token"]) is None
    with database.read() as session:
        assert [row["name"] for row in list_tokens(session)] == ["user add"]


@pytest.mark.parametrize(("name", "seconds"), [("n" * 256, None), ("ci", 10**12), ("ci", 0)])
def test_a_token_that_cannot_be_kept_is_refused(
    database: Database, name: str, seconds: int | None
) -> None:
    with database.write() as session:
        add_user(session, "anna", "here")
        with pytest.raises(ValueError, match="a token"):
            add_token(session, "anna", name, seconds)


def test_nobody_gets_a_token_who_may_not_log_in(database: Database) -> None:
    with database.write() as session:
        add_user(session, "anna", "here")
        revoke_user(session, "anna")
    for name in ("anna", "nobody"):
        with pytest.raises(ValueError, match="no user"), database.write() as session:
            add_token(session, name, "", None)


def test_the_own_token_of_the_hub_ends_no_other_login(database: Database) -> None:
    with database.write() as session:
        first = add_user(session, "local", "local")
        second = add_own_token(session, "local", "local")
    assert find_caller(database, first["token"]) is not None
    assert find_caller(database, second) is not None
    assert log_in(database, "local", first["password"]) is not None
