from pathlib import Path

import pytest
import requests

from auger_reconcile.client.http.connection import (
    NothingSent,
    NotTrusted,
    guard_call,
    normalise_url,
    open_session,
    translate_fault,
)
from auger_reconcile.errors import AugerError, Unavailable

CERTIFICATE = Path(__file__).parent.with_name("self_signed.pem")


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://app.auger.ai", "https://app.auger.ai"),
        ("https://app.auger.ai/", "https://app.auger.ai"),
        (" http://127.0.0.1:8080/api/v1/ ", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_url_of_a_hub_is_the_root_of_its_host(url, root):
    assert normalise_url(url) == root


@pytest.mark.parametrize(
    "url",
    [
        "app.auger.ai",
        "",
        "ftp://app.auger.ai",
        "https://",
        "https://proxy.example/auger",
        "https://app.auger.ai/?x=1",
        "https://app.auger.ai/#x",
        "https://[app.auger.ai",
        "https://app.auger.ai:x",
        "https://app.auger.ai:99999",
    ],
)
def test_any_other_url_is_refused(url):
    with pytest.raises(AugerError, match="the URL of the hub"):
        normalise_url(url)


def test_a_password_in_the_url_is_refused_and_not_repeated():
    with pytest.raises(AugerError) as caught:
        normalise_url("https://me:S3CRET@app.auger.ai")
    assert "S3CRET" not in f"{caught.value} {caught.value.hint}"


def test_loopback_is_reached_without_the_proxy_of_the_environment(hub, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with open_session(hub.url) as session:
        assert session.get(hub.url).status_code == 200


def test_other_hosts_are_reached_through_the_proxy_of_the_environment(hub, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with open_session("http://hub.example") as session:
        session.get("http://hub.example/x")
    assert hub.requests[0].path == "http://hub.example/x"


def test_the_password_of_netrc_is_not_sent(hub, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with open_session(hub.url) as session:
        session.get(hub.url)
    assert "authorization" not in hub.requests[0].headers


def test_cookies_are_not_kept(hub):
    from tests.client.scripted_hub import reply

    hub.play(reply({}, Set_Cookie="a=b"))
    with open_session(hub.url) as session:
        session.get(hub.url)
        session.get(hub.url)
    assert "cookie" not in hub.requests[1].headers


def test_a_fault_keeps_nothing_of_the_libraries_text():
    def call():
        raise requests.ConnectionError("POST https://x/?signature=S3CRET body {'token': 'S3CRET'}")

    with pytest.raises(Unavailable) as caught:
        guard_call(call, request="POST /api/v1/projects", url="https://app.auger.ai")
    assert "S3CRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_proxy_that_refuses_is_named_as_the_reason():
    fault = requests.exceptions.ProxyError("cannot connect")
    found = translate_fault(fault, request="GET /x", url="https://app.auger.ai")
    assert isinstance(found, NothingSent)
    assert "proxy" in str(found)


def test_an_unknown_certificate_is_not_trusted(self_signed_hub):
    with open_session(self_signed_hub) as session, pytest.raises(NotTrusted) as caught:
        guard_call(lambda: session.get(self_signed_hub), request="GET /x", url=self_signed_hub)
    assert "certificate" in str(caught.value)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_named_by_the_environment_are_trusted_on_this_machine_too(
    self_signed_hub, monkeypatch, name
):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(CERTIFICATE))
    with open_session(self_signed_hub) as session:
        assert session.verify == str(CERTIFICATE)
