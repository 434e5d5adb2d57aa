"""A large file goes in parts, and all of it or nothing is there afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import AugerError, HubError, Unavailable
from auger_reconcile.object_store import PART_BYTES

from .store import BUCKET, Store

SECRETS = ("kept-from-everybody", "temporary", "session")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "large.csv"
    path.write_bytes(bytes(range(256)) * (PART_BYTES // 256) + b"the last row\n")
    return path


def send(target: dict[str, Any], source: Path, timeout: float = 5, **options: Any) -> str | None:
    with HubClient("http://127.0.0.1:9", "t0k3n", timeout=timeout) as client:
        return client.upload(target, source, **options)


def half_sent(store: Store) -> list[Any]:
    return store.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])


def test_a_large_file_is_one_object_of_several_parts(store: Store, source: Path) -> None:
    told: list[tuple[int, int]] = []
    size = source.stat().st_size
    target = store.multipart("files/large.csv")
    send(target, source, progress=lambda done, total: told.append((done, total)))
    stored = store.client.get_object(Bucket=BUCKET, Key="files/large.csv")
    assert stored["Body"].read() == source.read_bytes()
    assert stored["ETag"].endswith('-2"')
    assert told[-1] == (size, size)
    assert half_sent(store) == []


def test_a_refusal_leaves_nothing_and_tells_no_key(store: Store, source: Path) -> None:
    target = store.multipart("files/large.csv")
    target["multipart"]["bucket"] = "nosuch-bucket"
    with pytest.raises(HubError) as caught:
        send(target, source)
    assert str(caught.value) == "the upload in parts failed: there is no such bucket"
    shown = repr(caught.value) + str(caught.value.__cause__)
    assert not any(secret in shown for secret in SECRETS)


def test_a_store_that_is_gone_may_be_tried_again(store: Store, source: Path) -> None:
    with pytest.raises(Unavailable, match="the store does not answer"):
        send(store.multipart("large.csv", port=9), source)


def test_a_file_that_becomes_shorter_is_an_error_and_its_parts_are_taken_back(
    store: Store, source: Path
) -> None:
    def cut(_done: int, _total: int) -> None:
        with source.open("r+b") as file:
            file.truncate(1000)

    with pytest.raises(AugerError):
        send(store.multipart("cut.csv"), source, timeout=0.3, progress=cut)
    assert half_sent(store) == []


@pytest.mark.parametrize("missing", ["bucket", "key", "config"])
def test_an_answer_that_lacks_something_is_an_error(
    store: Store, source: Path, missing: str
) -> None:
    target = store.multipart("large.csv")
    del target["multipart"][missing]
    with pytest.raises(HubError, match="the hub answered an upload in parts without"):
        send(target, source)
