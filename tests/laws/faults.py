"""What may happen to a request on its way: before the hub acts, and after it did."""

import json
import time
from collections.abc import Mapping

from .server import Asked, Sabotage

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
XML = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>"
A_WHILE = 0.002  # seconds between two bytes of a slow answer


def fail_before(asked: Asked) -> None:
    asked.send(500, json.dumps({"meta": {"errors": [{"message": "oops"}]}}).encode())


def fail_after(asked: Asked) -> None:
    asked.act()
    fail_before(asked)


def close_before(asked: Asked) -> None:
    asked.hang_up()


def close_after(asked: Asked) -> None:
    asked.act()
    asked.hang_up()


def reset_before(asked: Asked) -> None:
    asked.reset()


def reset_after(asked: Asked) -> None:
    asked.act()
    asked.reset()


def silent_before(asked: Asked) -> None:
    asked.wait_for_leave()


def silent_after(asked: Asked) -> None:
    asked.act()
    asked.wait_for_leave()


def truncate(asked: Asked) -> None:
    """Claim more bytes than come."""
    status, body = asked.act()
    asked.send_head(status, len(body) + 100)
    asked.write(body)
    asked.hang_up()


def halve(asked: Asked) -> None:
    """End in the middle of the JSON, and claim that this was all."""
    status, body = asked.act()
    asked.send(status, body[: len(body) // 2])


def garble(asked: Asked) -> None:
    """Answer bytes that are no JSON."""
    status, _ = asked.act()
    asked.send(status, b"\x00\xff{]")


def empty(asked: Asked) -> None:
    """Answer an object that has nothing of what was asked for."""
    status, _ = asked.act()
    asked.send(status, b'{"meta": {"status": 200}, "data": {}}')


def html_before(asked: Asked) -> None:
    asked.send(502, HTML, Content_Type="text/html")


def html_after(asked: Asked) -> None:
    asked.act()
    html_before(asked)


def slow_down(asked: Asked) -> None:
    asked.send(429, XML, Content_Type="application/xml", Retry_After=1)


def drip(asked: Asked) -> None:
    """Answer everything, a byte at a time."""
    status, body = asked.act()
    asked.send_head(status, len(body))
    for number in range(len(body)):
        asked.write(body[number : number + 1])
        time.sleep(A_WHILE if number < 20 else 0)


def drip_for_ever(asked: Asked) -> None:
    """Send a byte now and then, and never the last one."""
    status, _ = asked.act()
    asked.send_head(status, 1_000_000)
    while not asked.server.gone.wait(0.02):
        asked.write(b" ")


def drip_headers(asked: Asked) -> None:
    """Send a byte of the headers now and then, and never the last one."""
    asked.act()
    asked.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not asked.server.gone.wait(0.02):
        asked.write(b"x")


def stale(asked: Asked) -> None:
    """Let reads tell of the world before all this."""
    if asked.is_read:
        asked.send(*asked.act(asked.server.past))
    else:
        asked.answer()


FAULTS: Mapping[str, Sabotage] = {
    fault.__name__: fault
    for fault in (
        *(fail_before, fail_after, close_before, close_after, reset_before, reset_after),
        *(silent_before, silent_after, truncate, halve, garble, empty),
        *(html_before, html_after, slow_down, drip, drip_for_ever, drip_headers, stale),
    )
}
HIDDEN = FAULTS.keys() - {
    "stale",
    "empty",
    "drip_for_ever",
    "drip_headers",
}  # a client that reads again gets over them
SLOW = (
    "silent_before",
    "silent_after",
    "drip_for_ever",
    "drip_headers",
)  # what only a time-out ends
