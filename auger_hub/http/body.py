"""Read the bodies of requests as JSON, within bounds of size, depth and memory.

A body is read by whoever sends it, before it is known who that is. So only routes that carry data
take a long one, and a long one is not parsed before a token of this hub was seen in it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from auger_hub.http.contract import TOKEN_PARAMS, ApiError, Fields, InvalidParams, Route
from auger_hub.http.params import ANY, LIST, OBJECT

MOST_DATA_BYTES = 64 * 1024**2
MOST_BYTES = 1024**2
SMALL_BYTES = 64 * 1024
"""What is parsed in no time: without a thread, and without a look at the token first."""
_MOST_HELD_BYTES = 512 * 1024**2
_MOST_CONTAINERS = 4_000_000
_PLACES = 8
_MEMBER_END = b'token"'
_MEMBER = re.compile(rb'token"\s{0,64}:\s{0,64}"([^"\\]{1,512})"')


class Unreadable(ValueError):
    """The request is nothing that the hub could read."""


class TooManyBodies(ApiError):
    """All the room for long bodies is taken."""

    status = 503

    def __init__(self) -> None:
        message = "the hub holds as many large requests as it can, try later"
        super().__init__({"error_type": "unavailable", "message": message})


@dataclass(frozen=True)
class Sent:
    """A request as it came: what its URL and head say, and the body, not parsed yet."""

    query: Fields
    path: Fields
    body: bytes | bytearray

    @property
    def is_small(self) -> bool:
        """Whether parsing it holds up nobody."""
        return len(self.body) <= SMALL_BYTES

    def read(self) -> Fields:
        """Merge query, body and path; later ones win, as a token in the body must (§1.3).

        Raises Unreadable for what is no request.
        """
        in_url = {**self.query, **self.path}
        try:
            refuse_unstorable(in_url)
            if any("\0" in str(value) for value in in_url.values()):
                raise Unreadable("a NUL in the URL")
            return {**self.query, **parse_body(self.body), **self.path}
        except ValueError as error:
            raise Unreadable(str(error)) from error

    def possible_tokens(self) -> Iterator[str]:
        """Yield what may be the token, found without parsing; of members near both ends."""
        yield from (str(self.query[name]) for name in TOKEN_PARAMS if self.query.get(name))
        for place in _places(self.body):
            member = _MEMBER.match(self.body, place)
            if member:
                yield member[1].decode("utf-8", "replace")


class Bodies:
    """Takes the bodies of all requests, and knows how much of them the hub holds."""

    def __init__(self) -> None:
        self._held = 0

    @asynccontextmanager
    async def take(self, request: Request, most: int) -> AsyncIterator[Sent]:
        """Yield what was sent, which counts until the block ends.

        Raises InvalidParams for more than `most` bytes, TooManyBodies when there is no room.
        """
        query: Fields = dict(request.query_params)
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            query["token"] = bearer.strip()
        body = bytearray()
        counted = 0
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise InvalidParams(("body", f"is too large, at most {most} bytes are taken"))
                if len(body) > SMALL_BYTES:
                    self._held += len(body) - counted
                    counted = len(body)
                    if self._held > _MOST_HELD_BYTES:
                        raise TooManyBodies
            yield Sent(query, request.path_params, body)
        finally:
            self._held -= counted


def most_bytes(route: Route) -> int:
    """Return how long a body of a route may be: only lists and objects carry data."""
    carries_data = any(param.kind in (ANY, LIST, OBJECT) for param in route.takes)
    return MOST_DATA_BYTES if carries_data else MOST_BYTES


def parse_body(body: bytes | bytearray) -> Fields:
    """Return the JSON object of a request.

    Refused are NaN and Infinity, which are not JSON (§1.2), numbers too big for a float, nesting
    that no client sends, and texts that a database cannot hold.
    """
    if body.count(b"[") + body.count(b"{") > _MOST_CONTAINERS:
        raise ValueError("the body has too many lists and objects")
    text = body.decode("utf-8-sig")  # json would decode bytes, and let half characters pass
    try:
        data = json.loads(text, parse_constant=_refuse, parse_float=_float) if body.strip() else {}
        if b"\\u" in body:
            refuse_unstorable(data)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError("the body is not a JSON object")
    return data


def refuse_unstorable(value: Any) -> None:
    """Raise ValueError for a text with half a character, however deep it is."""
    if isinstance(value, str):
        if not value.isprintable() and _has_surrogate(value):
            raise ValueError("a text holds what cannot be stored")
    elif isinstance(value, dict):
        _refuse_each(value)
        _refuse_each(value.values())
    elif isinstance(value, list):
        _refuse_each(value)


def _refuse_each(values: Iterable[Any]) -> None:
    for value in values:
        refuse_unstorable(value)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too big")
    return number


def _places(body: bytes | bytearray) -> Iterator[int]:
    """Yield where a token's name may end: clients merge it in last, people write it first."""
    place = len(body)
    for _ in range(_PLACES):
        place = body.rfind(_MEMBER_END, 0, place)
        if place < 0:
            return
        yield place
    place = -1
    for _ in range(_PLACES):
        place = body.find(_MEMBER_END, place + 1)
        if place < 0:
            return
        yield place
