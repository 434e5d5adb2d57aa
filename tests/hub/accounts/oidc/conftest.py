"""A provider, and what a browser does between it and a hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from auger_hub.accounts.oidc.provider import Attempt, Provider
from auger_hub.accounts.oidc.settings import SECRET_VARIABLE, OidcSettings
from tests.hub.oidc_provider import CLIENT_ID, CLIENT_SECRET, TestProvider, run_provider

REDIRECT_URI = "https://hub.example/log-in/sso/done"


@dataclass
class Visit:
    """One attempt to log in, step by step."""

    there: TestProvider
    here: Provider
    attempt: Attempt

    def go(self, **other: str) -> dict[str, str]:
        """Be sent to the provider, with other parameters if wanted; return what it answers."""
        address = self.here.address_for(self.attempt, REDIRECT_URI)
        query = {**dict(parse_qsl(urlsplit(address).query)), **other}
        answer = requests.get(
            f"{self.there.url}/authorize", params=query, allow_redirects=False, timeout=10
        )
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def come_back(self, answer: dict[str, str]) -> dict[str, Any]:
        """Bring the hub what the provider has answered."""
        return self.here.identify(answer, self.attempt, REDIRECT_URI)


@pytest.fixture(scope="package")
def running_provider() -> Iterator[TestProvider]:
    with pytest.MonkeyPatch.context() as patch, run_provider() as provider:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # for the provider; the hub needs it not
        yield provider


@pytest.fixture
def there(running_provider: TestProvider, monkeypatch: pytest.MonkeyPatch) -> TestProvider:
    """The provider, which tells the truth until a test has it lie."""
    monkeypatch.setenv(SECRET_VARIABLE, CLIENT_SECRET)
    running_provider.claims = {"sub": "s-1", "email": "anna@acme.com", "email_verified": True}
    running_provider.lies, running_provider.metadata = {}, {}
    running_provider.in_user_info, running_provider.signs_with = {}, None
    running_provider.seen.clear()
    return running_provider


@pytest.fixture
def visit(there: TestProvider) -> Visit:
    settings = OidcSettings(issuer=there.url, client_id=CLIENT_ID)
    return Visit(there, Provider(settings), Attempt.new())
