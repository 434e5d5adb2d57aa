"""Who may do what: roles, scopes and limits hold for every route, in one place."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from auger_hub.accounts.rates import Rates
from auger_hub.accounts.roles import ASKING, MANAGING, READING, WRITING, rank_of
from auger_hub.http.body import HEAVY_BYTES
from auger_hub.program.route_table import ROUTES
from tests.hub.client import Client, run_hub
from tests.hub.pages.conftest import Browser

ORGANIZATION = "of-roles"


def run(hub: Client, *arguments: str) -> Any:
    return json.loads(run_hub(hub.home, *arguments))


@pytest.fixture(scope="module")
def admin(hub: Client) -> Client:
    """The first user of an organization."""
    made = run(hub, "user", "add", "roles.admin", "--organization", ORGANIZATION)
    assert made["role"] == "admin"
    return Client(hub.url, made["token"], hub.home)


@pytest.fixture(scope="module")
def viewer(hub: Client, admin: Client) -> Client:
    made = run(
        hub, "user", "add", "roles.viewer", "--organization", ORGANIZATION, "--role", "viewer"
    )
    return Client(hub.url, made["token"], hub.home)


def filled(path: str) -> str:
    return path.replace("{id}", "1").replace("{endpoint_id}", "1")


@pytest.mark.parametrize(
    ("role", "scope", "rank"),
    [
        ("viewer", None, READING),
        ("member", None, WRITING),
        ("admin", None, MANAGING),
        ("admin", "read", READING),
        ("member", "predict", ASKING),
        ("viewer", "write", READING),
        ("unknown", None, READING),
    ],
)
def test_a_token_may_what_its_user_may_and_no_more_than_its_scope(
    role: str, scope: str | None, rank: int
) -> None:
    assert rank_of(role, scope) == rank


def test_no_route_that_changes_anything_is_open_to_a_viewer(viewer: Client) -> None:
    changing = [route for route in ROUTES if route.method != "GET" and route.path != "/password"]
    refused = {
        (route.method, route.path): viewer.call(route.method, filled(route.path)).status
        for route in changing
    }
    assert set(refused.values()) == {403}, refused


def test_every_route_that_reads_is_open_to_a_viewer_but_those_of_admins(viewer: Client) -> None:
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path:
            status = viewer.call("GET", route.path).status
            assert (status == 403) == (route.needed_rank == MANAGING), route.path


def test_pages_refuse_what_the_api_refuses(hub: Client, viewer: Client) -> None:
    made = run(hub, "user", "add", "roles.viewer", "--organization", ORGANIZATION)
    browser = Browser(hub.url)
    browser.post("/log-in", {"user": "roles.viewer", "password": made["password"]})
    assert browser.get("/").status_code == 200
    assert browser.get("/audit").status_code == 403
    assert browser.post("/projects/1/datasets", {"name": "x"}).status_code == 403
    object.__setattr__(viewer, "token", made["token"])  # a new password ended the old login


def test_a_scope_narrows_what_a_token_may(hub: Client, admin: Client) -> None:
    status = {}
    for scope in ("read", "predict", "write"):
        made = run(hub, "token", "add", "roles.admin", "--name", scope, "--scope", scope)
        scoped = Client(hub.url, made["token"], hub.home)
        asked = scoped.call("POST", "/predictions", pipeline_id="none").status
        changed = scoped.call("DELETE", "/projects/999999").status
        status[scope] = (scoped.call("GET", "/projects").status, asked, changed)
        assert scoped.call("GET", "/users").status == 403
    assert status == {"read": (200, 403, 403), "predict": (200, 404, 403), "write": (200, 404, 404)}


def test_an_admin_manages_the_users_of_the_own_organization(hub: Client, admin: Client) -> None:
    made = admin.post("/users", name="roles.new")
    assert (made["role"], bool(made["password"])) == ("member", True)
    assert admin.patch(f"/users/{made['id']}", role="viewer")["role"] == "viewer"
    assert admin.call("DELETE", f"/users/{made['id']}").data["active"] is False
    assert admin.call("POST", "/users", name="local").status == 400
    names = {user["name"] for user in admin.get("/users")}
    assert "local" not in names
    own = next(user for user in hub.get("/users") if user["name"] == "local")
    assert admin.call("DELETE", f"/users/{own['id']}").status == 404


def test_the_last_admin_stays(admin: Client) -> None:
    own = next(user for user in admin.get("/users") if user["name"] == "roles.admin")
    for answer in (
        admin.call("PATCH", f"/users/{own['id']}", role="member"),
        admin.call("DELETE", f"/users/{own['id']}"),
    ):
        assert answer.status == 400
        assert "only admin" in answer.errors[0][2]


def test_an_own_password_ends_all_logins_of_before(hub: Client) -> None:
    made = run(hub, "user", "add", "roles.own", "--organization", "of-own")
    user = Client(hub.url, made["token"], hub.home)
    wrong = {"password": "wrong", "new_password": "a long password"}
    assert user.call("PATCH", "/password", **wrong).status == 401
    short = {"password": made["password"], "new_password": "short"}
    assert user.call("PATCH", "/password", **short).status == 400
    good = {"password": made["password"], "new_password": "a long password"}
    changed = user.patch("/password", **good)
    assert user.call("GET", "/projects").status == 401
    assert Client(hub.url, changed["token"], hub.home).call("GET", "/projects").status == 200


def test_questions_are_counted_in_the_last_minute() -> None:
    rates = Rates()
    assert [rates.take(1, 2) for _ in range(3)] == [True, True, False]
    assert rates.take(2, 2)


def test_a_limit_of_questions_is_told_with_its_number(hub: Client, admin: Client) -> None:
    run(hub, "org", "limit", ORGANIZATION, "--most-questions", "1")
    told = [admin.call("POST", "/predictions", pipeline_id="none").status for _ in range(2)]
    run(hub, "org", "limit", ORGANIZATION, "--most-questions", "0")
    assert told[-1] == 429
    limits = {one["name"]: one["most_questions"] for one in run(hub, "org", "list")}
    assert limits[ORGANIZATION] is None


def test_questions_count_alike_however_long_they_are(hub: Client, admin: Client) -> None:
    run(hub, "org", "limit", ORGANIZATION, "--most-questions", "2")
    admin.call("POST", "/predictions", pipeline_id="none")
    long = {"pipeline_id": "none", "features": ["a"], "records": [["x" * HEAVY_BYTES]]}
    told = [admin.call("POST", "/predictions", **long).status for _ in range(2)]
    run(hub, "org", "limit", ORGANIZATION, "--most-questions", "0")
    assert told[-1] == 429


def test_a_long_request_is_for_those_who_may_make_it(viewer: Client) -> None:
    told = viewer.call("POST", "/projects", name="x", description="x" * HEAVY_BYTES)
    assert told.status == 403


def test_a_role_that_is_none_is_refused(hub: Client) -> None:
    command = [sys.executable, "-m", "auger_hub", "user", "role", "local", "king"]
    command += ["--home", str(hub.home)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2


def test_who_makes_users_all_day_is_slowed_down(hub: Client) -> None:
    made = run(hub, "user", "add", "roles.busy", "--organization", "of-busy")
    busy = Client(hub.url, made["token"], hub.home)
    told = [busy.call("POST", "/users", name=f"busy.{number}").status for number in range(11)]
    assert told == [200] * 10 + [429]
