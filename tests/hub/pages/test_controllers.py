"""The page of the controllers, and what a project says of the one that keeps it."""

from __future__ import annotations

import uuid

from tests.hub.client import Client
from tests.hub.pages.conftest import Browser, texts_of
from tests.hub.routes.test_controllers import TARGET

HOSTILE = "<script>alert(1)</script>"


def test_what_needs_somebody_stands_first_with_its_reason(hub: Client, browser: Browser) -> None:
    good = {**TARGET, "name": "a-good-one", "condition": "in sync", "why": [], "plan": None}
    bad = {**TARGET, "name": "z-bad-one", "condition": "degraded", "why": [HOSTILE]}
    name = f"c-{uuid.uuid4().hex[:8]}"
    hub.post("/controllers", name=name, beat_seconds=30, targets=[good, TARGET, bad])
    page = browser.get("/controllers").text
    assert HOSTILE not in page
    text = texts_of(page)
    text = text[text.index(name) :]
    assert "1 degraded, 1 out of sync, 1 in sync" in text
    assert text.index("z-bad-one") < text.index("churn") < text.index("a-good-one")
    assert "auger controller approve churn 964d17d157b4" in text
    assert "Waits: 1 to delete" in text


def test_a_project_says_who_keeps_it(hub: Client, browser: Browser) -> None:
    project = hub.add_project()
    name = f"c-{uuid.uuid4().hex[:8]}"
    target = {**TARGET, "projects": {project["name"]: "out of sync"}}
    hub.post("/controllers", name=name, beat_seconds=30, targets=[target])
    text = texts_of(browser.get(f"/projects/{project['id']}").text)
    assert f"out of sync with commit c0ffee , kept by the controller {name}" in text
    assert project["name"] in texts_of(browser.get("/controllers").text)
