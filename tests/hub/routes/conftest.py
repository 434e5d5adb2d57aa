"""A deployed model for all tests that only ask it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.client import Client


@pytest.fixture(scope="session")
def pipeline(hub: Client, finished_run: dict[str, Any]) -> dict[str, Any]:
    """The best trial, deployed."""
    trial = finished_run["trials"][0]
    created = hub.post("/pipelines", trial_id=trial["id"], name="best")
    assert created["status"] == "packaging"
    hub.wait("Pipeline", created["id"], "ready")
    return dict(hub.get(f"/pipelines/{created['id']}"))
