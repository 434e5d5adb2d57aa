"""Who did what is written with the change itself, shown to its organization, and pruned by age."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auger_hub.accounts.audit import Deed, list_entries, note, prune
from auger_hub.accounts.users import add_token, add_user, end_token, log_in, revoke_user
from auger_hub.database.engine import Database
from auger_hub.database.tables import AuditEntry, now
from tests.hub.client import Client, run_hub
from tests.hub.client import add_user as add_user_of
from tests.hub.pages.conftest import Browser, texts_of


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    yield database
    database.close()


def deeds(database: Database) -> list[tuple[str, str, str, str | None]]:
    with database.read() as session:
        found = list_entries(session, 100)
    return [(e["user"], e["action"], e["kind"], e["name"]) for e in reversed(found)]


def test_what_happens_to_users_and_tokens_is_in_the_trail(database: Database) -> None:
    with database.write() as session:
        password = add_user(session, "anna", "shop")["password"]
        token = add_token(session, "anna", "ci", None)
        end_token(session, token["id"])
    assert log_in(database, "anna", password)
    assert log_in(database, "anna", "wrong") is None
    with database.write() as session:
        revoke_user(session, "anna")
    assert deeds(database) == [
        ("(operator)", "set password", "user", "anna"),
        ("(operator)", "create", "token", "ci"),
        ("(operator)", "end", "token", "ci"),
        ("anna", "log in", "user", "anna"),
        ("(operator)", "revoke", "user", "anna"),
    ]


def test_a_change_that_fails_leaves_no_entry(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            add_user(session, "anna", "shop")
            add_user(session, "anna", "elsewhere")

    with pytest.raises(ValueError, match="belongs to organization"):
        fail()
    assert deeds(database) == []


def test_old_entries_are_pruned_and_young_ones_stay(database: Database) -> None:
    with database.write() as session:
        note(session, None, Deed("create", "project", name="old"))
        note(session, None, Deed("create", "project", name="young"))
        session.flush()
        session.get_one(AuditEntry, 1).at = now() - timedelta(days=31)
    assert prune(database, 30) == 1
    assert [name for *_, name in deeds(database)] == ["young"]
    assert prune(database, 30) == 0


def test_a_life_of_a_project_is_told_with_who_and_from_where(hub: Client) -> None:
    project = hub.add_project()
    hub.call("DELETE", f"/projects/{project['id']}")
    found = hub.get("/audit_entries", kind="project", object_id=project["id"])
    assert [entry["action"] for entry in found] == ["delete", "deploy", "create"]
    assert {entry["user"] for entry in found} == {"local"}
    assert {entry["address"] for entry in found} == {"127.0.0.1"}
    assert {entry["name"] for entry in found} == {project["name"]}
    assert all(entry["request_id"] for entry in found)
    told = json.loads(
        run_hub(hub.home, "audit", "--kind", "project", "--object", str(project["id"]))
    )
    assert [entry["action"] for entry in told] == ["delete", "deploy", "create"]
    assert told[0]["organization"] == "local"


def test_the_page_shows_an_organization_its_own_entries(
    hub: Client, project: dict[str, Any]
) -> None:
    password = add_user_of(hub, "auditor")["password"]
    browser = Browser(hub.url)
    browser.post("/log-in", {"user": "auditor", "password": password})
    page = texts_of(browser.get("/audit").text)
    assert "auditor" in page
    assert "log in" in page
    assert project["name"] not in page
