"""A command line that is logged in by the page, from its first address to its token."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from auger_reconcile.cli.main import main
from auger_reconcile.client import browser_login
from auger_reconcile.client.credentials import Credentials
from auger_reconcile.errors import NotAuthenticated
from tests.hub.client import Client, add_user, run_hub
from tests.hub.pages.conftest import Browser, texts_of

PROOF = "p" * 43
ASKED = {"port": "5555", "challenge": PROOF, "state": PROOF, "device": "desk"}
PAGE = "/log-in/command-line"


def _say_yes(browser: Browser, page: str) -> str:
    """Read the question, press the button, and return the page that comes."""
    question = browser.get(page.removeprefix(browser.url))
    assert question.status_code == 200, question.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', question.text))
    return browser.post(PAGE, {name: html.unescape(text) for name, text in fields.items()}).text


def _log_in(browser: Browser, bring: Callable[[str], object]) -> Credentials:
    """Log a command line in, whose page this browser opens; `bring` gets the address after it."""

    def show(page: str) -> None:
        after = re.search(r'url=(http[^"]+)"', _say_yes(browser, page))
        assert after is not None
        Thread(target=bring, args=(html.unescape(after[1]),)).start()

    return browser_login.log_in(browser.url, show=show, is_here=True)


def test_the_browser_brings_the_code_and_the_command_line_gets_the_token(
    hub: Client, browser: Browser
) -> None:
    seen: list[str] = []

    def bring(address: str) -> None:
        wrong = address.replace("state=", "state=x")
        seen.append(requests.get(wrong, timeout=10).text)
        seen.append(requests.get(address, timeout=10).text)

    who = _log_in(browser, bring)
    assert (who.username, who.organization, who.api_url) == ("local", "local", hub.url)
    assert Client(hub.url, who.token, hub.home).get("/organizations")[0]["name"] == "local"
    assert seen[0] == "There is nothing here."


def test_a_code_is_typed_in_where_the_browser_is_elsewhere(hub: Client, browser: Browser) -> None:
    def show(page: str) -> str:
        shown = re.search(r"<code>([\w-]{43})</code>", _say_yes(browser, page))
        assert shown is not None
        return f" {shown[1]}\n"

    who = browser_login.log_in(hub.url, show=show, is_here=False)
    listed = json.loads(run_hub(hub.home, "token", "list"))
    named = [one for one in listed if one["name"].startswith("auger on ")]
    assert named[-1]["expires_at"] is not None
    assert who.username == "local"


def test_a_wrong_code_is_refused_and_says_how_to_begin_again(hub: Client) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        browser_login.log_in(hub.url, show=lambda _: "wrong", is_here=False)
    assert refused.value.hint is not None
    assert refused.value.hint.endswith(f"auger auth login --url {hub.url} --sso")


def test_a_browser_that_does_not_come_back_is_not_waited_for_forever(
    hub: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_login, "WAITS_SECONDS", 0.1)
    with pytest.raises(NotAuthenticated, match="brought no code"):
        browser_login.log_in(hub.url, show=lambda _: None, is_here=True)


def test_who_is_not_logged_in_is_asked_first_and_led_back(anyone: Browser) -> None:
    page = f"{PAGE}?{urlencode(ASKED)}"
    answer = anyone.get(page, allow_redirects=False)
    wanted = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["next"]
    assert (answer.status_code, wanted) == (303, page)


def test_the_page_says_which_machine_asks_and_for_whom(browser: Browser) -> None:
    shown = texts_of(browser.get(f"{PAGE}?{urlencode(ASKED)}").text)
    assert "Log in the command line on desk?" in shown
    assert "as local in local" in shown


@pytest.mark.parametrize(
    "told",
    [
        {"port": "80"},
        {"port": "99999"},
        {"port": "5555/x"},
        {"port": "evil.example"},
        {"challenge": ""},
        {"challenge": "short"},
        {"state": f"{PROOF}&"},
        {"device": ""},
        {"device": "x" * 61},
        {"device": "a\nb"},
    ],
)
def test_an_address_that_the_command_line_does_not_make_is_refused(
    browser: Browser, told: dict[str, str]
) -> None:
    asked = {**ASKED, **told}
    assert browser.get(f"{PAGE}?{urlencode(asked)}").status_code == 400
    assert browser.post(PAGE, asked).status_code == 400


def test_no_other_site_says_yes_for_a_visitor(browser: Browser) -> None:
    refused = browser.post(PAGE, ASKED, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403


def test_a_token_that_may_do_less_makes_none_that_may_do_more(hub: Client, anyone: Browser) -> None:
    added = json.loads(run_hub(hub.home, "token", "add", "local", "--scope", "read"))
    cookie = {f"auger_hub_{urlsplit(hub.url).port}": added["token"]}
    assert anyone.get(f"{PAGE}?{urlencode(ASKED)}", cookies=cookie).status_code == 403
    assert anyone.post(PAGE, ASKED, cookies=cookie).status_code == 403


def test_a_viewer_may_log_a_command_line_in(hub: Client, anyone: Browser) -> None:
    add_user(hub, "vera-first")
    made = json.loads(run_hub(hub.home, "user", "add", "vera", "--role", "viewer"))
    anyone.enter(made["token"])
    assert "is logged in" in texts_of(anyone.post(PAGE, ASKED).text)


def test_the_endpoint_of_tokens_says_what_it_wants(hub: Client) -> None:
    def send(**body: Any) -> requests.Response:
        return requests.post(f"{hub.url}/api/v1/tokens", json=body, timeout=10)

    assert send(code="x").json()["meta"]["errors"][0]["error_param"] == "code_verifier"
    assert send(code="x", code_verifier="y").status_code == 401
    assert send(code={}, code_verifier="y").status_code == 400


def test_neither_log_nor_error_holds_the_code(hub: Client, browser: Browser) -> None:
    code = "a code that was never given"
    body = {"code": code, "code_verifier": "the verifier", "email": 5}
    answer = requests.post(f"{hub.url}/api/v1/tokens", json=body, timeout=10)
    assert code not in answer.text
    shown = re.search(r"code=([\w-]{43})", browser.post(PAGE, ASKED).text)
    assert shown is not None
    assert shown[1] not in Path(hub.home / "hub.log").read_text()


def test_without_anybody_to_type_the_code_in_the_command_says_so(
    hub: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["auth", "login", "--sso", "--no-browser", "--url", hub.url]) == 1
    told = capsys.readouterr().err
    assert f"{hub.url}{PAGE}?challenge=" in told
    assert "there is nobody to ask for the code" in told
