"""Visitors of the page: browsers without JavaScript."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.hub.client import Client, wait_until


@dataclass
class Browser:
    """Keeps cookies, follows redirects and sends an Origin with its forms, as browsers do."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **options: Any) -> requests.Response:
        """Open a page."""
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path: str, fields: dict[str, str], **options: Any) -> requests.Response:
        """Send a form."""
        headers = {"Origin": self.url, **options.pop("headers", {})}
        return self.session.post(
            self.url + path, data=fields, headers=headers, timeout=30, **options
        )

    def fragment(self, path: str) -> requests.Response:
        """Ask as the page's script does."""
        return self.get(path, headers={"X-Fragment": "1"}, allow_redirects=False)


def run_hub(home: object, *arguments: str) -> str:
    """Run a command of the hub's program and return its last line."""
    command = [sys.executable, "-m", "auger_hub", *arguments, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip().splitlines()[-1]


def add_user(hub: Client, name: str) -> str:
    """Make a user of an organization of its own and return the password."""
    added = run_hub(hub.home, "user", "add", name, "--organization", f"of-{name}")
    return str(json.loads(added)["password"])


def texts_of(page: str) -> str:
    """Return what a reader sees, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture
def anyone(hub: Client) -> Iterator[Browser]:
    """A browser that is not logged in."""
    with requests.Session() as session:
        yield Browser(hub.url, session)


@pytest.fixture(scope="session")
def make_browser(hub: Client) -> Iterator[Callable[[str], Browser]]:
    """Return a function that logs a user of an organization in with the password."""
    with ExitStack() as sessions:

        def make(name: str) -> Browser:
            browser = Browser(hub.url, sessions.enter_context(requests.Session()))
            fields = {"user": name, "password": add_user(hub, name)}
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
