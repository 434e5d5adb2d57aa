"""A request that takes long to parse holds up nobody else."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import requests

from auger_hub.http.body import HEAVY_BYTES
from auger_hub.processes import daemon
from auger_hub.settings import HubSettings
from tests.hub.client import Client, connect, wait_until

HEAVY = json.dumps(["x"] * (HEAVY_BYTES // 4))


def post(hub: Client, body: str) -> requests.Response:
    return requests.post(f"{hub.url}/api/v1/predictions", data=body, timeout=60)


def children_of(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [
        int(child)
        for thread in threads
        for child in thread.read_text().split()
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_a_heavy_request_is_answered_like_any_other(hub: Client) -> None:
    answer = post(hub, f'{{"token": "{hub.token}", "records": {HEAVY}}}')
    assert answer.status_code == 400
    assert answer.json()["meta"]["errors"][0]["error_param"] == "pipeline_id"
    assert len(answer.content) < 20_000


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_heavy_request_of_a_stranger_is_not_parsed(hub: Client, token: str) -> None:
    assert post(hub, f'{{"token": "{token}", "records": {HEAVY}}}').status_code == 401


@pytest.mark.slow
def test_others_are_answered_while_bombs_are_defused(hub: Client) -> None:
    post(hub, f'{{"token": "{hub.token}", "records": {HEAVY}}}')  # the process is there
    bomb = f'{{"token": "{hub.token}", "records": [{",".join(["[1]"] * 900_000)}]}}'
    done: list[int] = []
    senders = [
        threading.Thread(target=lambda: done.append(post(hub, bomb).status_code)) for _ in range(3)
    ]
    for sender in senders:
        sender.start()
    waited = []
    while any(sender.is_alive() for sender in senders):
        began = time.monotonic()
        assert requests.get(f"{hub.url}/health", timeout=30).status_code == 200
        waited.append(time.monotonic() - began)
        time.sleep(0.02)
    assert done == [400] * 3
    assert sorted(waited)[len(waited) * 9 // 10] < 0.5


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no list of children to read")
def test_a_killed_process_is_told_and_replaced_and_none_outlives_the_hub(
    own_hub: HubSettings,
) -> None:
    running, _ = daemon.start(own_hub)
    hub = connect(own_hub)
    heavy = f'{{"token": "{hub.token}", "records": {HEAVY}}}'
    assert post(hub, heavy).status_code == 400
    for child in children_of(running.pid):
        os.kill(child, signal.SIGKILL)
    assert {post(hub, heavy).status_code for _ in range(3)} <= {400, 503}
    assert post(hub, heavy).status_code == 400
    children = children_of(running.pid)
    assert children
    os.kill(running.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
