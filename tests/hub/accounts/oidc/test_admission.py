"""Who is let in, as what, and who can take over whose account: nobody anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auger_hub.accounts.audit import list_entries
from auger_hub.accounts.oidc.admission import NotAdmitted, admit
from auger_hub.accounts.oidc.settings import OidcSettings
from auger_hub.accounts.users import (
    add_user,
    change_password,
    find_caller,
    invite_user,
    issue_token,
    list_users,
    log_in,
    revoke_user,
)
from auger_hub.database.engine import Database
from auger_hub.database.tables import User

ANNA: dict[str, Any] = {"sub": "s-1", "email": "anna@acme.com", "email_verified": True}
_IN_BOTH = {**ANNA, "groups": ["ml", "ml-admins"]}


def _settings(**told: Any) -> OidcSettings:
    access = [
        {"value": "ml-admins", "organization": "acme", "role": "admin"},
        {"value": "ml", "organization": "acme"},
        {"value": "guests", "organization": "visitors", "role": "viewer"},
    ]
    facts = {"users": "created", "access": access, **told}
    return OidcSettings.model_validate(
        {"issuer": "https://login.acme.com", "client_id": "hub", **facts}
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    yield database
    database.close()


def _admit(database: Database, claims: dict[str, Any], **told: Any) -> str:
    """Log somebody in and return the token."""
    with database.write() as session:
        user = admit(session, claims, _settings(**told))
        return issue_token(session, user.id, 60)


def _users(database: Database) -> list[tuple[object, ...]]:
    with database.read() as session:
        return [(one["name"], one["organization"], one["role"]) for one in list_users(session)]


def test_the_first_rule_that_covers_somebody_says_organization_and_role(
    database: Database,
) -> None:
    _admit(database, _IN_BOTH)
    assert _users(database) == [("anna@acme.com", "acme", "admin")]


def test_who_is_in_no_group_is_not_let_in_and_leaves_no_account(database: Database) -> None:
    with pytest.raises(NotAdmitted, match="in no group"):
        _admit(database, {**ANNA, "groups": ["sales"]})
    assert _users(database) == []


def test_a_claim_may_be_one_text(database: Database) -> None:
    _admit(database, {**ANNA, "groups": "ml"})
    assert _users(database) == [("anna@acme.com", "acme", "member")]


def test_a_group_is_not_a_part_of_a_text(database: Database) -> None:
    with pytest.raises(NotAdmitted):
        _admit(database, {**ANNA, "groups": "html"})


def test_another_group_is_another_role_at_the_next_log_in(database: Database) -> None:
    token = _admit(database, _IN_BOTH)
    _admit(database, {**ANNA, "groups": ["ml"]})
    assert _users(database) == [("anna@acme.com", "acme", "member")]
    assert find_caller(database, token) is not None


def test_another_organization_ends_the_logins_in_the_one_of_before(database: Database) -> None:
    token = _admit(database, _IN_BOTH)
    _admit(database, {**ANNA, "groups": ["guests"]})
    assert _users(database) == [("anna@acme.com", "visitors", "viewer")]
    assert find_caller(database, token) is None


def test_a_password_user_cannot_be_taken_over_by_the_name(database: Database) -> None:
    with database.write() as session:
        before = add_user(session, "anna@acme.com", "acme")
    with pytest.raises(NotAdmitted, match="taken here by another account"):
        _admit(database, _IN_BOTH)
    assert log_in(database, "anna@acme.com", before["password"]) is not None


def test_an_account_cannot_be_taken_over_by_another_subject_of_its_name(
    database: Database,
) -> None:
    _admit(database, _IN_BOTH)
    with pytest.raises(NotAdmitted, match="taken here by another account"):
        _admit(database, {**_IN_BOTH, "sub": "s-2"})


def test_an_account_cannot_be_taken_over_by_the_subject_of_another_issuer(
    database: Database,
) -> None:
    _admit(database, _IN_BOTH)
    with pytest.raises(NotAdmitted):
        _admit(database, _IN_BOTH, issuer="https://login.evil.com")


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_is_not_verified_makes_no_account(
    database: Database, verified: object
) -> None:
    with pytest.raises(NotAdmitted, match="has not verified"):
        _admit(database, {**_IN_BOTH, "email_verified": verified})


def test_an_invitation_is_not_taken_by_an_address_that_is_not_verified(database: Database) -> None:
    with database.write() as session:
        invite_user(session, "anna@acme.com", "acme")
    with pytest.raises(NotAdmitted, match="has not verified"):
        _admit(database, {"sub": "s-9", "email": "anna@acme.com"}, users="invited", access=[])


def test_somebody_with_another_name_now_is_the_same_user(database: Database) -> None:
    _admit(database, _IN_BOTH)
    _admit(database, {**_IN_BOTH, "email": "anna.b@acme.com"})
    assert _users(database) == [("anna@acme.com", "acme", "admin")]


def test_nobody_comes_uninvited_where_users_are_invited(database: Database) -> None:
    with pytest.raises(NotAdmitted, match="Nobody has invited"):
        _admit(database, ANNA, users="invited", access=[])


def test_an_invited_user_has_what_the_invitation_says(database: Database) -> None:
    with database.write() as session:
        invite_user(session, "anna@acme.com", "acme", "viewer")
    _admit(database, ANNA, users="invited", access=[])
    assert _users(database) == [("anna@acme.com", "acme", "viewer")]


def test_an_invitation_is_taken_once(database: Database) -> None:
    with database.write() as session:
        invite_user(session, "anna@acme.com", "acme", "viewer")
    _admit(database, ANNA, users="invited", access=[])
    with pytest.raises(NotAdmitted):
        _admit(database, {**ANNA, "sub": "s-2"}, users="invited", access=[])


def test_a_revoked_user_does_not_come_back_by_logging_in(database: Database) -> None:
    token = _admit(database, _IN_BOTH)
    with database.write() as session:
        revoke_user(session, "anna@acme.com")
    assert find_caller(database, token) is None
    with pytest.raises(NotAdmitted, match="was ended"):
        _admit(database, _IN_BOTH)


def test_a_revoked_invitation_is_none(database: Database) -> None:
    with database.write() as session:
        invite_user(session, "anna@acme.com", "acme")
        revoke_user(session, "anna@acme.com")
    with pytest.raises(NotAdmitted):
        _admit(database, ANNA, users="invited", access=[])


def test_an_invitation_of_a_password_user_ends_password_and_logins(database: Database) -> None:
    with database.write() as session:
        before = add_user(session, "anna@acme.com", "acme")
        invited = invite_user(session, "anna@acme.com", None)
    assert (invited["organization"], invited["role"], invited["ended"]) == ("acme", "admin", 1)
    assert log_in(database, "anna@acme.com", before["password"]) is None
    _admit(database, _IN_BOTH)


def test_a_password_for_a_user_of_single_sign_on_ends_that(database: Database) -> None:
    _admit(database, _IN_BOTH)
    with database.write() as session:
        password = add_user(session, "anna@acme.com", None)["password"]
    assert log_in(database, "anna@acme.com", password) is not None
    with pytest.raises(NotAdmitted):
        _admit(database, _IN_BOTH)


@pytest.mark.parametrize("password", ["", "sso:", "sso"])
def test_no_password_is_that_of_a_user_of_single_sign_on(database: Database, password: str) -> None:
    _admit(database, _IN_BOTH)
    with database.read() as session:
        stored = str(session.scalar(select(User.password_hash)))
    assert log_in(database, "anna@acme.com", password or stored) is None


def test_who_has_no_password_cannot_change_it(database: Database) -> None:
    _admit(database, _IN_BOTH)
    with database.write() as session, pytest.raises(ValueError, match="single sign-on"):
        change_password(session, 1, "", "long enough for anybody")


@pytest.mark.parametrize("name", [None, 7, "", "anna beta", "x" * 256, ["anna@acme.com"]])
def test_a_name_that_no_user_can_have_is_told(database: Database, name: object) -> None:
    with pytest.raises(NotAdmitted, match="tells no `email`"):
        _admit(database, {**_IN_BOTH, "email": name})


def test_the_audit_trail_tells_who_came_and_how(database: Database) -> None:
    _admit(database, _IN_BOTH)
    with database.read() as session:
        entries = list_entries(session, 10)
    told = [(one["action"], one["kind"], one["user"], one["organization"]) for one in entries]
    name = "anna@acme.com"
    expected = [("log in by sso", "user", name, "acme"), ("create", "user", name, "acme")]
    assert told == expected
