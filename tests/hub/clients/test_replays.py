"""The requests that the cloud's public clients really send, whole lives of them, against the hub.

`replays/*.json` hold methods, paths and bodies as they arrived; ids, keys and secrets are replaced
by names. A step may say its `status` (200 else), what it makes known (`save`), and of a poll the
value that ends it (`until`).
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub.client import IRIS, Client, add_user, wait_until

pytestmark = pytest.mark.slow

REPLAYS = sorted(Path(__file__).with_name("replays").glob("*.json"))
LONG = pytest.mark.skipif("AUGER_SOAK" not in os.environ, reason="`make soak` runs it")
ALIKE = ("a2ml_1_1_0", "hub_client_0_6_8", "hub_client_0_7_4")  # send what the other sends, mostly
STATUS_MEMBERS = ("status", "s3_model_path_status")


@pytest.fixture
def user(hub: Client) -> dict[str, str]:
    """A user with an organization of its own, as every recorded client had."""
    return add_user(hub, f"judge-{uuid.uuid4().hex[:8]}")


class Player:
    """Sends the steps of one replay and remembers what the hub named."""

    def __init__(self, url: str, user: dict[str, str]) -> None:
        self._url = url
        self._target: dict[str, Any] = {}
        self._signed = ""
        self._known = {
            "email": user["username"],
            "password": user["password"],
            "organization_name": user["organization"],
            "token": user["token"],
        }

    def play(self, step: dict[str, Any]) -> None:
        """Send one step; fail unless the hub answers as the client needs it."""
        if "upload" in step:
            self._upload()
        elif "download" in step:
            assert requests.get(self._signed, timeout=30).content
        elif "until" in step:
            assert wait_until(lambda: self._ended(step), seconds=90), step
        else:
            self._send(step)

    def _send(self, step: dict[str, Any]) -> Any:
        body = self._filled(step["body"])
        if step["path"] != "/tokens":
            body["token"] = self._known["token"]
        url = f"{self._url}/api/v1{self._filled(step['path'])}"
        answer = requests.request(step["method"], url, json=body, timeout=60)
        assert answer.status_code == step.get("status", 200), (step, answer.text)
        if not answer.headers["content-type"].startswith("application/json"):
            return None
        data = answer.json().get("data")
        self._remember(step.get("save", ()), data)
        return data

    def _ended(self, step: dict[str, Any]) -> bool:
        data = self._send(step)
        seen = next(str(data[name]) for name in STATUS_MEMBERS if name in data)
        assert "error" not in seen, data
        return bool(seen == step["until"])

    def _remember(self, names: list[str], data: Any) -> None:
        first = data[0] if isinstance(data, list) and data else data
        for name in names:
            if name == "upload":
                self._target = first.get("result") or first
                self._known["key"] = self._target["fields"]["key"]
                self._known["bucket"] = self._target["url"].rpartition("/")[2]
                self._known["base_name"] = self._known["key"].rpartition("/")[2]
            elif isinstance(first, dict):
                self._known[name] = str(first["id"])
        if isinstance(first, dict):
            signed = first.get("signed_s3_model_path") or _signed_in(first)
            self._signed = signed or self._signed

    def _upload(self) -> None:
        with IRIS.open("rb") as file:
            answer = requests.post(
                self._target["url"], data=self._target["fields"], files={"file": file}, timeout=30
            )
        assert answer.status_code == 200, answer.text

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            for name, known in self._known.items():
                value = value.replace(f"{{{name}}}", known)
            return value
        if isinstance(value, dict):
            return {name: self._filled(member) for name, member in value.items()}
        return [self._filled(one) for one in value] if isinstance(value, list) else value


def _signed_in(data: dict[str, Any]) -> str | None:
    """Return where a data set or a predicted file can be downloaded."""
    result = data.get("result")
    if isinstance(result, dict) and "signed_prediction_url" in result:
        return str(result["signed_prediction_url"])
    url = str(data.get("url", ""))
    return url if "X-Amz-Signature" in url else None


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[LONG] if path.stem in ALIKE else []) for path in REPLAYS],
    ids=[path.stem for path in REPLAYS],
)
def test_a_whole_life_of_a_client_is_answered(
    hub: Client, user: dict[str, str], path: Path
) -> None:
    player = Player(hub.url, user)
    for step in json.loads(path.read_text(encoding="utf-8"))["steps"]:
        player.play(step)
