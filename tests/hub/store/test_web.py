"""The hub downloads what users name, and lends nobody its place in the network."""

from __future__ import annotations

import contextlib
import http.server
import io
import socket
import ssl
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auger_hub.settings import PRIVATE, PUBLIC, HubSettings
from auger_hub.store import web
from auger_hub.store.local import Storage
from auger_hub.store.sources import SourceMissing, fetch_source, is_remote
from auger_hub.store.web import download, is_allowed

CONTENT = b"a,b\n1,2\n"


class Site(http.server.BaseHTTPRequestHandler):
    """Serves a table, redirects to wherever it is told, and stops in the middle."""

    asked: list[str] = []  # noqa: RUF012 - of all requests of a test
    allowed: list[str | None] = []  # noqa: RUF012 - what they showed

    def do_GET(self) -> None:
        """Answer by the path."""
        self.asked.append(self.path)
        self.allowed.append(self.headers.get("Authorization"))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        if self.path == "/slow.csv":
            self._trickle()
            return
        missing = 100 if self.path == "/torn.csv" else 0
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) + missing))
        self.end_headers()
        self.wfile.write(CONTENT)

    def _trickle(self) -> None:
        """Send a byte now and then, already in the head, until nobody listens any more."""
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
            while True:
                self.wfile.write(b"a")
                time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.asked, Site.allowed = [], []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def own(tmp_path: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    return settings


@pytest.fixture
def shared(own: HubSettings) -> HubSettings:
    return replace(own, host="0.0.0.0")


def get(url: str, settings: HubSettings) -> bytes:
    target = io.BytesIO()
    download(url, target, settings)
    return target.getvalue()


def test_a_team_may_let_its_hub_ask_its_own_network(site: str, shared: HubSettings) -> None:
    assert get(f"{site}/t.csv", replace(shared, sources=PRIVATE)) == CONTENT


def test_ones_own_hub_may_be_held_to_the_public(site: str, own: HubSettings) -> None:
    with pytest.raises(SourceMissing, match="no such address"):
        get(f"{site}/t.csv", replace(own, sources=PUBLIC))


def test_ones_own_hub_may_ask_this_machine(site: str, own: HubSettings) -> None:
    assert get(f"{site}/t.csv", own) == CONTENT
    assert get(f"{site}/to/{site}/t.csv", own) == CONTENT


def test_user_and_password_of_an_address_are_shown_to_its_host_alone(
    site: str, own: HubSettings
) -> None:
    with_user = site.replace("http://", "http://anna:p%40ss@")
    elsewhere = site.replace("127.0.0.1", "localhost")
    assert get(f"{with_user}/t.csv", own) == CONTENT
    assert get(f"{with_user}/to/{elsewhere}/t.csv", own) == CONTENT
    shown = f"Basic {b64encode(b'anna:p@ss').decode()}"
    assert Site.allowed == [shown, shown, None]


def test_a_shared_hub_asks_no_address_of_its_own_network(site: str, shared: HubSettings) -> None:
    with pytest.raises(SourceMissing, match="no such address"):
        get(f"{site}/t.csv", shared)
    assert Site.asked == []


def test_a_hub_behind_a_proxy_is_a_shared_one(site: str, own: HubSettings) -> None:
    with pytest.raises(SourceMissing, match="no such address"):
        get(f"{site}/t.csv", replace(own, proxy="127.0.0.1"))


def test_children_know_who_reaches_the_hub(
    shared: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shared.to_environment().items():
        monkeypatch.setenv(name, value)
    assert not HubSettings.from_environment().is_personal


@pytest.mark.parametrize(
    "written", ["localhost", "2130706433", "0x7f000001", "0177.0.0.1", "%31%32%37.0.0.1", "127.1"]
)
def test_other_ways_to_write_an_address_lead_to_the_same_refusal(
    site: str, shared: HubSettings, written: str
) -> None:
    with pytest.raises(SourceMissing):
        get(site.replace("127.0.0.1", written) + "/t.csv", shared)
    assert Site.asked == []


def test_a_redirect_is_held_to_the_same_rule(
    site: str, shared: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site stands for a public one; it redirects to this machine by another name."""
    monkeypatch.setattr(
        web, "is_allowed", lambda place, *, private: place != "127.0.0.2" and not private
    )
    assert get(f"{site}/t.csv", shared) == CONTENT
    inside = site.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(SourceMissing, match="no such address"):
        get(f"{site}/to/{inside}/t.csv", shared)


def test_a_name_is_asked_once_so_that_it_cannot_change(
    site: str, shared: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["198.51.100.7", "127.0.0.1"])
    reached = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (next(answers) if host == "rebound.example" else host, port))]

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(web, "is_allowed", lambda place, *, private: place != "127.0.0.1")
    with pytest.raises(SourceMissing):
        get(site.replace("127.0.0.1", "rebound.example"), shared)
    assert reached == ["198.51.100.7"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,a"])
def test_no_redirect_leads_to_another_protocol(site: str, own: HubSettings, target: str) -> None:
    with pytest.raises(SourceMissing):
        get(f"{site}/to/{target}", own)


@pytest.mark.parametrize(
    "place",
    [
        *("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "224.0.0.1"),
        *("64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1"),
        *("::169.254.169.254", "::ffff:0:169.254.169.254"),
    ],
)
def test_where_clouds_keep_credentials_is_never_asked(place: str) -> None:
    assert not is_allowed(place, private=True)
    assert not is_allowed(place, private=False)


@pytest.mark.parametrize(
    "place",
    [
        *("10.0.0.1", "192.168.1.1", "172.16.0.1", "::1", "fd00:ec2::254", "0.0.0.0"),
        *("100.100.100.200", "168.63.129.16", "192.0.0.192", "fec0::1", "::127.0.0.1"),
        *("64:ff9b::127.0.0.1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a00:1::1"),
        *("::ffff:0:127.0.0.1", "::ffff:10.0.0.1", "::ffff:168.63.129.16", "::8.8.8.8"),
    ],
)
def test_neighbours_are_asked_by_ones_own_hub_only(place: str) -> None:
    assert is_allowed(place, private=True)
    assert not is_allowed(place, private=False)


def test_public_addresses_are_asked_by_every_hub() -> None:
    assert is_allowed("93.184.215.14", private=False)
    assert is_allowed("2606:2800:21f:cb07:6820:80da:af6b:8b2c", private=False)
    assert is_allowed("64:ff9b::93.184.215.14", private=False)
    assert is_allowed("::ffff:93.184.215.14", private=False)


def test_a_download_that_stops_early_is_no_data(site: str, own: HubSettings) -> None:
    with pytest.raises(SourceMissing, match="100 bytes early"):
        get(f"{site}/torn.csv", own)


def test_a_download_has_a_largest_size(
    site: str, own: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "MAX_UPLOAD_BYTES", 3)
    with pytest.raises(SourceMissing, match="more than 3 bytes"):
        get(f"{site}/t.csv", own)


def test_a_server_that_only_holds_a_place_is_refused(
    site: str, own: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_RATE_SECONDS", 0.2)
    with pytest.raises(SourceMissing, match="it sends fewer than 1000 bytes a second"):
        get(f"{site}/slow.csv", own)
    assert get(f"{site}/t.csv", own) == CONTENT


@pytest.mark.parametrize("path", ["..", "%2e%2e", "a%00b", "x" * 500 + ".csv", ".", "", "a\\b"])
def test_the_name_in_an_address_is_no_path(site: str, own: HubSettings, path: str) -> None:
    before = sorted(own.home.rglob("*"))
    with fetch_source(Storage(own.files_folder), "b", f"{site}/{path}", own) as found:
        assert found.parent.parent == Path(tempfile.gettempdir())
        assert found.read_bytes() == CONTENT
    assert sorted(own.home.rglob("*")) == before


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/y", "gopher://x", "http:/x", "s3://b/k"]
)
def test_only_the_web_is_remote(url: str) -> None:
    assert not is_remote(url)


@pytest.mark.parametrize("url", ["http://[", "https://x:port/", "http://"])
def test_an_address_that_is_none_is_said_so(own: HubSettings, url: str) -> None:
    storage = Storage(own.files_folder)
    with pytest.raises(SourceMissing), fetch_source(storage, "b", url, own):
        pass


def test_certificates_that_the_environment_names_are_trusted(
    tmp_path: Path, own: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = Path(__file__).parents[2] / "client" / "self_signed.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    url = f"https://localhost:{server.server_port}/x.csv"
    try:
        with pytest.raises(SourceMissing, match="CERTIFICATE_VERIFY_FAILED"):
            get(url, own)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        assert get(url, own) == CONTENT
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
