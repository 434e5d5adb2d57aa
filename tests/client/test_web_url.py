import pytest

from auger_reconcile.web_url import is_loopback, is_web_url, split_web_url


@pytest.mark.parametrize("url", ["http://127.0.0.9", "http://[::1]:1", "http://hub.localhost"])
def test_addresses_of_this_machine_are_loopback(url):
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "https://localhost.example", "http://", "http://[::1", "127.0.0.1"]
)
def test_other_addresses_are_not_loopback(url):
    assert not is_loopback(url)


def test_parts_of_a_url_are_found():
    parts = split_web_url("HTTPS://Hub.example:8080/a%20b.csv?x=1")
    assert parts is not None
    assert (parts.scheme, parts.hostname, parts.port) == ("https", "hub.example", 8080)
    assert parts.path == "/a%20b.csv"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.csv",
        "s3://bucket/a.csv",
        "http:a.csv",
        "http:///a.csv",
        "http://[x/a.csv",
        "https://hub:port/a.csv",
        "https://hub:99999/a.csv",
        "http://two words/a.csv",
        "http://\ud800/a.csv",
        "http://\x00/a.csv",
    ],
)
def test_what_is_no_url_of_the_web_is_none(url):
    assert not is_web_url(url)
