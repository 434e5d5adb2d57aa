"""Objects are identified by their content and fetched whole; what goes wrong is one sentence."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from auger_reconcile.errors import AugerError
from auger_reconcile.object_store import (
    PART_BYTES,
    fetch_object,
    identify_object,
    is_object_url,
)

from .store import BUCKET, Store

TABLE = b"a,b\n1,2\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("source", ["s3://b/k", "s3://my.buck-et_1/a b/ü?v=1#x.csv"])
def test_an_object_has_a_bucket_and_a_key(source: str) -> None:
    assert is_object_url(source)


@pytest.mark.parametrize(
    "source", ["s3://b", "s3://b/", "s3:///k", "s3://key:secret@b/k", "S4://b/k", "b/k.csv", ""]
)
def test_anything_else_is_none(source: str) -> None:
    assert not is_object_url(source)


def test_an_object_is_identified_by_what_is_in_it(store: Store) -> None:
    url = store.put("folder/table ü?#%20.csv", TABLE)
    assert identify_object(url) == (sha256(TABLE), len(TABLE))


def test_a_store_that_keeps_the_checksum_is_asked_for_it_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = store.put("kept.csv", TABLE, ChecksumAlgorithm="SHA256")
    monkeypatch.setattr("botocore.response.StreamingBody.iter_chunks", None)
    assert identify_object(url) == (sha256(TABLE), len(TABLE))


def test_a_checksum_of_parts_is_not_taken_for_one_of_the_content(store: Store) -> None:
    begun = store.client.create_multipart_upload(
        Bucket=BUCKET, Key="parts.csv", ChecksumAlgorithm="SHA256"
    )
    told = {"Bucket": BUCKET, "Key": "parts.csv", "UploadId": begun["UploadId"]}
    sent = store.client.upload_part(**told, PartNumber=1, Body=TABLE, ChecksumAlgorithm="SHA256")
    parts = [{"PartNumber": 1, "ETag": sent["ETag"], "ChecksumSHA256": sent["ChecksumSHA256"]}]
    store.client.complete_multipart_upload(**told, MultipartUpload={"Parts": parts})
    assert identify_object(f"s3://{BUCKET}/parts.csv") == (sha256(TABLE), len(TABLE))


def test_an_object_is_fetched_with_progress(store: Store, tmp_path: Path) -> None:
    content = bytes(range(256)) * (PART_BYTES // 256) + b"more"
    url, told = store.put("large.csv", content), []
    fetch_object(url, tmp_path / "large", progress=lambda done, total: told.append((done, total)))
    assert (tmp_path / "large").read_bytes() == content
    assert told[-1] == (len(content), len(content))
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"s3://{BUCKET}/nosuch.csv", "there is no such object"),
        ("s3://nosuch-bucket/t.csv", "there is no such bucket"),
        ("s3://nosuch", "it is no `s3://bucket/key`"),
    ],
)
def test_what_is_not_there_is_said(store: Store, url: str, reason: str) -> None:
    with pytest.raises(AugerError) as caught:
        identify_object(url)
    assert str(caught.value) == reason


def test_an_object_that_went_leaves_no_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(AugerError, match="there is no such object"):
        fetch_object(f"s3://{BUCKET}/gone.csv", tmp_path / "t", progress=lambda _done, _all: None)
    assert list(tmp_path.iterdir()) == []


def test_without_credentials_it_is_said_where_they_are_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(AugerError, match="there are no credentials for the store") as caught:
        identify_object(f"s3://{BUCKET}/t.csv")
    assert "AWS_ACCESS_KEY_ID, AWS_PROFILE" in str(caught.value.hint)


def test_an_unknown_profile_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    with pytest.raises(AugerError, match="there is no such AWS profile"):
        identify_object(f"s3://{BUCKET}/t.csv")


def test_a_store_that_does_not_answer_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(AugerError, match="the store does not answer"):
        identify_object(f"s3://{BUCKET}/t.csv")


def test_a_missing_package_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(AugerError, match="the package `boto3` is not installed") as caught:
        identify_object(f"s3://{BUCKET}/t.csv")
    assert caught.value.hint == 'the extra `s3` brings it\npip install "auger-reconcile[s3]"'


def test_the_package_is_not_loaded_before_an_object_is_asked_for() -> None:
    script = "import sys, auger_reconcile.config.load; print('boto3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
