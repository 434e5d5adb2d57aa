from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from auger_hub.http.params import FOLDER_NAME
from auger_hub.store.local import (
    BadKey,
    Storage,
    key_of_url,
    project_folder,
    project_key,
    upload_key,
)


@pytest.mark.parametrize(
    "key", ["", "/", "a//b", "../a", "a/..", "a/./b", "a\\..\\b", "a\0", "/etc/passwd", "x" * 300]
)
def test_a_key_that_could_leave_the_folder_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadKey):
        Storage(tmp_path).path("bucket", key)


@pytest.mark.parametrize("bucket", ["", ".", "..", "a\0", "a/../../b", "/etc"])
def test_a_bucket_that_could_leave_the_folder_is_refused(tmp_path: Path, bucket: str) -> None:
    with pytest.raises(BadKey):
        Storage(tmp_path).path(bucket, "key")


@given(key=st.text(max_size=60))
def test_no_key_ever_leads_out_of_the_folder(key: str) -> None:
    folder = Path("/storage")
    try:
        path = Storage(folder).path("bucket", key)
    except BadKey:
        return
    assert path.is_relative_to(folder / "bucket")
    assert ".." not in path.parts


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with storage.create("b", "a/x.csv") as file:
        file.write(b"half")
        file.flush()
        assert not storage.path("b", "a/x.csv").exists()
    assert storage.path("b", "a/x.csv").read_bytes() == b"half"


def test_a_broken_write_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Storage(tmp_path).create("b", "a/x.csv") as file:
            file.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_parts_of_a_killed_write_go_after_a_day(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with storage.create("b", "a/x.csv") as file:
        file.write(b"whole")
    parts = [tmp_path / "b" / "a" / f".{name}.part" for name in ("old", "young")]
    for path in parts:
        path.write_bytes(b"half")
    long_ago = time.time() - 25 * 3600
    for path in (parts[0], storage.path("b", "a/x.csv")):
        os.utime(path, (long_ago, long_ago))
    storage.sweep()
    assert {path.name for path in (tmp_path / "b" / "a").iterdir()} == {parts[1].name, "x.csv"}


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("s3://bucket/a/b.csv", "a/b.csv"),
        ("s3://localhost:5000/a/b.csv", "a/b.csv"),
        ("s3://127/a/b.csv", "a/b.csv"),
        ("s3://b/a/no #1?.csv", "a/no #1?.csv"),
        ("files/b.csv", "files/b.csv"),
    ],
)
def test_the_key_is_what_follows_the_bucket(url: str, key: str) -> None:
    assert key_of_url(url) == key


@pytest.mark.parametrize("name", ["x" * 400 + ".csv", "é" * 300 + ".csv.gz"])
def test_the_key_of_a_very_long_name_can_be_stored(tmp_path: Path, name: str) -> None:
    key = upload_key("p", name)
    with Storage(tmp_path).create("b", key) as file:
        file.write(b"x")
    assert key.endswith(name.partition(".")[2])


def test_a_project_named_like_a_path_stays_one_folder() -> None:
    assert project_key("a/b", "files", "x") == "workspace/projects/a-b/files/x"


@given(one=st.text(min_size=1, max_size=250), other=st.text(min_size=1, max_size=250))
@example(one="a", other="a.")
@example(one="a", other=".a")
@example(one="x" * 300, other="x" * 301)
@example(one="é" * 150, other="é" * 150 + "e")
def test_two_projects_never_share_a_folder(one: str, other: str) -> None:
    """Deleting a project removes its folder: it has to be nobody else's."""
    assume(all(FOLDER_NAME.is_good(name) for name in (one, other)))
    folders = {project_folder(name) for name in (one, other)}
    assert len(folders) == len({one, other})
    for folder in folders:
        Storage(Path("/storage")).path("bucket", f"{folder}/files/x.csv")
