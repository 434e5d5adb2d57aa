"""The body of an upload: what is on the disk, block by block, and no more."""

import pytest

from auger_reconcile.client.http.upload import send_file
from auger_reconcile.errors import AugerError
from tests.client.scripted_hub import reply

MEGABYTE = 2**20


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "churn.csv"
    path.write_bytes(bytes(range(256)) * (3 * MEGABYTE // 256))
    return path


@pytest.fixture
def form(hub):
    hub.play(reply(status="201 Created", body=b""))
    return {"url": f"{hub.url}/bucket", "fields": {"key": "files/churn.csv"}}


def test_a_file_that_becomes_shorter_is_an_error(form, source):
    def cut(sent, total):
        with source.open("r+b") as file:
            file.truncate(MEGABYTE)

    with pytest.raises(AugerError, match=r"churn\.csv` changed while it was uploaded"):
        send_file(form, source, timeout=5, progress=cut)


def test_a_file_that_grows_is_sent_as_long_as_it_was_and_is_an_error(hub, form, source):
    def grow(sent, total):
        with source.open("ab") as file:
            file.write(b"more")

    with pytest.raises(AugerError, match=r"churn\.csv` changed while it was uploaded"):
        send_file(form, source, timeout=5, progress=grow)
    assert 3 * MEGABYTE < hub.requests[0].size < 3 * MEGABYTE + 1000


def test_progress_tells_every_block_and_ends_with_all_bytes(hub, form, source):
    told = []
    send_file(form, source, timeout=5, progress=lambda sent, total: told.append((sent, total)))
    assert [sent for sent, _ in told] == sorted(sent for sent, _ in told)
    assert len(told) == 4
    size = source.stat().st_size
    assert told[-1] == (size, size), "the file's, without the form around it"
