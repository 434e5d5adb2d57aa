"""What a hub tells of itself without a login, and to whom."""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from starlette.applications import Starlette

from auger_hub.hub import Hub, open_hub
from auger_hub.program.observation.observe import observation_routes
from auger_hub.program.observation.readiness import Readiness
from auger_hub.settings import METRICS, HubSettings
from tests.hub.client import Client


@pytest.fixture
def quiet_hub(tmp_path: Any) -> Any:
    """A hub whose background work was never started."""
    hub = open_hub(HubSettings(home=tmp_path / "hub"))
    yield hub
    hub.database.close()


def with_settings(hub: Hub, **settings: Any) -> Hub:
    told = HubSettings(home=hub.settings.home, **settings)
    return Hub(told, hub.database, hub.storage, hub.signer, hub.supervisor)


class Told:
    """An answer as a client sees it."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.status = sent[0]["status"]
        self.text = b"".join(part.get("body", b"") for part in sent[1:]).decode()

    @property
    def facts(self) -> Any:
        return json.loads(self.text)


def ask(hub: Hub, path: str, address: str = "127.0.0.1", token: str = "") -> Told:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    scope |= {"client": (address, 5000), "query_string": b"", "root_path": ""}
    app = Starlette(routes=observation_routes(hub))
    asyncio.run(app(scope, receive, send))
    return Told(sent)


def test_a_hub_that_works_is_ready(hub: Client) -> None:
    answer = requests.get(f"{hub.url}/ready", timeout=30)
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "store": "ok",
        "work": "ok",
        "disk": "ok",
    }


def test_a_hub_without_its_store_is_not_ready_and_names_no_place(quiet_hub: Hub) -> None:
    quiet_hub.storage.folder.rename(quiet_hub.settings.home / "elsewhere")
    answer = ask(quiet_hub, "/ready")
    assert answer.status == 503
    assert answer.facts["store"] == "its folder is gone"
    assert str(quiet_hub.settings.home) not in answer.text


def test_a_hub_whose_store_became_another_one_is_not_ready(quiet_hub: Hub) -> None:
    assert ask(quiet_hub, "/ready").facts["store"] == "ok"
    quiet_hub.storage.folder.rename(quiet_hub.settings.home / "elsewhere")
    quiet_hub.storage.folder.mkdir()
    answer = ask(quiet_hub, "/ready")
    assert (answer.status, answer.facts["store"]) == (503, "empty or another one")


def test_a_database_that_fails_is_told_without_its_words(quiet_hub: Hub) -> None:
    def fail() -> None:
        raise OSError("password=S3CRET")

    quiet_hub.database.connect = fail  # type: ignore[method-assign, assignment]
    answer = ask(quiet_hub, "/ready")
    assert (answer.status, answer.facts["database"]) == (503, "fails")
    assert "S3CRET" not in answer.text


def test_a_part_that_hangs_is_asked_once_and_holds_nobody_up(
    quiet_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_hub.program.observation.readiness._WAIT_SECONDS", 0.05)
    monkeypatch.setattr("auger_hub.program.observation.readiness._KEPT_SECONDS", 0.0)
    asked = []

    def hang() -> None:
        asked.append(1)
        time.sleep(1)

    quiet_hub.database.connect = hang  # type: ignore[method-assign, assignment]
    readiness = Readiness(quiet_hub)

    async def look_three_times() -> list[str]:
        return [(await readiness.look())["database"] for _ in range(3)]

    assert asyncio.run(look_three_times()) == ["does not answer"] * 3
    assert len(asked) == 1


def test_background_work_that_stands_still_is_not_ready(quiet_hub: Hub) -> None:
    stuck = SimpleNamespace(quiet_seconds=lambda: 61.0)
    standing = Hub(
        quiet_hub.settings, quiet_hub.database, quiet_hub.storage, quiet_hub.signer, stuck
    )  # type: ignore[arg-type]
    assert ask(standing, "/ready").facts["work"] == "background work stands still"


def test_metrics_count_requests_by_route_and_not_by_object(
    hub: Client, project: dict[str, Any]
) -> None:
    hub.get(f"/projects/{project['id']}")
    text = requests.get(f"{hub.url}/metrics", timeout=30).text
    path = '/api/v1/projects/{id}",status="200"'
    assert f'auger_hub_requests_total{{method="GET",route="{path}}}' in text
    assert f"/projects/{project['id']}" not in text
    assert 'auger_hub_objects{kind="project",status="running"}' in text
    for name in ("trials", "predictions_waiting", "workers", "model_processes", "disk_free_bytes"):
        assert f"\nauger_hub_{name}" in text


@pytest.mark.parametrize(
    ("readers", "address", "status"),
    [
        ("local", "127.0.0.1", 200),
        ("local", "::1", 200),
        ("local", "10.0.0.7", 403),
        ("local", "somewhere", 403),
        ("open", "10.0.0.7", 200),
        ("off", "127.0.0.1", 403),
        ("token", "127.0.0.1", 403),
    ],
)
def test_a_setting_says_who_reads_metrics(
    quiet_hub: Hub, readers: str, address: str, status: int
) -> None:
    assert readers in METRICS
    assert ask(with_settings(quiet_hub, metrics=readers), "/metrics", address).status == status


def test_with_a_token_the_hubs_own_organization_reads_metrics(quiet_hub: Hub) -> None:
    from auger_hub.accounts.users import add_user

    with quiet_hub.database.write() as session:
        own = add_user(session, "local", "local")["token"]
        other = add_user(session, "anna", "shop")["token"]
    by_token = with_settings(quiet_hub, metrics="token")
    assert ask(by_token, "/metrics", token=own).status == 200
    assert ask(by_token, "/metrics", token=other).status == 403


def test_an_answer_names_the_id_of_its_request(hub: Client) -> None:
    answer = requests.get(f"{hub.url}/health", headers={"X-Request-Id": "of-a-proxy"}, timeout=30)
    assert answer.headers["X-Request-Id"] == "of-a-proxy"
