from __future__ import annotations

from pathlib import Path

import pytest
from requests import Request
from starlette.datastructures import Headers

from auger_hub.accounts.quota import OverQuota
from auger_hub.accounts.users import Caller
from auger_hub.http import upload_form
from auger_hub.http.upload_form import BadForm, FormReader, TooLarge
from auger_hub.store import signing
from auger_hub.store.local import Storage
from auger_hub.store.signing import BadSignature, Signer

ANNA = Caller(1, 1, "seal")
SIGNER = Signer("secret", {1: "seal"}.get)


def form(fields: dict[str, str], *files: bytes) -> tuple[Headers, bytes]:
    prepared = Request(
        "POST", "http://h/", data=fields, files=[("file", ("name", file)) for file in files]
    ).prepare()
    assert isinstance(prepared.body, bytes)
    return Headers({"content-type": prepared.headers["Content-Type"]}), prepared.body


class Room:
    """So many bytes, and what of them is taken."""

    def __init__(self, size: int = 10**9) -> None:
        self.size = size
        self.taken: dict[str, int] = {}

    def check(self, size: int) -> None:
        if size > self.size:
            raise OverQuota("full")

    def reserve(self, key: str, size: int) -> None:
        self.check(size)
        self.taken[key] = size

    def release(self, key: str) -> None:
        del self.taken[key]


def read(
    folder: Path, headers: Headers, body: bytes, step: int, room: Room | None = None
) -> dict[str, str]:
    room = room or Room()
    with FormReader(Storage(folder), SIGNER, "b", headers, room=room) as reader:
        for start in range(0, len(body), step):
            reader.feed(body[start : start + step])
        return reader.finish()


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("step", [1, 7, 100, 10_000])
def test_a_form_is_read_however_it_is_cut(tmp_path: Path, step: int) -> None:
    content = b"a,b\r\n--1,2\r\n" * 20
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), content)
    assert read(tmp_path, headers, body, step)["key"] == "k.csv"
    assert Storage(tmp_path).path("b", "k.csv").read_bytes() == content


def test_a_form_that_stops_early_stores_nothing(tmp_path: Path) -> None:
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x" * 1000)
    with pytest.raises(BadForm):
        read(tmp_path, headers, body[:-60], 100)
    assert stored(tmp_path) == []


def test_a_file_larger_than_the_policy_allows_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "MAX_UPLOAD_BYTES", 10)
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x" * 11)
    with pytest.raises(TooLarge) as caught:
        read(tmp_path, headers, body, 100)
    assert caught.value.allowed == 10
    assert stored(tmp_path) == []


def test_a_file_without_signature_is_never_written(tmp_path: Path) -> None:
    headers, body = form({"key": "k.csv"}, b"x")
    with pytest.raises(BadSignature):
        read(tmp_path, headers, body, 100)
    assert stored(tmp_path) == []


def test_a_form_with_two_files_stores_none(tmp_path: Path) -> None:
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x", b"y")
    with pytest.raises(BadForm, match="two files"):
        read(tmp_path, headers, body, 100)
    assert stored(tmp_path) == []


def test_a_field_without_end_is_refused(tmp_path: Path) -> None:
    headers, body = form({"note": "x" * 70_000}, b"x")
    with pytest.raises(BadForm, match="too large"):
        read(tmp_path, headers, body, 1000)


HEADERS = Headers({"content-type": "multipart/form-data; boundary=B"})
PART = b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\nv\r\n'


@pytest.mark.parametrize(
    ("piece", "fault"),
    [
        (PART, "too many fields"),
        (b"\r\n" * 500, "too much besides the file"),
        (PART[:-6] + b"\r\n" + b"A: b\r\n" * 100_000 + b"\r\nv\r\n", "."),
        (b"--B\r\nA: " + b"b" * 1_000_000, "."),
        (b"--B\r\n" + b"a" * 1_000_000, "."),
    ],
    ids=["parts of one name", "line ends", "headers", "header value", "header name"],
)
def test_a_form_without_end_is_refused(tmp_path: Path, piece: bytes, fault: str) -> None:
    with pytest.raises(BadForm, match=fault):
        read(tmp_path, HEADERS, piece * (5_000_000 // len(piece)), 10_000)


def test_what_comes_after_a_form_has_an_end(tmp_path: Path) -> None:
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x")
    with pytest.raises(BadForm, match="too much"):
        read(tmp_path, headers, body + b"\r\n" * 2_500_000, 10_000)
    assert stored(tmp_path) == []


def test_a_long_header_is_refused_by_the_reader_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_form, "_MAX_HEADER_BYTES", 20)
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x")
    with pytest.raises(BadForm, match="header is too large"):
        read(tmp_path, headers, body, 100)


def test_a_file_takes_the_room_of_its_own_bytes(tmp_path: Path) -> None:
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x" * 1000)
    room = Room()
    read(tmp_path, headers, body, 100, room)
    assert room.taken == {"k.csv": 1000}


def test_a_file_that_does_not_fit_is_not_stored_however_long_it_says_it_is(tmp_path: Path) -> None:
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x" * 1000)
    with pytest.raises(OverQuota):
        read(tmp_path, headers, body, 100, Room(999))
    assert stored(tmp_path) == []


def test_of_a_file_that_says_it_does_not_fit_no_byte_is_written(tmp_path: Path) -> None:
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x" * 1000)
    announced = Headers({**headers, "content-length": str(10**8)})
    with pytest.raises(OverQuota):
        read(tmp_path, announced, body[:-900], 100, Room(10**7))
    assert stored(tmp_path) == []


def test_a_file_that_cannot_be_stored_takes_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk fails")

    monkeypatch.setattr(Storage, "_hand_over", fail)
    headers, body = form(SIGNER.upload_fields(ANNA, "b", "k.csv"), b"x" * 1000)
    room = Room()
    with pytest.raises(OSError, match="the disk fails"):
        read(tmp_path, headers, body, 100, room)
    assert room.taken == {}
