"""Codes that log a command line in: good once, soon, for who asked, and for no longer than that."""

from __future__ import annotations

import hashlib
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auger_hub.accounts import login_codes
from auger_hub.accounts.login_codes import issue_login_code, redeem_login_code
from auger_hub.accounts.users import (
    Caller,
    add_user,
    find_caller,
    issue_token,
    list_tokens,
    revoke_user,
)
from auger_hub.database.engine import Database
from auger_hub.database.tables import Secret

VERIFIER = "v" * 43


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    with database.write() as session:
        add_user(session, "anna", "acme")
    yield database
    database.close()


@pytest.fixture
def caller(database: Database) -> Caller:
    """Anna, who is logged in at the page for an hour."""
    with database.write() as session:
        token = issue_token(session, 1, 3600)
    found = find_caller(database, token)
    assert found is not None
    return found


def _issue(database: Database, caller: Caller) -> str:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
    with database.write() as session:
        return issue_login_code(session, caller, challenge, "auger on desk")


def _redeem(database: Database, code: str, verifier: str = VERIFIER) -> dict[str, Any] | None:
    with database.write() as session:
        return redeem_login_code(session, code, verifier)


def test_a_code_is_a_token_of_its_user_once(database: Database, caller: Caller) -> None:
    code = _issue(database, caller)
    told = _redeem(database, code)
    assert told is not None
    found = find_caller(database, told["token"])
    assert found is not None
    assert (found.name, found.organization) == (told["username"], told["organization"])
    assert (found.name, found.organization) == ("anna", "acme")
    assert _redeem(database, code) is None


def test_the_token_has_a_name_and_ends_with_the_login_that_it_comes_from(
    database: Database, caller: Caller
) -> None:
    _redeem(database, _issue(database, caller))
    with database.read() as session:
        listed = [one for one in list_tokens(session) if one["name"] == "auger on desk"]
    assert len(listed) == 1
    assert caller.expires_at is not None
    told = _redeem(database, _issue(database, caller))
    assert told is not None
    assert abs(told["expires_at"] - caller.expires_at) <= 1


def test_of_a_login_without_end_comes_a_token_with_one(database: Database, caller: Caller) -> None:
    told = _redeem(database, _issue(database, replace(caller, expires_at=None)))
    assert told is not None
    assert told["expires_at"] > time.time() + 30 * 24 * 3600


def test_another_verifier_uses_the_code_up(database: Database, caller: Caller) -> None:
    code = _issue(database, caller)
    assert _redeem(database, code, "w" * 43) is None
    assert _redeem(database, code) is None


def test_a_code_that_is_too_old_is_none_and_is_forgotten(
    database: Database, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_codes, "CODE_SECONDS", -1)
    assert _redeem(database, _issue(database, caller)) is None
    _issue(database, caller)
    _issue(database, caller)
    with database.read() as session:
        kept = list(session.scalars(select(Secret).where(Secret.name.startswith("login-code:"))))
    assert len(kept) == 1


def test_a_code_ends_with_the_password_and_with_the_user(
    database: Database, caller: Caller
) -> None:
    code = _issue(database, caller)
    with database.write() as session:
        add_user(session, "anna", None)
    assert _redeem(database, code) is None
    code = _issue(database, caller)
    with database.write() as session:
        revoke_user(session, "anna")
    assert _redeem(database, code) is None


def test_the_code_itself_is_not_stored(database: Database, caller: Caller) -> None:
    code = _issue(database, caller)
    with database.read() as session:
        stored = " ".join(f"{row.name} {row.value}" for row in session.scalars(select(Secret)))
    assert code not in stored


def test_a_ticket_for_the_page_is_no_code(database: Database) -> None:
    from auger_hub.pages.visitor.ticket import issue_ticket

    with database.write() as session:
        ticket = issue_ticket(session, "anna")
    assert _redeem(database, ticket) is None
