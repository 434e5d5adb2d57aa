"""Who gets in, how, and for how long."""

from __future__ import annotations

import pytest
import requests

from tests.hub.client import Client, add_user, run_hub
from tests.hub.pages.conftest import Browser

PATHS = ["/", "/projects/1", "/datasets/1", "/experiments/x", "/trials/x", "/models/x"]


@pytest.mark.parametrize("path", PATHS)
def test_no_page_is_shown_without_a_log_in(anyone: Browser, path: str) -> None:
    answer = anyone.get(path, allow_redirects=False)
    assert (answer.status_code, answer.text) == (303, "")
    assert answer.headers["Location"].startswith("/log-in")


def test_a_fragment_without_a_log_in_is_empty(anyone: Browser) -> None:
    answer = anyone.fragment("/")
    assert (answer.status_code, answer.text) == (401, "")


def test_a_form_without_a_log_in_does_nothing(anyone: Browser) -> None:
    answer = anyone.post("/models/x", {"f0": "1"}, allow_redirects=False)
    assert answer.headers["Location"] == "/log-in"


@pytest.mark.parametrize("name", ["page.css", "page.js", "icon.svg"])
def test_the_assets_of_the_log_in_page_are_open_to_all(anyone: Browser, name: str) -> None:
    assert anyone.get(f"/assets/{name}").status_code == 200


def test_user_and_password_lead_to_the_page_that_was_wanted(hub: Client, anyone: Browser) -> None:
    password = add_user(hub, "wanda")["password"]
    form = anyone.get("/projects/999999")
    assert "Log in" in form.text
    after = form.url.removeprefix(anyone.url)
    answer = anyone.post(after, {"user": "wanda", "password": password}, allow_redirects=False)
    assert answer.headers["Location"] == "/projects/999999"


@pytest.mark.parametrize(
    "after", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", "/\tx"]
)
def test_a_log_in_never_leads_to_another_site(hub: Client, anyone: Browser, after: str) -> None:
    ticket = run_hub(hub.home, "ticket")
    answer = anyone.session.get(ticket, params={"next": after}, allow_redirects=False, timeout=30)
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_user_look_the_same(hub: Client, anyone: Browser) -> None:
    add_user(hub, "walter")
    answers = [
        anyone.post("/log-in", {"user": name, "password": "wrong"}) for name in ("walter", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text.replace("walter", "nobody") == answers[1].text


def test_guessing_is_stopped_even_when_the_next_guess_is_right(
    hub: Client, anyone: Browser
) -> None:
    password = add_user(hub, "gustav")["password"]
    for _ in range(10):
        anyone.post("/log-in", {"user": "gustav", "password": "wrong"})
    answer = anyone.post("/log-in", {"user": "gustav", "password": password})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    hub: Client, anyone: Browser
) -> None:
    answer = anyone.session.get(run_hub(hub.home, "ticket"), allow_redirects=False, timeout=30)
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_the_id_in_the_cookie_is_nowhere_in_the_hubs_folder(hub: Client, browser: Browser) -> None:
    (token,) = (cookie.value for cookie in browser.session.cookies)
    files = [path for path in hub.home.glob("hub.*") if path.is_file()]
    assert files
    assert [path for path in files if token.encode() in path.read_bytes()] == []


def test_logging_out_ends_the_session_in_the_hub_too(hub: Client, anyone: Browser) -> None:
    anyone.session.get(run_hub(hub.home, "ticket"), timeout=30)
    cookies = requests.utils.dict_from_cookiejar(anyone.session.cookies)
    assert "Log in" in anyone.post("/log-out", {}).text
    again = requests.get(hub.url, cookies=cookies, allow_redirects=False, timeout=30)
    assert again.status_code == 303


def test_a_ticket_works_once(hub: Client, anyone: Browser) -> None:
    ticket = run_hub(hub.home, "ticket")
    first, second = (requests.get(ticket, allow_redirects=False, timeout=30) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 403)
    assert "Set-Cookie" not in second.headers


def test_a_ticket_is_no_token_of_the_api(hub: Client) -> None:
    ticket = run_hub(hub.home, "ticket").partition("ticket=")[2]
    assert Client(hub.url, ticket, hub.home).call("GET", "/projects").status == 401


def test_a_ticket_is_not_in_the_log(hub: Client, anyone: Browser) -> None:
    ticket = run_hub(hub.home, "ticket")
    anyone.session.get(ticket, timeout=30)
    log = (hub.home / "hub.log").read_text()
    assert "GET /log-in 303" in log
    assert ticket.partition("ticket=")[2] not in log


def test_an_invented_ticket_is_refused(anyone: Browser) -> None:
    assert anyone.get("/log-in?ticket=invented").status_code == 403


def test_a_revoked_user_is_logged_out_at_once(hub: Client, make_browser) -> None:
    visitor = make_browser("rita")
    run_hub(hub.home, "user", "revoke", "rita")
    assert "Log in" in visitor.get("/").text


def test_a_form_of_another_site_is_refused(browser: Browser) -> None:
    answer = browser.post("/log-out", {}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Log out" in browser.get("/").text


def test_a_form_without_an_origin_is_refused(browser: Browser) -> None:
    answer = browser.session.post(f"{browser.url}/log-out", timeout=30)
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/log-in", "/assets/page.js", "/projects/999999"])
def test_every_answer_forbids_foreign_scripts_and_frames(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_a_form_that_is_too_large_is_refused(anyone: Browser) -> None:
    answer = anyone.post("/log-in", {"user": "x" * 2_000_000})
    assert answer.status_code == 400
