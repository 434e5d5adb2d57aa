"""Read the bodies of requests as JSON, within bounds of size, depth and memory.

A body is read by whoever sends it, before it is known who that is. So only routes that carry data
take a long one, a long one is not parsed before a token of this hub was seen in it, and those that
show none at their beginning share little room and a moderate rate: when the room is full, the one
that has stalled longest of the address that holds most has to go.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request

from auger_hub.http.contract import (
    TOKEN_PARAMS,
    ApiError,
    Fields,
    InvalidParams,
    Route,
    Unauthenticated,
)
from auger_hub.http.params import ANY, LIST, OBJECT

MOST_DATA_BYTES = 64 * 1024**2
MOST_BYTES = 1024**2
SMALL_BYTES = 64 * 1024
"""What is parsed in no time: without a thread, and without a look at the token first."""
HEAVY_BYTES = 256 * 1024
"""What is parsed and answered in another process: it would hold up everybody else here."""
_MOST_HELD_BYTES = 512 * 1024**2
_MOST_OF_STRANGERS = 128 * 1024**2
_RATE_OF_STRANGERS = 16 * 1024**2
"""Bytes a second of all long bodies together whose senders are not known: reading them takes the
time of the one thread that all requests go through."""
_MOST_CONTAINERS = 1_000_000
_MOST_VALUES = 10_000_000
_MOST_KEYS = 5_000_000
_LONG_NUMBER = re.compile(rb"[0-9]{400}")
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
    def has_token_in_head(self) -> bool:
        """Whether the head or the URL names a token; then nobody has to look into the body."""
        return any(self.query.get(name) for name in TOKEN_PARAMS)

    @property
    def is_heavy(self) -> bool:
        """Whether parsing it would hold up others."""
        return len(self.body) > HEAVY_BYTES

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


@dataclass(eq=False)
class _Held:
    """A long body on its way; `owner` is the address it comes from until its token is known."""

    owner: str
    is_known: bool = False
    is_whole: bool = False
    size: int = 0
    heard_at: float = 0.0
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class Bodies:
    """Takes the bodies of all requests, and knows how much of them the hub holds.

    `owner_of` returns whom a token belongs to, None when it is none.
    """

    def __init__(self, owner_of: Callable[[str], str | None] = lambda _: None) -> None:
        self._owner_of = owner_of
        self._held: set[_Held] = set()
        self._paced_until = 0.0

    @asynccontextmanager
    async def take(self, request: Request, most: int) -> AsyncIterator[Sent]:
        """Yield what was sent, which counts until the block ends.

        Raises InvalidParams for more than `most` bytes, TooManyBodies when there is no room, and
        Unauthenticated for a long body whose head has a wrong token.
        """
        query: Fields = dict(request.query_params)
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            query["token"] = bearer.strip()
        held = _Held(owner=request.client.host if request.client else "")
        sent = Sent(query, request.path_params, bytearray())
        try:
            with held.scope:
                await self._read(request, most, sent, held)
                held.is_whole = True
            if held.scope.cancelled_caught:
                raise TooManyBodies
            yield sent
        finally:
            self._held.discard(held)

    async def _read(self, request: Request, most: int, sent: Sent, held: _Held) -> None:
        body = sent.body
        assert isinstance(body, bytearray)
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise InvalidParams(("body", f"is too large, at most {most} bytes are taken"))
            if len(body) <= SMALL_BYTES:
                continue
            if held not in self._held:
                await self._look_at_token(sent, held)
                self._held.add(held)
            held.size, held.heard_at = len(body), time.monotonic()
            self._make_room(held)
            if chunk and not held.is_known:
                await self._pace(len(chunk))

    async def _pace(self, size: int) -> None:
        """Wait as long as so many bytes take at the rate of all strangers together."""
        present = time.monotonic()
        self._paced_until = max(self._paced_until, present) + size / _RATE_OF_STRANGERS
        await anyio.sleep(self._paced_until - present)

    async def _look_at_token(self, sent: Sent, held: _Held) -> None:
        """Find whose a long body is, by its head or its beginning."""
        tokens = list(sent.possible_tokens())
        for token in tokens:
            owner = await anyio.to_thread.run_sync(self._owner_of, token)
            if owner is not None:
                held.owner, held.is_known = owner, True
                return
        if tokens and sent.has_token_in_head:
            raise Unauthenticated

    def _make_room(self, new: _Held) -> None:
        """End a body when there are too many like this one: of its owner if that holds the most."""
        alike = [one for one in self._held if one.is_known == new.is_known]
        most = _MOST_HELD_BYTES if new.is_known else _MOST_OF_STRANGERS
        if sum(one.size for one in alike) <= most:
            return
        coming = [one for one in alike if not one.is_whole]  # the others are being answered
        sizes = Counter[str]()
        for one in coming:
            sizes[one.owner] += one.size
        (greediest, _), *_ = sizes.most_common(1)
        victim = min((o for o in coming if o.owner == greediest), key=lambda one: one.heard_at)
        self._held.discard(victim)
        if victim is new:
            raise TooManyBodies
        victim.scope.cancel()


def most_bytes(route: Route) -> int:
    """Return how long a body of a route may be: only lists and objects carry data."""
    carries_data = any(param.kind in (ANY, LIST, OBJECT) for param in route.takes)
    return MOST_DATA_BYTES if carries_data else MOST_BYTES


def parse_body(body: bytes | bytearray) -> Fields:
    """Return the JSON object of a request.

    Refused are NaN and Infinity, which are not JSON (§1.2), numbers too big for a float, nesting
    that no client sends, and texts that a database cannot hold.
    """
    _refuse_bombs(body)
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


def _refuse_bombs(body: bytes | bytearray) -> None:
    """Raise ValueError for what costs far more than its bytes, by counting alone."""
    if body.count(b"[") + body.count(b"{") > _MOST_CONTAINERS:
        raise ValueError("the body has too many lists and objects")
    if body.count(b",") > _MOST_VALUES or body.count(b":") > _MOST_KEYS:
        raise ValueError("the body has too many values")
    if _LONG_NUMBER.search(body):
        raise ValueError("the body has a number of more than 400 digits")


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
