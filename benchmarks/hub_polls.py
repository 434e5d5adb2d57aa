"""Poll statuses from a process of its own, as many clients with kept connections would."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from urllib.parse import urlsplit

from benchmarks.measure import tell


def main(url: str, token: str, kind: str, object_id: str, *numbers: str) -> None:
    """Poll `connections` at once for `seconds`, each again after `pause` seconds; tell the cost."""
    connections, seconds, pause = int(numbers[0]), float(numbers[1]), float(numbers[2])
    body = json.dumps({"object": kind, "id": object_id, "token": token}).encode()
    host = urlsplit(url).netloc
    head = f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    taken = asyncio.run(_poll_all(url, request, connections, seconds, pause))
    times = sorted(taken)
    tell(
        rate=len(times) / seconds,
        median=statistics.median(times),
        p99=times[int(len(times) * 0.99)],
        worst=times[-1],
    )


async def _poll_all(
    url: str, request: bytes, connections: int, seconds: float, pause: float
) -> list[float]:
    ends = time.perf_counter() + seconds
    polls = (_poll(url, request, ends, pause) for _ in range(connections))
    return [one for taken in await asyncio.gather(*polls) for one in taken]


async def _poll(url: str, request: bytes, ends: float, pause: float) -> list[float]:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    taken = []
    while (began := time.perf_counter()) < ends:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        size = int(head.lower().partition(b"content-length:")[2].split()[0])
        await reader.readexactly(size)
        taken.append(time.perf_counter() - began)
        if pause:
            await asyncio.sleep(pause)
    writer.close()
    return taken
