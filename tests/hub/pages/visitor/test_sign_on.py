"""Logging in at a provider, as a browser does it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, add_user, connect, run_hub, wait_until
from tests.hub.oidc_provider import CLIENT_ID, CLIENT_SECRET, TestProvider, run_provider
from tests.hub.pages import chromium
from tests.hub.pages.conftest import Browser, texts_of

ANNA: dict[str, Any] = {
    "sub": "s-1",
    "email": "anna@acme.com",
    "email_verified": True,
    "groups": ["ml"],
}


@pytest.fixture(scope="module")
def provider() -> Iterator[TestProvider]:
    with pytest.MonkeyPatch.context() as patch, run_provider() as provider:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # for the provider; the hub needs it not
        yield provider


@pytest.fixture(scope="module")
def there(
    hub_lane: None, provider: TestProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A hub at which users of the provider log in."""
    folder = tmp_path_factory.mktemp("sign-on")
    (folder / "secret").write_text(CLIENT_SECRET)
    told = {
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "client_secret_file": str(folder / "secret"),
        "provider_name": "Acme",
        "users": "created",
        "access": [{"value": "ml", "organization": "acme"}],
    }
    (folder / "oidc.json").write_text(json.dumps(told))
    settings = HubSettings(home=folder / "hub", oidc=str(folder / "oidc.json"))
    daemon.start(settings)
    yield connect(settings)
    daemon.stop(settings)


@pytest.fixture
def visitor(there: Client, provider: TestProvider) -> Iterator[Browser]:
    """A browser of Anna, who is at the provider already."""
    provider.claims, provider.lies = dict(ANNA), {}
    with requests.Session() as session:
        yield Browser(there.url, session)


def _answer_of(provider: TestProvider, browser: Browser, query: str = "") -> str:
    """Begin, and return the address that the provider then sends the browser to."""
    asked = browser.get(f"/log-in/sso{query}", allow_redirects=False)
    assert asked.headers["Location"].startswith(provider.url)
    answer = browser.session.get(asked.headers["Location"], allow_redirects=False, timeout=10)
    return answer.headers["Location"].removeprefix(browser.url)


def test_the_log_in_page_offers_the_provider_beside_the_password(visitor: Browser) -> None:
    page = visitor.get("/projects/7").text
    assert 'href="/log-in/sso?next=/projects/7"' in page
    assert "Log in with Acme" in texts_of(page)
    assert "Password" in texts_of(page)


def test_who_comes_back_is_logged_in_where_they_wanted_to_go(visitor: Browser) -> None:
    page = visitor.get("/log-in/sso?next=/controllers")
    assert page.status_code == 200
    assert "You are logged in as anna@acme.com" in texts_of(page.text)
    assert 'content="0;url=/controllers"' in page.text
    assert "anna@acme.com in acme" in texts_of(visitor.get("/").text)


def test_the_cookies_are_kept_from_scripts_and_the_session_from_other_sites(
    provider: TestProvider, visitor: Browser
) -> None:
    begun = visitor.get("/log-in/sso", allow_redirects=False).headers["Set-Cookie"].lower()
    ended = visitor.get(_answer_of(provider, visitor)).headers["Set-Cookie"].lower()
    assert ("httponly" in begun, "samesite=lax" in begun) == (True, True)
    assert ("httponly" in ended, "samesite=strict" in ended) == (True, True)
    assert f"max-age={24 * 3600}" in ended


def test_an_answer_is_good_for_the_browser_that_asked_and_for_it_once(
    there: Client, provider: TestProvider, visitor: Browser
) -> None:
    answer = _answer_of(provider, visitor)
    stranger = requests.get(there.url + answer, timeout=10)
    assert stranger.status_code == 400
    assert "begun in another window" in texts_of(stranger.text)
    assert visitor.get(answer).status_code == 200
    assert visitor.get(answer).status_code == 400


def test_the_state_of_another_attempt_is_refused(provider: TestProvider, visitor: Browser) -> None:
    answer = _answer_of(provider, visitor)
    visitor.get("/log-in/sso", allow_redirects=False)
    refused = visitor.get(answer)
    assert (refused.status_code, "Set-Cookie" in refused.headers) == (403, True)
    assert "did not confirm who you are" in texts_of(refused.text)
    assert visitor.get("/", allow_redirects=False).status_code == 303


@pytest.mark.parametrize("after", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_a_log_in_never_leads_to_another_site(visitor: Browser, after: str) -> None:
    page = visitor.get("/log-in/sso", params={"next": after})
    assert 'content="0;url=/"' in page.text
    assert "evil" not in page.text


def test_a_cookie_that_somebody_made_leads_nowhere(visitor: Browser) -> None:
    port = urlsplit(visitor.url).port
    for made in ("x", "", "W10=", "bnVsbA==", "eyJhIjogMX0="):
        cookies = {f"auger_hub_{port}_sso": made}
        answer = visitor.get("/log-in/sso/done?code=x&state=y", cookies=cookies)
        assert answer.status_code == 400


def test_who_is_in_no_group_reads_why(provider: TestProvider, visitor: Browser) -> None:
    provider.claims["groups"] = ["sales"]
    refused = visitor.get("/log-in/sso")
    assert refused.status_code == 403
    assert "in no group that may use this hub" in texts_of(refused.text)


def test_an_id_token_for_another_client_logs_nobody_in(
    provider: TestProvider, visitor: Browser
) -> None:
    provider.lies = {"aud": "another"}
    assert visitor.get("/log-in/sso").status_code == 403
    assert visitor.get("/", allow_redirects=False).status_code == 303


def test_a_provider_that_fails_is_told_in_a_sentence_and_passwords_go_on(
    there: Client, provider: TestProvider, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "is_broken", True)
    refused = visitor.get("/log-in/sso")
    assert refused.status_code == 503
    assert "The sign-on provider does not answer as it should." in texts_of(refused.text)
    user = add_user(there, "petra")
    fields = {"user": "petra", "password": user["password"]}
    assert visitor.post("/log-in", fields).status_code == 200


def test_a_user_whom_the_hub_revokes_is_out_at_once(there: Client, visitor: Browser) -> None:
    visitor.get("/log-in/sso")
    assert visitor.get("/", allow_redirects=False).status_code == 200
    run_hub(there.home, "user", "revoke", "anna@acme.com")
    assert visitor.get("/", allow_redirects=False).status_code == 303
    refused = visitor.get("/log-in/sso")
    run_hub(there.home, "user", "add", "anna@acme.com", "--sso")
    assert "was ended" in texts_of(refused.text)
    assert visitor.get("/log-in/sso").status_code == 200


def test_a_hub_without_a_provider_has_no_single_sign_on(hub: Client, anyone: Browser) -> None:
    for path in ("/log-in/sso", "/log-in/sso/done?code=x&state=y"):
        assert anyone.get(path).status_code == 404
    assert "sso" not in anyone.get("/log-in").text


def test_the_log_holds_no_code_and_no_secret(
    there: Client, provider: TestProvider, visitor: Browser
) -> None:
    provider.seen.clear()
    answer = _answer_of(provider, visitor)
    visitor.get(answer)
    log = (there.home / "hub.log").read_text()
    secrets = [provider.seen[0]["code"], provider.seen[0]["code_verifier"], CLIENT_SECRET]
    assert "/log-in/sso/done" in log
    assert [one for one in secrets if one in log] == []


@pytest.mark.slow
@pytest.mark.skipif(chromium.PROGRAM is None, reason="Chromium is not installed")
def test_a_real_browser_arrives_at_the_page_that_was_wanted(
    there: Client, provider: TestProvider, tmp_path: Path
) -> None:
    provider.claims, provider.lies = dict(ANNA), {}
    with chromium.open_tab(tmp_path) as tab:
        tab.open(f"{there.url}/controllers")
        assert wait_until(lambda: tab.ask("document.querySelector('.log-in .button') !== null"))
        tab.click(".log-in .button")
        assert wait_until(lambda: tab.ask("location.pathname") == "/controllers")
        assert wait_until(lambda: "anna@acme.com" in str(tab.ask("document.body.innerText")))
