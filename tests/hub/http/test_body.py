"""Bodies are bounded, and nobody is made to parse a long one for a stranger."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import requests
from starlette.requests import Request

from auger_hub.http import body as body_module
from auger_hub.http.body import (
    MOST_BYTES,
    MOST_DATA_BYTES,
    SMALL_BYTES,
    Bodies,
    Sent,
    TooManyBodies,
    most_bytes,
    parse_body,
)
from auger_hub.http.contract import ApiError
from auger_hub.program.route_table import ROUTES
from tests.hub.client import Client

LONG = "x" * (2 * SMALL_BYTES)


def post(hub: Client, path: str, body: bytes, **options: Any) -> requests.Response:
    return requests.post(f"{hub.url}/api/v1{path}", data=body, timeout=30, **options)


def tokens(text: str) -> list[str]:
    return list(Sent({}, {}, text.encode()).possible_tokens())


async def take(bodies: Bodies, most: int, *chunks: bytes) -> int:
    """Return how many bytes were taken."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    left = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(left)

    scope = {"type": "http", "query_string": b"", "headers": [], "path_params": {}}
    async with bodies.take(Request(scope, receive), most) as sent:
        return len(sent.body)


def test_only_routes_that_carry_data_take_a_long_body() -> None:
    long = {
        f"{route.method} {route.path}" for route in ROUTES if most_bytes(route) == MOST_DATA_BYTES
    }
    assert long >= {
        "POST /predictions",
        "POST /prediction_groups",
        "POST /endpoints/{endpoint_id}/predictions",
        "POST /actuals",
        "POST /endpoints/{endpoint_id}/actuals",
        "POST /experiment_sessions",
        "PATCH /experiment_sessions/{id}",
        "POST /dataset_manifests",
    }
    assert not long & {"POST /projects", "POST /experiments", "GET /status"}


def test_a_long_body_is_refused_where_no_data_is_expected(hub: Client) -> None:
    body = json.dumps({"token": hub.token, "name": "x" * MOST_BYTES})
    answer = post(hub, "/projects", body.encode())
    assert answer.status_code == 400
    assert answer.json()["meta"]["errors"] == [
        {
            "error_type": "invalid_param",
            "error_param": "body",
            "message": f"is too large, at most {MOST_BYTES} bytes are taken",
        }
    ]


@pytest.mark.parametrize("body", [f'{{"token": "wrong", {LONG}', LONG], ids=["wrong", "none"])
def test_a_long_body_without_a_good_token_is_not_parsed(hub: Client, body: str) -> None:
    answer = post(hub, "/predictions", body.encode())
    assert answer.status_code == 401
    assert answer.json()["meta"]["errors"][0]["message"] == "User should be logged in"


def test_a_long_body_with_a_good_token_is_parsed(hub: Client) -> None:
    body = f'{{"token": "{hub.token}", {LONG}'
    assert post(hub, "/predictions", body.encode()).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        '{"token": "%s", "records": [{"token": "a"}, "%s"]}',
        '{"system_token" : "%s", "records": [{"token": "a"}, "%s"]}',
        '{"records": [{"token": "a"}], "token":"%s", "x": "%s"}',
    ],
)
def test_the_token_of_a_long_body_is_found_wherever_it_is(hub: Client, body: str) -> None:
    answer = post(hub, "/predictions", (body % (hub.token, LONG)).encode())
    assert answer.json()["meta"]["errors"][0]["error_param"] == "pipeline_id"


def test_the_token_of_a_long_body_may_be_in_the_url_or_the_head(hub: Client) -> None:
    body = json.dumps({"records": [LONG]}).encode()
    for place in (
        {"params": {"token": hub.token}},
        {"headers": {"Authorization": f"Bearer {hub.token}"}},
    ):
        assert post(hub, "/predictions", body, **place).status_code == 400


def test_a_body_full_of_tokens_makes_few_questions() -> None:
    found = tokens(",".join(f'"token": "{number}"' for number in range(100_000)))
    assert len(found) < 20
    assert {"0", "99999"} <= set(found)


def test_a_name_that_only_ends_like_a_token_is_no_harm() -> None:
    assert tokens('{"token": 5, "x": "token", "a token": "b", "token"') == ["b"]


def test_a_body_of_too_many_lists_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_MOST_CONTAINERS", 3)
    assert parse_body(b'{"a": [[]]}') == {"a": [[]]}
    with pytest.raises(ValueError, match="too many"):
        parse_body(b'{"a": [[], []]}')


def test_the_bodies_held_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_MOST_OF_STRANGERS", 3 * SMALL_BYTES)
    bodies = Bodies()

    async def hold() -> None:
        scope = {"type": "http", "query_string": b"", "headers": [], "path_params": {}}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": bytes(2 * SMALL_BYTES), "more_body": False}

        async with bodies.take(Request(scope, receive), MOST_BYTES):
            with pytest.raises(TooManyBodies):
                await take(bodies, MOST_BYTES, bytes(SMALL_BYTES), bytes(SMALL_BYTES))
            assert await take(bodies, MOST_BYTES, bytes(SMALL_BYTES)) == SMALL_BYTES
        assert await take(bodies, MOST_BYTES, bytes(2 * SMALL_BYTES)) == 2 * SMALL_BYTES

    asyncio.run(hold())


def test_a_refused_body_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_MOST_OF_STRANGERS", 3 * SMALL_BYTES)
    bodies = Bodies()

    async def refuse() -> None:
        for _ in range(5):
            with pytest.raises(ApiError, match="too large"):
                await take(bodies, 2 * SMALL_BYTES, bytes(2 * SMALL_BYTES), b"x")
        assert await take(bodies, MOST_BYTES, bytes(2 * SMALL_BYTES)) == 2 * SMALL_BYTES

    asyncio.run(refuse())


class Sender:
    """A request whose body comes as the test wants."""

    def __init__(self, address: str, *, token: str = "") -> None:
        query = f"token={token}".encode()
        self._scope = {
            "type": "http",
            "query_string": query,
            "headers": [],
            "path_params": {},
            "client": (address, 1),
        }
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outcome = ""

    async def run(self, bodies: Bodies) -> None:
        """Send all and note what came of it."""
        try:
            async with bodies.take(Request(self._scope, self._pieces.get), 9 * SMALL_BYTES):
                self.outcome = "taken"
        except ApiError as error:
            self.outcome = type(error).__name__

    async def send(self, size: int, *, is_last: bool = False) -> None:
        """Send one piece and let it arrive."""
        piece = {"type": "http.request", "body": bytes(size), "more_body": not is_last}
        await self._pieces.put(piece)
        for _ in range(5):
            await asyncio.sleep(0.01)


def send_all(bodies: Bodies, senders: list[Sender], order: list[tuple[int, int, bool]]) -> None:
    async def main() -> None:
        tasks = [asyncio.ensure_future(sender.run(bodies)) for sender in senders]
        for number, size, is_last in order:
            await senders[number].send(size, is_last=is_last)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())


def test_stalled_bodies_of_strangers_make_room_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_module, "_MOST_OF_STRANGERS", 7 * SMALL_BYTES)
    stalled = [Sender("1.1.1.1"), Sender("1.1.1.1")]
    honest = Sender("2.2.2.2")
    two = 2 * SMALL_BYTES
    order = [(0, two, False), (1, 2 * two, False), (2, two, False), (2, 1, True)]
    send_all(Bodies(), [*stalled, honest], order)
    assert [sender.outcome for sender in (*stalled, honest)] == ["TooManyBodies", "", "taken"]


def test_strangers_take_no_room_of_those_who_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_MOST_OF_STRANGERS", 3 * SMALL_BYTES)
    known = Sender("1.1.1.1", token="good")
    stranger = Sender("1.1.1.1")
    order = [(0, 2 * SMALL_BYTES, False), (1, 4 * SMALL_BYTES, False), (0, 1, True)]
    bodies = Bodies({"good": "organization 1"}.get)
    send_all(bodies, [known, stranger], order)
    assert (known.outcome, stranger.outcome) == ("taken", "TooManyBodies")


def test_one_organization_takes_no_room_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_MOST_HELD_BYTES", 6 * SMALL_BYTES)
    greedy = [Sender("1.1.1.1", token="a"), Sender("1.1.1.1", token="a")]
    modest = Sender("2.2.2.2", token="b")
    two = 2 * SMALL_BYTES
    order = [(0, two, False), (1, two, False), (2, two + 1, False), (2, 1, True)]
    send_all(Bodies({"a": "A", "b": "B"}.get), [*greedy, modest], order)
    assert [sender.outcome for sender in (*greedy, modest)] == ["TooManyBodies", "", "taken"]


def test_a_wrong_token_in_the_head_ends_a_long_body_at_its_beginning() -> None:
    sender = Sender("1.1.1.1", token="wrong")
    send_all(Bodies({"good": "A"}.get), [sender], [(0, 2 * SMALL_BYTES, False)])
    assert sender.outcome == "Unauthenticated"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": %s}' % (b"9" * 401),
        b'{"a": [%s]}' % b",".join([b"1"] * 2000),
        b"{%s}" % b",".join(b'"%d":1' % number for number in range(2000)),
    ],
    ids=["digits", "values", "keys"],
)
def test_what_costs_far_more_than_its_bytes_is_not_parsed(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(body_module, "_MOST_VALUES", 1500)
    monkeypatch.setattr(body_module, "_MOST_KEYS", 1500)
    with pytest.raises(ValueError, match=r"too many values|more than 400 digits"):
        parse_body(body)


def test_bodies_of_strangers_are_read_no_faster_than_others_can_bear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(body_module.anyio, "sleep", sleep)
    monkeypatch.setattr(body_module, "_RATE_OF_STRANGERS", SMALL_BYTES)
    chunks = [b" " * SMALL_BYTES] * 3
    asyncio.run(take(Bodies(), MOST_DATA_BYTES, *chunks))
    assert [round(seconds) for seconds in waited] == [1, 2]
    waited.clear()
    known = b'{"token": "known", "text": "' + b"x" * SMALL_BYTES
    asyncio.run(take(Bodies(lambda _: "organization 1"), MOST_DATA_BYTES, known, *chunks))
    assert waited == []
