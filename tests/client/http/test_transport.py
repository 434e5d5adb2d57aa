import gc
import gzip
import json
import time
from email.utils import formatdate

import pytest

from auger_reconcile.client.http import transport as module
from auger_reconcile.client.http.connection import NothingSent
from auger_reconcile.client.http.transport import Pace, Transport
from auger_reconcile.errors import HubError, Unavailable
from tests.client.scripted_hub import (
    drip,
    drip_headers,
    hang_up,
    raw,
    refuse,
    reply,
    reset,
    silence,
)

HTML_502 = reply(status="502 Bad Gateway", body=b"<html>oops</html>", content_type="text/html")
BROKEN = [
    pytest.param(reset, id="reset"),
    pytest.param(hang_up, id="hung up"),
    pytest.param(raw(b"nonsense\r\n\r\n", then_close=True), id="no HTTP"),
    pytest.param(
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{}", then_close=True), id="short body"
    ),
    pytest.param(
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", then_close=True),
        id="half a chunk",
    ),
    pytest.param(reply(body=b"no gzip", Content_Encoding="gzip"), id="no gzip"),
]
BAD = [
    HTML_502,
    raw(b"HTTP/1.1 200 OK\r\nContent-Le", then_close=True),
    reply(body=b"{"),
    reply(body=b""),
    reply(body=b"[" * 100_000),
    reply(body=b"\xff\xfe\xfd"),
    refuse("500 Internal Server Error"),
    refuse("503 Service Unavailable"),
    refuse("504 Gateway Timeout"),
    refuse("429 Too Many Requests"),
]
FINAL = ["400 Bad Request", "401 Unauthorized", "404 Not Found", "409 Conflict", "302 Found"]


@pytest.fixture
def transport(hub, stopped_time):
    transport = Transport(hub.url, timeout=5, pace=stopped_time.pace)
    yield transport
    transport.close()


@pytest.mark.parametrize("fault", BROKEN)
def test_a_read_is_repeated_after_a_broken_answer(hub, transport, fault):
    hub.play(fault, reply({"id": 1}))
    assert transport.exchange("GET", "/x", b"{}").document["data"] == {"id": 1}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_is_never_sent_twice_after_a_broken_answer(hub, transport, fault, method):
    hub.play(fault)
    with pytest.raises(Unavailable, match="may have been carried out"):
        transport.exchange(method, "/x", b"{}")
    assert len(hub.requests) == 1


@pytest.mark.parametrize("answer", BAD)
def test_a_read_is_repeated_after_an_answer_that_makes_no_sense(hub, transport, answer):
    hub.play(answer, answer, reply({"id": 1}))
    assert transport.exchange("GET", "/x", b"{}").document["data"] == {"id": 1}


@pytest.mark.parametrize("answer", BAD[:-1])
def test_a_write_is_not_repeated_after_an_answer_that_makes_no_sense(hub, transport, answer):
    hub.play(answer)
    transport.exchange("POST", "/x", b"{}")
    assert len(hub.requests) == 1


@pytest.mark.parametrize("status", FINAL)
def test_an_answer_that_repeating_cannot_better_is_final(hub, transport, status):
    hub.play(refuse(status))
    assert transport.exchange("GET", "/x", b"{}").reason == status
    assert len(hub.requests) == 1


def test_the_retries_end_with_the_last_answer(hub, transport, stopped_time):
    hub.play(HTML_502)
    assert transport.exchange("GET", "/x", b"{}").status == 502
    assert len(hub.requests) == 5
    assert stopped_time.sleeps == [0.25, 0.5, 1.0, 2.0]


def test_chance_shortens_a_pause_by_half_at_most():
    assert Pace(chance=lambda: 0.0).backoff(3) == 0.5
    assert Pace(chance=lambda: 1.0).backoff(3) == 1.0
    assert Pace(chance=lambda: 1.0).backoff(50) == 10.0


def test_the_hub_may_ask_for_a_longer_pause(hub, transport, stopped_time):
    hub.play(refuse("429 Too Many Requests", Retry_After=7), reply({}))
    transport.exchange("GET", "/x", b"{}")
    assert stopped_time.sleeps == [7.0]


def test_a_write_that_was_not_carried_out_is_sent_again(hub, transport, stopped_time):
    hub.play(refuse("429 Too Many Requests", Retry_After=3), reply({}))
    assert transport.exchange("POST", "/x", b"{}").is_success
    assert stopped_time.sleeps == [3.0]


def test_a_hub_that_stays_too_busy_for_a_write_is_given_up(hub, transport):
    hub.play(*[refuse("429 Too Many Requests")] * 5)
    assert transport.exchange("POST", "/x", b"{}").status == 429
    assert len(hub.requests) == 5


def test_a_pause_longer_than_the_time_left_is_not_waited_for(hub, transport, stopped_time):
    hub.play(refuse("503 Service Unavailable", Retry_After=3600))
    assert transport.exchange("GET", "/x", b"{}").status == 503
    assert stopped_time.sleeps == []


@pytest.mark.parametrize("value", ["soon", "-5", formatdate(0, usegmt=True)])
def test_a_pause_that_makes_no_sense_is_ignored(hub, transport, stopped_time, value):
    hub.play(refuse("429 Too Many Requests", Retry_After=value), reply({}))
    transport.exchange("GET", "/x", b"{}")
    assert stopped_time.sleeps == [0.25]


def test_a_write_is_repeated_when_no_connection_came_about(hub, transport, stopped_time):
    hub.close()
    with pytest.raises(NothingSent, match=r"cannot connect to 127\.0\.0\.1.*nothing was sent"):
        transport.exchange("POST", "/x", b"{}")
    assert len(stopped_time.sleeps) == 4


def test_a_read_that_finds_nobody_says_so_without_speaking_of_what_was_done(hub, transport):
    hub.close()
    with pytest.raises(Unavailable) as caught:
        transport.exchange("GET", "/api/v1/x", b"{}")
    assert str(caught.value).startswith("cannot connect to 127.0.0.1:")
    assert "sent" not in str(caught.value)
    assert caught.value.request == "GET /api/v1/x"


def test_silence_ends_with_the_timeout(hub):
    hub.play(silence)
    transport = Transport(hub.url, timeout=0.1, retries=0)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:\d+ did not answer in time"):
        transport.exchange("GET", "/x", b"{}")
    transport.close()


def test_an_answer_that_drips_for_ever_ends_with_the_deadline(hub):
    hub.play(drip)
    transport = Transport(hub.url, timeout=0.1)
    with pytest.raises(Unavailable, match=r"longer than 0\.4 s to answer; the request may have"):
        transport.exchange("PATCH", "/x", b"{}")
    transport.close()


def test_headers_that_drip_for_ever_end_with_the_timeout(hub):
    hub.play(drip_headers)
    transport = Transport(hub.url, timeout=0.2, retries=0)
    began = time.monotonic()
    with pytest.raises(Unavailable, match=r"did not answer in time"):
        transport.exchange("GET", "/x", b"{}")
    assert time.monotonic() - began < 2
    transport.close()


def test_headers_that_come_slowly_and_in_pieces_are_read(hub):
    def send_slowly(connection, received):
        for piece in (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.",
            b"1 200 OK\r",
            b"\nX: a\r\n",
            b"\r\n",
        ):
            connection.sendall(piece)
            time.sleep(0.02)
        connection.sendall(b"{}")
        hang_up(connection, received)

    hub.play(send_slowly)
    transport = Transport(hub.url, timeout=5, retries=0)
    answer = transport.exchange("GET", "/x", b"{}")
    assert (answer.status, answer.headers["X"], answer.body) == (200, "a", b"{}")
    transport.close()


def test_all_attempts_together_end_with_the_deadline(hub, stopped_time):
    hub.play(HTML_502)
    transport = Transport(hub.url, timeout=5, retries=99, pace=stopped_time.pace)
    assert transport.exchange("GET", "/x", b"{}").status == 502
    assert sum(stopped_time.sleeps) == 0.25 + 0.5 + 1 + 2 + 4 + 8  # 10 more would pass 20
    transport.close()


def test_a_body_beyond_the_limit_is_refused(hub, transport, monkeypatch):
    monkeypatch.setattr(module, "BODY_LIMIT", 2**20)
    hub.play(reply(body=b" " * (2**20 + 1)))
    with pytest.raises(HubError, match="more than 1 MB"):
        transport.exchange("GET", "/x", b"{}")


def test_a_small_body_that_unpacks_beyond_the_limit_is_refused(hub, transport, monkeypatch):
    monkeypatch.setattr(module, "BODY_LIMIT", 2**20)
    bomb = gzip.compress(b" " * 50 * 2**20)
    hub.play(reply(body=bomb, Content_Encoding="gzip"))
    with pytest.raises(HubError, match="more than 1 MB"):
        transport.exchange("GET", "/x", b"{}")


def test_a_packed_body_is_unpacked(hub, transport):
    body = gzip.compress(json.dumps({"data": [1]}).encode())
    hub.play(reply(body=body, Content_Encoding="gzip"))
    assert transport.exchange("GET", "/x", b"{}").document == {"data": [1]}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirects_are_not_followed(hub, transport, method):
    hub.play(refuse("302 Found", Location=f"{hub.url}/elsewhere"))
    assert transport.exchange(method, "/x", b"{}").status == 302
    assert [item.path for item in hub.requests] == ["/x"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_every_method_carries_a_json_body(hub, transport, method):
    transport.exchange(method, "/x", b'{"a": 1}')
    received = hub.requests[0]
    assert (received.method, received.json) == (method, {"a": 1})
    assert received.headers["content-type"] == "application/json"


def test_connections_are_kept_open(hub, transport):
    for _ in range(20):
        transport.exchange("GET", "/x", b"{}")
    assert hub.connections == 1


def test_every_attempt_is_reported(hub, stopped_time):
    hub.play(hang_up, HTML_502, reply({}))
    seen = []
    transport = Transport(hub.url, pace=stopped_time.pace, on_exchange=seen.append)
    transport.exchange("GET", "/x", b"{}")
    transport.close()
    assert [(item.attempt, item.status) for item in seen] == [(1, None), (2, 502), (3, 200)]
    assert {(item.method, item.path) for item in seen} == {("GET", "/x")}


def test_closing_leaves_no_connection_open_even_after_a_fault(hub, stopped_time):
    hub.play(reset, reply({}))
    transport = Transport(hub.url, pace=stopped_time.pace)
    gc.disable()  # it would close them some day
    try:
        transport.exchange("GET", "/x", b"{}")
        transport.close()
        assert hub.is_left()
    finally:
        gc.enable()
