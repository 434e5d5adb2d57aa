"""The users of an organization, for its admins."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest

from tests.hub.client import Client, add_user, run_hub
from tests.hub.pages.conftest import Browser, texts_of


@pytest.fixture
def admin(hub: Client, anyone: Browser) -> dict[str, Any]:
    """The first user of a new organization, logged in in the browser `anyone`."""
    user = add_user(hub, f"admin-{uuid.uuid4().hex[:6]}")
    anyone.enter(user["token"])
    return user


def _id_of(hub: Client, admin: dict[str, Any], name: str) -> int:
    users = Client(hub.url, admin["token"], hub.home).get("/users")
    return next(int(user["id"]) for user in users if user["name"] == name)


def test_an_admin_adds_a_user_whose_password_is_shown_once(
    hub: Client, anyone: Browser, admin: dict[str, Any]
) -> None:
    name = f"new-{uuid.uuid4().hex[:6]}"
    made = anyone.post("/users", {"name": name, "role": "viewer"})
    shown = re.search(r"<pre>([^<]+)</pre>", made.text)
    assert shown is not None
    assert shown[1] not in anyone.get("/users").text
    fields = {"user": name, "password": shown[1]}
    assert Browser(hub.url).post("/log-in", fields).status_code == 200
    (user,) = [
        one
        for one in json.loads(run_hub(hub.home, "user", "list"))
        if one["organization"] == admin["organization"] and one["name"] == name
    ]
    assert user["role"] == "viewer"


def test_an_admin_changes_a_role_and_ends_logins(
    hub: Client, anyone: Browser, admin: dict[str, Any]
) -> None:
    other = add_user(hub, f"b-{uuid.uuid4().hex[:6]}", admin["organization"])
    path = f"/users/{_id_of(hub, admin, other['username'])}"
    assert anyone.post(f"{path}/role", {"role": "viewer"}).status_code == 200
    client = Client(hub.url, other["token"], hub.home)
    assert client.call("POST", "/projects", name="p").status == 403
    assert anyone.post(f"{path}/revoke", {}).status_code == 400
    assert client.call("GET", "/projects").status == 200
    assert "revoked" in texts_of(anyone.post(f"{path}/revoke", {"sure": "yes"}).text)
    assert client.call("GET", "/projects").status == 401


def test_what_cannot_be_is_told_on_the_page(
    hub: Client, anyone: Browser, admin: dict[str, Any]
) -> None:
    assert "already been taken" in texts_of(anyone.post("/users", {"name": "local"}).text)
    assert "letters, digits" in texts_of(anyone.post("/users", {"name": "a b"}).text)
    own = f"/users/{_id_of(hub, admin, admin['username'])}"
    for path, fields in ((f"{own}/role", {"role": "viewer"}), (f"{own}/revoke", {"sure": "yes"})):
        assert "the only admin" in texts_of(anyone.post(path, fields).text)
    assert anyone.post(f"{own}/role", {"role": "owner"}).status_code == 400


def test_users_of_other_organizations_are_out_of_reach(
    hub: Client, anyone: Browser, admin: dict[str, Any]
) -> None:
    assert "local in local" not in texts_of(anyone.get("/users").text)
    (own,) = [one for one in hub.get("/users") if one["name"] == "local"]
    assert anyone.post(f"/users/{own['id']}/revoke", {"sure": "yes"}).status_code == 404
    del admin


def test_the_page_is_for_admins(hub: Client, anyone: Browser) -> None:
    organization = f"o-{uuid.uuid4().hex[:6]}"
    add_user(hub, f"first-{organization}", organization)
    member = add_user(hub, f"second-{organization}", organization)
    anyone.enter(member["token"])
    assert anyone.get("/users").status_code == 403
    assert anyone.post("/users", {"name": "x"}).status_code == 403
    assert anyone.post("/users/1/revoke", {"sure": "yes"}).status_code == 403
    assert "Its users" not in texts_of(anyone.get("/account").text)


def test_no_other_site_adds_a_user(anyone: Browser, admin: dict[str, Any]) -> None:
    headers = {"Origin": "https://evil.example"}
    name = f"evil-{uuid.uuid4().hex[:6]}"
    assert anyone.post("/users", {"name": name}, headers=headers).status_code == 403
    assert name not in anyone.get("/users").text
    del admin
