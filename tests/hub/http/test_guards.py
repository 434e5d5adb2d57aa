"""What is too long, too deep or for somebody else is refused before any route sees it."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests

from auger_hub.http.connections import MOST_HEAD_BYTES
from auger_hub.http.contract import MOST_LIMIT
from auger_hub.http.guards import is_own_name
from auger_hub.http.params import KEY
from auger_hub.program.route_table import ROUTES
from tests.hub.client import Client

START = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


def send(hub: Client, *parts: bytes, again: int = 1) -> bytes:
    """Send the first part once, the second again and again, then the others; return the answer."""
    place = urlsplit(hub.url)
    first, middle, *rest = parts
    with socket.create_connection((place.hostname, place.port), timeout=10) as line:
        try:
            line.sendall(first)
            for _ in range(again):
                line.sendall(middle)
            line.sendall(b"".join(rest))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was told before all was sent
        try:
            return line.recv(4096)
        except ConnectionResetError:
            return b""


def was_cut(answer: bytes) -> bool:
    return answer in (b"",) or answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("start", "more", "end"),
    [
        (START + b"A: ", b"x" * 65536, b"\r\n\r\n"),
        (START, b"".join(b"A%d: x\r\n" % n for n in range(5000)), b"\r\n"),
        (b"GET /health?a=", b"x" * 65536, b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (CHUNKED + b"0\r\nA: ", b"x" * 65536, b"\r\n\r\n"),
    ],
    ids=["header", "headers", "query", "trailer"],
)
def test_a_head_without_end_is_cut(hub: Client, start: bytes, more: bytes, end: bytes) -> None:
    assert was_cut(send(hub, start, more, end, again=64))


def test_a_long_but_honest_head_is_read(hub: Client) -> None:
    assert send(hub, START + b"A: ", b"x" * 60_000, b"\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_many_requests_of_one_connection_are_no_long_head(hub: Client) -> None:
    with requests.Session() as session:
        long = {"X-Long": "x" * 50_000}
        for _ in range(2 * MOST_HEAD_BYTES // 50_000):
            assert session.get(f"{hub.url}/health", headers=long, timeout=10).status_code == 200


def test_a_body_is_no_head_however_it_is_sent(hub: Client) -> None:
    pieces = (b" " * 1000 for _ in range(2 * MOST_HEAD_BYTES // 1000))
    answer = requests.post(f"{hub.url}/api/v1/projects", data=pieces, timeout=10)
    assert answer.status_code == 401


@pytest.mark.parametrize("depth", [10, 300, 500, 700, 900, 1100, 5000, 200_000])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("inner", ["1", '"\\u00e9"'])
def test_a_body_of_any_depth_has_an_answer(
    hub: Client, depth: int, left: str, right: str, inner: str
) -> None:
    value = left * depth + inner + right * depth
    body = f'{{"token": {json.dumps(hub.token)}, "name": {value}}}'
    answer = requests.post(f"{hub.url}/api/v1/projects", data=body, timeout=30)
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["evil.example", "hub.evil.com:80", "127.0.0.1.evil.com", "a.b."])
def test_a_name_that_somebody_else_owns_is_not_answered(hub: Client, name: str) -> None:
    for path in ("/health", "/log-in", "/api/v1/projects"):
        answer = requests.get(hub.url + path, headers={"Host": name}, timeout=10)
        assert answer.status_code == 421


@pytest.mark.parametrize(
    "name",
    [
        *("127.0.0.1", "127.0.0.1:80", "[::1]:80", "[::1]", "localhost:1", "LOCALHOST", "machine"),
        *("app.localhost", "host.docker.internal:8000", "192.168.0.7", ""),
    ],
)
def test_a_name_of_this_machine_is_its_own(name: str) -> None:
    assert is_own_name(name)


def test_no_other_site_may_read_an_answer(hub: Client) -> None:
    origin = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET", "POST"):
        answer = requests.request(method, f"{hub.url}/api/v1/projects", headers=origin, timeout=10)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/bucket/..%5c..%5cx",
        "/a%00b/c",
        "/assets/../routes.py",
        "/assets/%2e%2e%2froutes.py",
    ],
)
def test_no_path_leads_to_a_file_that_was_not_signed(hub: Client, path: str) -> None:
    answer = send(hub, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n", b"\r\n")
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 404"))


@pytest.mark.parametrize(
    ("limit", "offset", "status"),
    [
        *((-1, 0, 400), (0, -1, 400), (2**31, 0, 400), (0, 2**63, 400), ("1e9", 0, 400)),
        *((2**31 - 1, 2**31 - 1, 200), (0, 0, 200)),
    ],
)
def test_a_page_of_any_size_has_an_answer(
    hub: Client, limit: object, offset: object, status: int
) -> None:
    assert hub.call("GET", "/projects", limit=limit, offset=offset).status == status


def test_a_page_has_an_end_however_many_are_asked_for(hub: Client) -> None:
    answer = hub.call("GET", "/projects", limit=10**6)
    assert answer.body["meta"]["pagination"]["limit"] == MOST_LIMIT


LISTS = [
    (route.path, param.name)
    for route in ROUTES
    if route.method == "GET"
    for param in route.takes
    if param.kind is KEY
]


@pytest.mark.parametrize("number", [-(10**30), 10**30, -(2**63) - 1, "-" + "1" * 30, -1e300])
def test_an_id_that_no_row_can_have_is_refused(hub: Client, number: object) -> None:
    statuses = {
        hub.call("GET", re.sub(r"{\w+}", "1", path), **{name: number}).status
        for path, name in LISTS
    }
    assert statuses <= {400, 404}
