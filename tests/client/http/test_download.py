import errno
import hashlib
import os
import time
import tracemalloc

import pytest

from auger_reconcile.client.http import download
from auger_reconcile.client.http.download import fetch_file
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import AugerError, HubError, NotFound, Unavailable
from tests.client.scripted_hub import drip, hang_up, raw, reply, silence

CSV = b"a,b\n1,2\n"


@pytest.fixture
def to(tmp_path):
    return tmp_path / "data" / "iris.csv"


def fetch(hub, to, **options):
    return fetch_file(f"{hub.url}/iris.csv?X-Amz-Signature=S3CRET", to, timeout=0.5, **options)


def test_the_file_is_stored_with_its_folder(hub, to):
    hub.play(reply(body=CSV, content_type="text/csv"))
    fetch(hub, to)
    assert to.read_bytes() == CSV
    assert [item.name for item in to.parent.iterdir()] == ["iris.csv"]
    assert hub.requests[0].body == b""


def test_a_file_that_was_there_is_replaced(hub, to):
    to.parent.mkdir()
    to.write_text("old")
    hub.play(reply(body=CSV))
    fetch(hub, to)
    assert to.read_bytes() == CSV


@pytest.mark.parametrize(
    "fault",
    [
        hang_up,
        silence,
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", then_close=True),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\na", then_close=True),
    ],
)
def test_a_file_that_is_incomplete_leaves_what_was_there(hub, to, fault):
    to.parent.mkdir()
    to.write_text("old")
    hub.play(fault)
    with pytest.raises(Unavailable) as caught:
        fetch(hub, to)
    assert "S3CRET" not in f"{caught.value}"
    assert to.read_text() == "old"
    assert list(to.parent.iterdir()) == [to]


def test_a_link_that_has_ended_says_so(hub, to):
    hub.play(reply(status="403 Forbidden", body=b"<Code>AccessDenied</Code>"))
    with pytest.raises(HubError) as caught:
        fetch(hub, to)
    assert str(caught.value) == "the storage did not give the file (403)"
    assert caught.value.hint == "a download link ends after 24 hours"
    assert not to.exists()


def test_a_file_of_another_digest_is_refused_and_none_is_left(hub, to):
    hub.play(reply(body=CSV), reply(body=CSV + b"3,4\n"))
    fetch(hub, to, sha256=hashlib.sha256(CSV).hexdigest())
    to.unlink()
    with pytest.raises(HubError, match="another file than the hub has made"):
        fetch(hub, to, sha256=hashlib.sha256(CSV).hexdigest())
    assert list(to.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", NotFound),
        ("500 Internal Server Error", Unavailable),
        ("429 Too Many Requests", Unavailable),
        ("416 Range Not Satisfiable", HubError),
    ],
)
def test_other_refusals_are_told_apart(hub, to, status, kind):
    hub.play(reply(status=status, body=b""))
    with pytest.raises(kind):
        fetch(hub, to)


def test_a_link_of_another_protocol_is_refused(to):
    with pytest.raises(HubError, match="no http"):
        fetch_file("file:///etc/passwd", to, timeout=1)


def test_progress_tells_the_bytes_there_are(hub, to):
    seen = []
    hub.play(reply(body=b"x" * 600_000))
    fetch(hub, to, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (600_000, 600_000)


def test_a_folder_that_cannot_be_made_is_an_error(hub, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(AugerError, match=r"cannot write `.*iris\.csv`"):
        fetch(hub, tmp_path / "data" / "iris.csv")


def test_a_full_disk_is_told_apart_from_a_lost_connection(hub, to, monkeypatch):
    def fail(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", fail)
    with pytest.raises(AugerError, match="No space left on device") as caught:
        fetch(hub, to)
    assert not isinstance(caught.value, HubError)
    assert list(to.parent.iterdir()) == []


def test_a_disk_that_fills_up_on_the_way_is_told_apart_too(hub):
    class FullFile:
        def write(self, _part):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        download._receive(f"{hub.url}/x", FullFile(), timeout=1, progress=None)


def test_a_large_file_is_never_held_in_memory(hub, to):
    hub.play(reply(body=b"x" * 40 * 2**20))
    fetch(hub, to)
    tracemalloc.start()
    try:
        fetch(hub, to)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
    assert to.stat().st_size == 40 * 2**20


def test_a_download_that_broke_off_is_begun_again(hub, to, stopped_time):
    hub.play(hang_up, reply(status="503 Service Unavailable"), reply(body=CSV))
    seen = []
    with HubClient(hub.url, None, pace=stopped_time.pace, on_exchange=seen.append) as client:
        client.download(f"{hub.url}/iris.csv", to)
    assert to.read_bytes() == CSV
    assert [(item.attempt, item.status) for item in seen] == [(1, None), (2, 503), (3, 200)]


def test_a_download_that_never_works_ends_with_its_last_fault(hub, to, stopped_time):
    hub.play(hang_up)
    with HubClient(hub.url, None, pace=stopped_time.pace) as client, pytest.raises(Unavailable):
        client.download(f"{hub.url}/iris.csv", to)
    assert len(hub.requests) == 5


def test_uploads_are_reported_without_their_link(hub, tmp_path):
    source, seen = tmp_path / "a.csv", []
    source.write_bytes(CSV)
    with HubClient(hub.url, None, on_exchange=seen.append) as client:
        client.upload({"url": f"{hub.url}/?sig=S3CRET", "fields": {"key": "a"}}, source)
    assert [(item.method, item.path, item.status) for item in seen] == [
        ("POST", "(file upload)", 200)
    ]


def test_what_a_killed_download_left_goes_with_the_next_but_not_what_another_writes(hub, to):
    to.parent.mkdir()
    left, young = (to.with_name(f".iris.csv.{name}.part") for name in ("0dead0", "11fe11"))
    left.write_text("a")
    young.write_text("a")
    yesterday = time.time() - 86_400
    os.utime(left, (yesterday, yesterday))
    hub.play(reply(body=CSV))
    fetch(hub, to)
    assert sorted(to.parent.iterdir()) == [young, to]


def test_a_file_that_drips_for_ever_is_given_up(hub, to):
    hub.play(drip)
    with pytest.raises(Unavailable, match=r"the storage sent \d+ bytes in"):
        fetch_file(f"{hub.url}/iris.csv", to, timeout=0.1)
    assert list(to.parent.iterdir()) == []


@pytest.mark.process
def test_a_slow_file_that_comes_steadily_is_whole(hub, to):
    def send_slowly(connection, received):
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")(connection, received)
        for _ in range(30):
            time.sleep(0.05)
            connection.sendall(b"x" * 2000)

    hub.play(send_slowly)
    fetch_file(f"{hub.url}/iris.csv", to, timeout=0.3)
    assert to.stat().st_size == 60_000
