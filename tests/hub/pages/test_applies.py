"""The pages of the history."""

from __future__ import annotations

from tests.hub.client import Client
from tests.hub.pages.conftest import Browser, texts_of

HOSTILE = "<script>alert(1)</script>"


def test_the_history_shows_applies_and_what_came_of_each_action(
    hub: Client, browser: Browser
) -> None:
    action = {"id": "1", "address": "project.churn", "project": "churn", "kind": "project"}
    action |= {"name": "churn", "action": "create", "about": HOSTILE}
    opened = hub.post("/applies", projects=["churn"], actions=[action], commit="c0ffee1234567")
    outcome = {"id": "1", "status": "failed", "note": "the disk is full"}
    hub.patch(f"/applies/{opened['id']}", outcomes=[outcome], status="failed")
    listed = texts_of(browser.get("/applies?project=churn").text)
    assert f"{opened['id']} failed" in listed
    assert "c0ffee1234 1 to create" in listed
    page = browser.get(f"/applies/{opened['id']}").text
    assert HOSTILE not in page
    assert "the disk is full" in texts_of(page)


def test_older_applies_are_on_further_pages(hub: Client, browser: Browser) -> None:
    for _ in range(3):
        hub.post("/applies", projects=["paged"], actions=[])
    page = browser.get("/applies?limit=1&offset=1").text
    assert "offset=0" in page
    assert "offset=2" in page
