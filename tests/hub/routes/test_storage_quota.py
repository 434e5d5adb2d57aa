"""An organization that may store so much and no more, at a real hub."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.hub.client import Client, add_user, run_hub, wait_until

TABLE = b"a,b\n" + b"1,2\n" * 500


class Shop:
    """A user of an organization of its own, with a project."""

    def __init__(self, hub: Client) -> None:
        name = f"shop-{uuid.uuid4().hex[:6]}"
        user = add_user(hub, name)
        self.organization = user["organization"]
        self.client = Client(hub.url, user["token"], hub.home)
        self.project = self.client.post("/projects", name="p")

    def limit(self, size: int) -> dict[str, Any]:
        told = ("limit", self.organization, "--most-storage", str(size))
        return dict(json.loads(run_hub(self.client.home, "org", *told)))

    @property
    def used(self) -> int:
        return int(self.client.get("/organizations")[0]["storage"]["used"])

    def send(self, content: bytes = TABLE) -> tuple[requests.Response, str]:
        target = self.client.post(
            "/project_file_urls", project_id=self.project["id"], file_path="t.csv"
        )
        answer = requests.post(
            target["url"], data=target["fields"], files={"file": content}, timeout=30
        )
        return answer, target["fields"]["key"]

    def make(self, url: str) -> dict[str, Any]:
        """Return a data set, and wait until the hub has read it."""
        name = f"d-{uuid.uuid4().hex[:6]}"
        made = self.client.post("/project_files", name=name, project_id=self.project["id"], url=url)
        self.client.wait("ProjectFile", made["id"], "processed", "processed_with_error", "error")
        return dict(self.client.get(f"/project_files/{made['id']}"))


@pytest.fixture
def shop(hub: Client) -> Shop:
    return Shop(hub)


def test_an_upload_is_counted_when_it_is_stored_and_no_more_when_it_is_deleted(shop: Shop) -> None:
    answer, key = shop.send()
    assert (answer.status_code, shop.used) == (200, len(TABLE))
    made = shop.make(f"s3://x/{key}")
    assert shop.used == len(TABLE)
    shop.client.call("DELETE", f"/project_files/{made['id']}")
    assert shop.used == 0


def test_an_upload_that_does_not_fit_is_refused_with_numbers_and_the_way_out(shop: Shop) -> None:
    shop.limit(len(TABLE) + 100)
    assert shop.send()[0].status_code == 200
    refused, _ = shop.send()
    assert refused.status_code == 403
    assert "<Code>QuotaExceeded</Code>" in refused.text
    assert f"stores {len(TABLE) / 1000:.3g} kB of the" in refused.text
    assert "more do not fit: delete data sets" in refused.text
    assert shop.used == len(TABLE)


def test_a_large_upload_is_refused_before_its_bytes_are_taken(shop: Shop) -> None:
    shop.limit(1000)
    target = shop.client.post(
        "/project_file_urls", project_id=shop.project["id"], file_path="t.csv"
    )
    taken = 0

    def body() -> Iterator[bytes]:
        nonlocal taken
        for name, value in target["fields"].items():
            told = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            yield told.encode()
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="t"\r\n\r\n'
        for _ in range(200):
            taken += 1
            yield b"x" * 1024**2

    class Announced:
        """A body that tells its length, as files do."""

        def __len__(self) -> int:
            return 200 * 1024**2

        def __iter__(self) -> Iterator[bytes]:
            return body()

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    try:
        status = requests.post(target["url"], data=Announced(), headers=headers, timeout=60)  # type: ignore[arg-type]
    except requests.ConnectionError:
        status = None  # the hub hangs up on who goes on sending
    assert status is None or status.status_code == 403
    assert shop.used == 0


def test_who_tells_the_size_is_refused_before_there_is_a_form(shop: Shop) -> None:
    shop.limit(1000)
    told = {"project_id": shop.project["id"], "file_path": "t.csv", "file_size": 1001}
    refused = shop.client.call("POST", "/project_file_urls", **told)
    assert (refused.status, refused.errors[0][0]) == (403, "quota_exceeded")
    assert shop.client.call("POST", "/project_file_urls", **{**told, "file_size": 1000}).data


def test_the_older_way_of_uploading_counts_as_well(shop: Shop) -> None:
    from auger_hub.accounts.users import find_caller
    from auger_hub.hub import join_hub
    from auger_hub.settings import HubSettings

    there = join_hub(HubSettings(home=shop.client.home))
    caller = find_caller(there.database, shop.client.token)
    assert caller is not None
    token = there.signer.uploader_token(caller, shop.project["id"])
    there.database.close()
    url = f"{shop.client.url}/file_uploader/{shop.project['id']}?auger_token={token}"
    assert requests.post(url, data=TABLE, timeout=10).status_code == 200
    assert shop.used == len(TABLE)
    shop.limit(len(TABLE) + 1)
    refused = requests.post(url, data=TABLE, timeout=10)
    assert (refused.status_code, "QuotaExceeded" in refused.text) == (403, True)
    assert shop.used == len(TABLE)


def test_a_download_that_does_not_fit_is_removed_and_told(shop: Shop) -> None:
    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(TABLE)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Serve) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert shop.make(f"{url}/first.csv")["status"] == "processed"
        assert shop.used == len(TABLE)
        shop.limit(len(TABLE) + 1)
        refused = shop.make(f"{url}/second.csv")
        server.shutdown()
    assert refused["status"] == "processed_with_error"
    assert "more do not fit" in refused["error_message"]
    assert shop.used == len(TABLE)


def test_a_removed_project_gives_its_room_back(shop: Shop) -> None:
    _, key = shop.send()
    shop.make(f"s3://x/{key}")
    shop.send()
    assert shop.used == 2 * len(TABLE)
    shop.client.call("DELETE", f"/projects/{shop.project['id']}")
    assert wait_until(lambda: shop.used == 0)


def test_models_and_exports_need_room_too(
    hub: Client, finished_run: dict[str, Any], tmp_path: Path
) -> None:
    del tmp_path
    trial = finished_run["trials"][3]["id"]
    limit = ("org", "limit", "local", "--most-storage")
    run_hub(hub.home, *limit, "1")
    try:
        refused = [
            hub.call("POST", path, trial_id=trial) for path in ("/pipelines", "/pipeline_files")
        ]
    finally:
        run_hub(hub.home, *limit, "0")
    assert [answer.errors[0][0] for answer in refused] == ["quota_exceeded"] * 2
    before = hub.get("/organizations")[0]["storage"]["used"]
    pipeline = hub.post("/pipelines", trial_id=trial)
    hub.wait("Pipeline", pipeline["id"], "ready")
    deployed = hub.get("/organizations")[0]["storage"]["used"]
    assert deployed > before
    hub.patch(f"/pipelines/{pipeline['id']}", status="undeploying")
    hub.wait("Pipeline", pipeline["id"], "undeployed")
    assert hub.get("/organizations")[0]["storage"]["used"] == before


def test_the_operator_and_the_trail_say_what_was_set(shop: Shop) -> None:
    shop.send()
    facts = shop.limit(len(TABLE) + 100)
    assert facts["used_storage"] == len(TABLE)
    (entry,) = json.loads(run_hub(shop.client.home, "audit", "--action", "limit", "--limit", "1"))
    assert entry["name"] == f"{shop.organization}: most_storage {len(TABLE) + 100}"


def test_the_page_tells_when_there_is_little_room_and_when_there_is_none(shop: Shop) -> None:
    shop.send()
    port = shop.client.url.rpartition(":")[2]

    def page(limit: int) -> str:
        shop.limit(limit)
        cookies = {f"auger_hub_{port}": shop.client.token}
        return requests.get(f"{shop.client.url}/", cookies=cookies, timeout=10).text

    assert "may store" not in page(len(TABLE) * 2)
    assert "There is little room until" in page(len(TABLE) + 1)
    assert "exports are refused until" in page(len(TABLE))
