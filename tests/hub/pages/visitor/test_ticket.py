"""Tickets, time, and the command that prints one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from auger_hub.__main__ import main
from auger_hub.accounts.users import add_user, revoke_user
from auger_hub.database.engine import Database
from auger_hub.database.tables import Secret
from auger_hub.pages.visitor import ticket as tickets
from auger_hub.pages.visitor.ticket import UnknownUser, issue_ticket, redeem_ticket


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    with database.write() as session:
        add_user(session, "anna", "acme")
    yield database
    database.close()


def _issue(database: Database, name: str = "anna") -> str:
    with database.write() as session:
        return issue_ticket(session, name)


def test_a_ticket_that_is_too_old_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "TICKET_SECONDS", -1)
    ticket = _issue(database)
    with database.write() as session:
        assert redeem_ticket(session, ticket) is None


def test_old_tickets_are_forgotten_when_a_new_one_is_issued(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _issue(database)
    later = time.time() + 120
    monkeypatch.setattr(time, "time", lambda: later)
    _issue(database)
    with database.read() as session:
        assert len(list(session.scalars(select(Secret)))) == 1


def test_a_ticket_of_a_user_who_was_revoked_since_is_refused(database: Database) -> None:
    ticket = _issue(database)
    with database.write() as session:
        revoke_user(session, "anna")
    with database.write() as session:
        assert redeem_ticket(session, ticket) is None


def test_there_is_no_ticket_for_nobody(database: Database) -> None:
    with pytest.raises(UnknownUser):
        _issue(database, "nobody")


def test_a_hub_that_does_not_run_has_no_tickets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ticket", "--home", str(tmp_path)]) == 1
    assert "no hub serves" in capsys.readouterr().err
