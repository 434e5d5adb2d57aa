"""The own account: another password, by the page and by the command."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from auger_reconcile.cli.main import main
from tests.hub.client import Client, add_user, run_hub
from tests.hub.pages.conftest import Browser, texts_of

NEW = "a longer password"


def _enter(hub: Client, browser: Browser) -> dict[str, str]:
    user = add_user(hub, f"anna-{uuid.uuid4().hex[:6]}")
    browser.enter(user["token"])
    return user


def _fields(user: dict[str, str], **other: str) -> dict[str, str]:
    return {"password": user["password"], "new": NEW, "again": NEW, **other}


def test_a_new_password_ends_all_logins_but_the_one_that_made_it(
    hub: Client, anyone: Browser
) -> None:
    user = _enter(hub, anyone)
    changed = anyone.post("/account", _fields(user))
    assert changed.url.endswith("/account?ended=1")
    assert "1 login of before ended" in texts_of(changed.text)
    assert anyone.get("/", allow_redirects=False).status_code == 200
    assert Client(hub.url, user["token"], hub.home).call("GET", "/projects").status == 401
    again = {"user": user["username"], "password": user["password"]}
    assert anyone.post("/log-in", again).status_code == 401
    assert anyone.post("/log-in", {**again, "password": NEW}).status_code == 200


@pytest.mark.parametrize(
    ("other", "status", "told"),
    [
        ({"password": "wrong"}, 403, "The password of now is wrong."),
        ({"again": "another password"}, 400, "not the same twice"),
        ({"new": "short", "again": "short"}, 400, "should have 12 to 255 characters"),
        ({"new": "", "again": ""}, 400, "should have 12 to 255 characters"),
    ],
)
def test_what_is_wrong_with_the_form_is_told_and_changes_nothing(
    hub: Client, anyone: Browser, other: dict[str, str], status: int, told: str
) -> None:
    user = _enter(hub, anyone)
    refused = anyone.post("/account", _fields(user, **other))
    assert refused.status_code == status
    assert told in texts_of(refused.text)
    assert Client(hub.url, user["token"], hub.home).get("/projects") == []


def test_guessing_is_stopped(hub: Client, anyone: Browser) -> None:
    user = _enter(hub, anyone)
    for _ in range(10):
        anyone.post("/account", _fields(user, password="wrong"))
    assert anyone.post("/account", _fields(user)).status_code == 429


def test_no_other_site_changes_a_password(hub: Client, anyone: Browser) -> None:
    user = _enter(hub, anyone)
    headers = {"Origin": "https://evil.example"}
    assert anyone.post("/account", _fields(user), headers=headers).status_code == 403


def test_a_token_of_a_scope_changes_no_password(hub: Client, anyone: Browser) -> None:
    user = add_user(hub, f"anna-{uuid.uuid4().hex[:6]}")
    added = run_hub(hub.home, "token", "add", user["username"], "--scope", "write")
    cookie = {f"auger_hub_{urlsplit(hub.url).port}": json.loads(added)["token"]}
    assert anyone.post("/account", _fields(user), cookies=cookie).status_code == 403


def test_the_page_is_for_those_who_are_logged_in(anyone: Browser) -> None:
    assert anyone.get("/account", allow_redirects=False).status_code == 303
    assert anyone.post("/account", {}, allow_redirects=False).status_code == 303


def test_who_logs_in_elsewhere_has_no_form(hub: Client, anyone: Browser) -> None:
    name = f"sso-{uuid.uuid4().hex[:6]}"
    run_hub(hub.home, "user", "add", name, "--sso", "--organization", name)
    token = json.loads(run_hub(hub.home, "token", "add", name))["token"]
    cookie = {f"auger_hub_{urlsplit(hub.url).port}": token}
    page = anyone.get("/account", cookies=cookie).text
    assert "there is no password of this hub" in texts_of(page)
    assert "<input" not in page
    refused = anyone.post("/account", {"new": NEW, "again": NEW}, cookies=cookie)
    assert (refused.status_code, "single sign-on" in refused.text) == (400, True)


def test_the_command_changes_it_and_stays_logged_in(
    hub: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    user = add_user(hub, f"anna-{uuid.uuid4().hex[:6]}")
    names = {"username": user["username"], "organization": user["organization"]}
    stored = tmp_path / ".augerai" / "auger.json"
    stored.parent.mkdir()
    stored.write_text(json.dumps({**names, "api_url": hub.url, "token": user["token"]}))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AUGER_CREDENTIALS", raising=False)
    monkeypatch.delenv("AUGER_CREDENTIALS_PATH", raising=False)

    def change(old: str, new: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{old}\n{new}\n"))
        code = main(["auth", "password", "--password-stdin"])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    code, told = change("wrong", NEW)
    assert (code, "Password incorrect" in told) == (4, True)
    code, told = change(user["password"], "short")
    assert (code, "12 to 255 characters" in told, "short" in told) == (1, True, False)
    code, told = change(user["password"], NEW)
    assert (code, "1 login of before ended" in told) == (0, True)
    token = json.loads(stored.read_text())["token"]
    assert Client(hub.url, token, hub.home).get("/projects") == []
    assert stored.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("AUGER_CREDENTIALS", stored.read_text())
    code, told = change(NEW, user["password"])
    assert (code, "come from AUGER_CREDENTIALS" in told) == (1, True)


def test_a_login_is_stored_in_the_folder_that_the_environment_names(
    hub: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    user = add_user(hub, f"anna-{uuid.uuid4().hex[:6]}")
    mine = tmp_path / "home" / ".augerai" / "auger.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("of another hub")
    folder = tmp_path / "named"
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AUGER_CREDENTIALS", raising=False)
    monkeypatch.setenv("AUGER_CREDENTIALS_PATH", str(folder))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{user['password']}\n"))
    who = ("--username", user["username"], "--organization", user["organization"])
    assert main(["auth", "login", "--url", hub.url, *who, "--password-stdin"]) == 0
    assert main(["auth", "whoami"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2
    assert all(f"{user['username']} in organization" in line for line in told)
    assert (folder / "auger.json").stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o777 == 0o755
    assert mine.read_text() == "of another hub"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{user['password']}\n{NEW}\n"))
    assert main(["auth", "password", "--password-stdin"]) == 0
    assert main(["auth", "logout"]) == 0
    assert list(folder.iterdir()) == []
    assert mine.exists()
