"""Sources of data sets: their addresses, their keys, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.resources.files.source import (
    DatasetSpec,
    address_of,
    describe_size,
    describe_source,
    is_same_address,
    is_same_data,
    lacks_content,
    upload_name,
    uploaded_url,
)

HASH = "ab" * 32
LOCAL = DatasetSpec(
    name="d.csv", source="files/d.csv", path="/x/d.csv", sha256=HASH, size=1_234_567
)
REMOTE = DatasetSpec(name="d.csv", source="https://data.test/d.csv")


@pytest.mark.parametrize(
    ("form", "url"),
    [
        ({"url": "https://buck-et.s3.eu.amazonaws.com"}, "s3://buck-et/k"),
        ({"url": "https://buck-et.s3.eu.amazonaws.com/"}, "s3://buck-et/k"),
        ({"url": "https://files.test:9000/buck-et"}, "s3://buck-et/k"),
        ({"url": "http://127.0.0.1:80/x", "bucket": "main"}, "s3://main/k"),
    ],
)
def test_the_bucket_is_read_from_the_form(form: dict[str, Any], url: str) -> None:
    assert uploaded_url({**form, "fields": {"key": "k"}}) == url


def test_the_name_in_the_key_is_short_and_has_no_folder() -> None:
    long = DatasetSpec(name="x", source="a\\b/" + "n" * 300 + ".csv.gz", sha256=HASH)
    assert upload_name(long) == f"sha256-{HASH}-{'n' * 100}.csv.gz"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5 * 10**9, "5.0 GB"),
        (5 * 10**12, "5000.0 GB"),
    ],
)
def test_sizes_are_told_in_words(size: int, words: str) -> None:
    assert describe_size(size) == words


def test_a_source_is_told_in_words() -> None:
    assert describe_source(LOCAL) == "files/d.csv, 1.2 MB, sha256 ababab"
    assert describe_source(REMOTE) == "https://data.test/d.csv"


def test_an_address_is_the_same_with_and_without_its_login() -> None:
    assert is_same_address("https://h/x.csv", "https://anna:secret@h/x.csv")
    assert not is_same_address("https://h/x.csv", "https://anna:secret@h/y.csv")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (LOCAL.model_copy(update={"name": "e.csv", "path": "/y/e.csv"}), True),
        (LOCAL.model_copy(update={"sha256": "cd" * 32}), False),
        (LOCAL.model_copy(update={"sha256": None}), False),
        (REMOTE, False),
        (None, False),
    ],
)
def test_data_is_the_same_by_its_bytes(other: DatasetSpec | None, is_same: bool) -> None:
    assert is_same_data(LOCAL, other) is is_same


def test_remote_data_is_the_same_by_its_address() -> None:
    other = REMOTE.model_copy(update={"source": "https://me:secret@data.test/d.csv"})
    assert is_same_data(REMOTE, other)


def test_only_a_source_that_is_to_be_here_can_lack_its_content() -> None:
    unread = LOCAL.model_copy(update={"sha256": None})
    assert lacks_content(unread)
    absent = unread.model_copy(update={"state": "absent"})
    assert not any(map(lacks_content, (LOCAL, REMOTE, absent, DatasetSpec(name="d.csv"))))


def test_the_first_revision_of_a_url_is_at_the_url_itself() -> None:
    assert address_of(REMOTE, "d.csv", None) == REMOTE.source
