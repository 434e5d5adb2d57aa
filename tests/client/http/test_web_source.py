"""What a URL serves is told from what was read from it before."""

import hashlib

import pytest

from auger_reconcile.client.http.web_source import read_content
from auger_reconcile.errors import HubError, Unavailable
from tests.client.scripted_hub import hang_up, reply

CSV = b"a,b\n1,2\n"
READ = (hashlib.sha256(CSV).hexdigest(), len(CSV))


def test_the_bytes_are_what_counts(hub):
    hub.play(reply(body=CSV))
    assert read_content(f"{hub.url}/d.csv#/d-1.csv") == READ
    assert hub.requests[0].path == "/d.csv"
    assert hub.requests[0].headers["accept-encoding"] == "identity"


def test_a_server_that_knows_the_etag_sends_nothing(hub):
    hub.play(reply(status="304 Not Modified", body=b""))
    assert read_content(f"{hub.url}/d.csv", etag='"7f"') is None
    assert hub.requests[0].headers["if-none-match"] == '"7f"'


def test_an_etag_of_what_means_the_same_is_not_asked_for(hub):
    hub.play(reply(body=CSV))
    assert read_content(f"{hub.url}/d.csv", etag='W/"7f"') == READ
    assert "if-none-match" not in hub.requests[0].headers


def test_user_and_password_are_shown_to_the_server_and_in_no_error(hub):
    hub.play(reply(status="403 Forbidden", body=b""))
    url = hub.url.replace("//", "//anna:s3cret@")
    with pytest.raises(HubError) as caught:
        read_content(f"{url}/d.csv?key=s3cret")
    assert str(caught.value).startswith("127.0.0.1 answered 403")
    assert "s3cret" not in str(caught.value)
    assert hub.requests[0].headers["authorization"].startswith("Basic ")


def test_a_server_that_hangs_up_is_an_ordinary_error(hub):
    hub.play(hang_up)
    with pytest.raises(Unavailable):
        read_content(f"{hub.url}/d.csv")
