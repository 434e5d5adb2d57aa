"""Visitors of the page: browsers without JavaScript."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.hub.client import Client, add_user, from_elsewhere, run_hub, wait_until


@dataclass
class Browser:
    """Keeps cookies, follows redirects and sends an Origin with its forms, as browsers do."""

    url: str
    session: requests.Session = field(default_factory=from_elsewhere)

    def get(self, path: str, **options: Any) -> requests.Response:
        """Open a page."""
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path: str, fields: dict[str, str], **options: Any) -> requests.Response:
        """Send a form."""
        headers = {"Origin": self.url, **options.pop("headers", {})}
        return self.session.post(
            self.url + path, data=fields, headers=headers, timeout=30, **options
        )

    def enter(self, token: str) -> None:
        """Be logged in with a token: all tests together may not log in too often in a minute."""
        self.session.cookies.set(f"auger_hub_{urlsplit(self.url).port}", token)

    def fragment(self, path: str) -> requests.Response:
        """Ask as the page's script does."""
        return self.get(path, headers={"X-Fragment": "1"}, allow_redirects=False)


def texts_of(page: str) -> str:
    """Return what a reader sees, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture
def anyone(hub: Client) -> Iterator[Browser]:
    """A browser that is not logged in."""
    with from_elsewhere() as session:
        yield Browser(hub.url, session)


@pytest.fixture(scope="session")
def make_browser(hub: Client) -> Iterator[Callable[[str], Browser]]:
    """Return a function that logs a user of an organization in with the password."""
    with ExitStack() as sessions:

        def make(name: str) -> Browser:
            browser = Browser(hub.url, sessions.enter_context(from_elsewhere()))
            fields = {"user": name, "password": add_user(hub, name)["password"]}
            assert browser.post("/log-in", fields).status_code == 200
            return browser

        yield make


@pytest.fixture(scope="session")
def browser(hub: Client) -> Iterator[Browser]:
    """The browser of the hub's own user."""
    with requests.Session() as session:
        visitor = Browser(hub.url, session)
        session.get(run_hub(hub.home, "ticket"), timeout=30)
        yield visitor


@pytest.fixture(scope="session")
def model(hub: Client, finished_run: dict[str, Any]) -> dict[str, Any]:
    """A model that is ready, of a trial that no other test deploys."""
    trial = finished_run["trials"][2]
    pipeline = hub.post("/pipelines", trial_id=trial["id"])
    hub.wait("Pipeline", pipeline["id"], "ready")
    return dict(pipeline)


def wait_for_text(browser: Browser, path: str, text: str) -> str:
    """Reload until the text is there and return what a reader sees."""
    assert wait_until(lambda: text in texts_of(browser.get(path).text)), text
    return texts_of(browser.get(path).text)
