"""Sources are told apart, and local ones read once."""

import hashlib
from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.config.declarations.source import (
    ContentReader,
    base_name,
    has_known_extension,
    local_path,
    scheme_of,
)
from tests.config.conftest import Load


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("files/churn.csv", "churn.csv"),
        ("C:\\data\\churn.csv", "churn.csv"),
        ("https://example.com/a/churn%20x.csv?token=1#top", "churn x.csv"),
        ("https://example.com", ""),
    ],
)
def test_a_data_set_is_named_after_its_source(source: str, name: str) -> None:
    assert base_name(source) == name


@pytest.mark.parametrize("source", ["C:\\data\\a.csv", "a.csv", "http:a.csv", "://a.csv"])
def test_a_path_has_no_scheme(source: str) -> None:
    assert scheme_of(source) == ""


@pytest.mark.parametrize("source", ["a.csv", "A.CSV", "a.tsv", "a.csv.gz", "a.zip", "a.b.parquet"])
def test_the_formats_of_the_hub_are_known(source: str) -> None:
    assert has_known_extension(source)


@pytest.mark.parametrize("source", ["a", "csv", "a.txt", "a.csv.7z"])
def test_other_formats_are_not(source: str) -> None:
    assert not has_known_extension(source)


def test_a_path_starts_at_the_folder_of_its_file(tmp_path: Path) -> None:
    assert local_path("a/b.csv", tmp_path) == tmp_path / "a/b.csv"
    assert local_path("/a/b.csv", tmp_path) == Path("/a/b.csv")


def test_the_home_folder_is_meant_by_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~/b.csv", Path("elsewhere")) == tmp_path / "b.csv"


def test_a_file_is_hashed_as_a_stream_and_once(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_bytes(b"x" * 3_000_000)
    reader = ContentReader()
    first = reader.read(path)
    path.write_bytes(b"changed in the meantime")
    assert reader.read(path) is first
    assert first.sha256 == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert first.size == 3_000_000


def test_line_ends_count_unless_they_are_declared_not_to(load: Load) -> None:
    text = "name: shop\ndatasets: {d.csv: {source: d.csv%s}}\n"
    files = {"d.csv": "a,b\n1,2\n"}
    hashes = {
        hashlib.sha256(mark + b"a,b" + end + b"1,2" + end).hexdigest()
        for end in (b"\n", b"\r\n")
        for mark in (b"", b"\xef\xbb\xbf")
    }
    address = Address("shop", "dataset", "d.csv")
    for told, known in (("", set()), (", ignore_line_ends: true", hashes)):
        spec = load(text % told, files=files).state.resources[address].spec
        assert set(vars(spec)["same_text"]) == known
