"""Nobody holds a connection for nothing, whatever is sent or not sent over it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from auger_hub.http import connections
from auger_hub.http.connections import BoundedHttp, Connections
from tests.hub.client import wait_until

pytestmark = pytest.mark.process

HEAD = b"GET /health HTTP/1.1\r\nHost: h\r\n"
BODY = b"POST /take HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"


async def health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def take(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        return Response()


async def give(_: Request) -> Response:
    return StreamingResponse(b"x" * 65536 for _ in range(1000))


Open = Callable[..., socket.socket]


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a connection to a server that has room for six, five of an address, and send over it."""
    for name, seconds in (("HEAD", 1.5), ("RATE", 3.0), ("LOOK", 0.1), ("STALLED", 1.0)):
        shown = name if name in ("HEAD", "RATE") else f"_{name}"
        monkeypatch.setattr(connections, f"{shown}_SECONDS", seconds)
    monkeypatch.setattr(
        BoundedHttp, "connections_of_server", Connections(most=6, most_of_address=5, spare=2)
    )
    routes = [
        Route("/health", health),
        Route("/take", take, methods=["POST"]),
        Route("/give", give),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), http=BoundedHttp, ws="none", log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    serving.start()
    with ExitStack() as stack:

        def reach(sent: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
            line = socket.create_connection(listener.getsockname(), 10, (source, 0))
            stack.enter_context(closing(line))
            line.sendall(sent)
            return line

        yield reach
    server.should_exit = True
    serving.join(20)


def is_ended(line: socket.socket, within: float) -> bool:
    """Say whether the server ends the connection, having said nothing or that it was too slow."""
    line.settimeout(within)
    try:
        told = line.recv(4096)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return told == b"" or told.startswith(b"HTTP/1.1 408")


def answer_to(line: socket.socket, sent: bytes) -> bytes:
    line.sendall(sent)
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2]:
        part = line.recv(4096)
        if not part:
            break
        answer += part
    return answer


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"G", id="a letter", marks=pytest.mark.slow),
        pytest.param(HEAD, id="half a head", marks=pytest.mark.slow),
    ],
)
def test_a_head_that_does_not_come_ends_the_connection(reach: Open, sent: bytes) -> None:
    assert is_ended(reach(sent), 5)


@pytest.mark.slow
def test_a_head_that_comes_letter_by_letter_has_an_end(reach: Open) -> None:
    line = reach()
    began = time.monotonic()
    with pytest.raises(OSError, match=r".*"):  # noqa: PT012 - whichever letter is refused
        while time.monotonic() - began < 8:
            line.sendall(b"A")
            time.sleep(0.1)
    assert time.monotonic() - began < 8


def test_a_body_that_stalls_is_ended(reach: Open) -> None:
    assert is_ended(reach(BODY + b"x" * 100), 9)


@pytest.mark.slow
def test_a_body_that_keeps_coming_is_taken_however_long_it_takes(reach: Open) -> None:
    line = reach(BODY.replace(b"1000000", b"8000"))
    for _ in range(8):
        line.sendall(b"x" * 1000)
        time.sleep(0.6)
    assert answer_to(line, b"").endswith(b"8000")


@pytest.mark.slow
def test_an_answer_that_nobody_takes_is_ended(reach: Open) -> None:
    reach(b"GET /give HTTP/1.1\r\nHost: h\r\n\r\n")
    held = BoundedHttp.connections_of_server
    assert wait_until(lambda: held.count == 1, 5)
    assert wait_until(lambda: held.count == 0, 15)


def test_idle_connections_make_room_for_a_request(reach: Open) -> None:
    idle = [reach(HEAD) for _ in range(12)]
    assert answer_to(reach(), HEAD + b"\r\n").startswith(b"HTTP/1.1 200")
    assert BoundedHttp.connections_of_server.count <= 8
    assert is_ended(idle[0], 1)


SMALL = BODY.replace(b"1000000", b"6")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody ended for being slow."""
    for name in ("HEAD_SECONDS", "RATE_SECONDS", "_STALLED_SECONDS"):
        monkeypatch.setattr(connections, name, 60.0)


def are_at_work(*of_addresses: int) -> bool:
    of = BoundedHttp.connections_of_server.working.of
    return wait_until(lambda: sorted(map(len, of.values())) == sorted(of_addresses))


def test_stalled_bodies_make_room_for_a_request(reach: Open) -> None:
    for _ in range(5):
        reach(BODY)
    time.sleep(1.5)
    assert answer_to(reach(), SMALL + b"abcdef").startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("patient")
def test_connections_that_are_at_work_are_not_ended_for_another_of_their_address(
    reach: Open,
) -> None:
    busy = [reach(SMALL + b"abc") for _ in range(5)]
    assert are_at_work(5)
    assert answer_to(reach(), SMALL).startswith(b"HTTP/1.1 503")
    assert [answer_to(line, b"def")[-1:] for line in busy] == [b"6"] * 5


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("attackers", [["127.0.0.1"], ["127.0.0.3", "127.0.0.4"]])
def test_those_who_hold_most_places_keep_out_nobody(reach: Open, attackers: list[str]) -> None:
    for _ in range(10):
        for address in attackers:
            reach(BODY + b"x", address)
    assert are_at_work(*([5] if len(attackers) == 1 else [3, 3]))
    for address in ("127.0.0.9", "127.0.0.10"):
        assert answer_to(reach(b"", address), SMALL + b"abcdef").startswith(b"HTTP/1.1 200")
    for address in (*attackers, "127.0.0.9"):
        assert answer_to(reach(b"", address), HEAD + b"\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("patient")
def test_what_is_refused_holds_no_place(reach: Open) -> None:
    for _ in range(5):
        reach(BODY + b"x")
    assert are_at_work(5)
    for _ in range(20):
        reach(BODY + b"x")
    other = reach(SMALL, "127.0.0.9")
    assert answer_to(other, b"abcdef").startswith(b"HTTP/1.1 200")
    assert wait_until(lambda: BoundedHttp.connections_of_server.count <= 6)


@pytest.mark.usefixtures("patient")
def test_behind_a_proxy_clients_are_told_apart(reach: Open) -> None:
    def of(address: bytes, sent: bytes) -> bytes:
        return sent.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: " + address + b"\r\n\r\n")

    for _ in range(8):
        reach(of(b"203.0.113.1", BODY) + b"x")
    assert are_at_work(5)
    line = reach()
    for _ in range(2):
        answer = answer_to(line, of(b"203.0.113.2", SMALL) + b"abcdef")
        assert answer.startswith(b"HTTP/1.1 200")
    assert answer_to(reach(), of(b"203.0.113.1", SMALL)).startswith(b"HTTP/1.1 503")
    not_believed = reach(b"", "127.0.0.9")
    assert answer_to(not_believed, of(b"203.0.113.1", SMALL) + b"abcdef").startswith(
        b"HTTP/1.1 200"
    )


def test_requests_over_one_connection_go_on(reach: Open) -> None:
    line = reach()
    for _ in range(5):
        assert answer_to(line, HEAD + b"\r\n").startswith(b"HTTP/1.1 200")
        time.sleep(0.4)
