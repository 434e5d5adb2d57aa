"""What is read from one project file of a hub."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.resources.files.project_file import from_wire

HASH = "ab" * 32
STATISTICS = {"count": 2, "stat_data": [{"column_name": "age", "datatype": "integer"}]}


def wire(**told: Any) -> dict[str, Any]:
    url = f"s3://bucket/workspace/projects/shop/files/sha256-{HASH}-d-1a2b3c.csv"
    return {
        "id": 11,
        "name": "d.csv",
        "status": "processed",
        "url": url,
        "statistics": STATISTICS,
        **told,
    }


def test_the_content_is_read_from_the_url() -> None:
    found = from_wire(wire())
    assert (found.content, found.columns) == (HASH, (("age", "integer"),))


@pytest.mark.parametrize("url", ["s3://b/files/XyZ-d.csv", "https://data.test/d.csv", None])
def test_a_url_of_another_client_tells_no_content(url: str | None) -> None:
    assert from_wire(wire(url=url)).content is None


def test_a_data_set_without_statistics_has_no_columns() -> None:
    assert from_wire(wire(statistics=None)).columns == ()


def test_a_description_in_words_tells_no_content() -> None:
    assert from_wire(wire(url="files/8c1d", description="flowers of May")).content is None


@pytest.mark.parametrize(
    "name", ["sha256-{}", "sha256-{}.csv", "sha256-{}0-d.csv", "xsha256-{}-d.csv"]
)
def test_a_key_that_only_begins_like_one_of_an_upload_tells_no_content(name: str) -> None:
    url = f"s3://bucket/files/{name.format(HASH)}"
    assert from_wire(wire(url=url)).content is None


def test_what_the_hub_has_fetched_goes_before_what_the_key_says() -> None:
    fetched = {**STATISTICS, "source": {"sha256": "cd" * 32, "etag": '"1"'}}
    found = from_wire(wire(statistics=fetched))
    assert (found.content, found.etag) == ("cd" * 32, '"1"')
