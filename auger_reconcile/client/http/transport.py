"""Send HTTP requests to the hub, repeated where repeating is harmless.

Refuses to do: know resources or envelopes (that is `answers`), follow redirects, send a write
twice, print.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from http.client import responses as reasons
from typing import Any, NamedTuple

import requests
import urllib3

from auger_reconcile.client.http.connection import (
    CONNECT_TIMEOUT,
    NothingSent,
    NotTrusted,
    guard_call,
    name_fate,
    normalise_url,
    open_session,
    read_parts,
)
from auger_reconcile.errors import HubError, Unavailable

BODY_LIMIT = 200 * 1024 * 1024
REPEATABLE_STATUSES = frozenset({429, 500, 502, 503, 504})
NOT_CARRIED_OUT = 429  # too many requests: nothing of this one was done (RFC 6585, section 4)
_JSON = "application/json"
_LARGE_BODY = 64 * 1024
_FIRST_BACKOFF = 0.25
_LONGEST_BACKOFF = 10.0


class Exchange(NamedTuple):
    """One attempt at one request, for tracing; holds no body and no secret.

    Attributes:
        status: the HTTP status, or None when there was no whole answer.
        seconds: from the start of sending to the last byte of the answer.
        attempt: 1 for the first try.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    attempt: int


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the kind of content, and the whole decoded body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        """Say whether the status is one of 2xx."""
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """Status and its usual words, such as `502 Bad Gateway`."""
        return f"{self.status} {reasons.get(self.status, '')}".rstrip()

    @property
    def present(self) -> str | None:
        """The time of the hub, ISO 8601, or None when it does not say."""
        try:
            return parsedate_to_datetime(self.headers.get("Date", "")).isoformat()
        except (TypeError, ValueError):
            return None

    @property
    def retry_after(self) -> float:
        """Seconds the hub asks to wait; 0 when it does not say."""
        value = self.headers.get("Retry-After", "")
        try:
            return max(0.0, urllib3.Retry().parse_retry_after(value)) if value else 0.0
        except urllib3.exceptions.InvalidHeader:
            return 0.0

    @cached_property
    def document(self) -> Any:
        """The body's JSON value, or None when it is no JSON, or holds half a character."""
        try:
            value = json.loads(self.body)
            if b"\\ud" in self.body or b"\\uD" in self.body:  # two of these make a character
                json.dumps(value, ensure_ascii=False).encode()
            return value
        except (ValueError, RecursionError):
            return None


class Pace(NamedTuple):
    """Time and chance, replaceable so that tests wait for nothing.

    Attributes:
        clock: monotonic seconds.
        sleep: waits for seconds.
        chance: a number in [0, 1), which spreads the retries of many clients.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after attempt 1, 2, ...: exponential, half of it by chance."""
        longest = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (attempt - 1))
        return longest * (0.5 + 0.5 * self.chance())


REAL_PACE = Pace()


class Transport:
    """Sends requests to one hub over pooled connections; many threads may use it at once."""

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        url: str,
        *,
        timeout: float = 30.0,
        retries: int = 4,
        pool_size: int = 10,
        pace: Pace = REAL_PACE,
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self.url = normalise_url(url)
        self._timeout = timeout
        self._longest = 4 * timeout
        self._attempts = retries + 1
        self._pace = pace
        self._on_exchange = on_exchange
        self._session = open_session(self.url, pool_size=pool_size)
        self._headers = {**self._session.headers, "Accept": _JSON, "Content-Type": _JSON}

    def exchange(self, method: str, path: str, body: bytes) -> Answer:
        """Send one request and return its answer, whatever its status.

        Reads (GET) are repeated with growing pauses on lost connections, time-outs, answers that
        are no JSON, 429 and 5xx, until the retries or four time-outs' worth of seconds are used
        up. Anything else is repeated only when no connection came about, or when the answer is
        429: the hub may have carried out what it did not answer.

        Args:
            method: `GET`, `POST`, `PATCH` or `DELETE`.
            path: absolute, without the host.
            body: JSON.

        Raises:
            HubError: the answer is too large; Unavailable: there was none.
        """
        is_read = method == "GET"
        give_up_at = self._pace.clock() + self._longest
        attempt = 1
        while True:
            outcome = self._attempt(method, path, body, attempt=attempt, give_up_at=give_up_at)
            wait = self._pace.backoff(attempt)
            if isinstance(outcome, Answer):
                wait = max(wait, outcome.retry_after)
            is_late = attempt == self._attempts or self._pace.clock() + wait >= give_up_at
            if is_late or not _may_repeat(outcome, is_read=is_read):
                break
            self._pace.sleep(wait)
            attempt += 1
        if isinstance(outcome, HubError):
            raise outcome
        return outcome

    def _attempt(
        self, method: str, path: str, body: bytes, *, attempt: int, give_up_at: float
    ) -> Answer | HubError:
        """Send once and report the exchange; a fault is returned, for the caller to weigh."""
        request = f"{method} {path}"
        started = self._pace.clock()

        def send() -> Answer:
            # a session would look for cookies and settings to merge in, and there are none
            asked = requests.Request(method, self.url + path, self._headers, data=body).prepare()
            response = self._session.send(
                asked,
                timeout=(
                    # the library applies the first one to sending the body, too
                    CONNECT_TIMEOUT if len(body) < _LARGE_BODY else self._timeout,
                    max(0.1, min(self._timeout, give_up_at - started)),
                ),
                allow_redirects=False,
                stream=True,
            )
            with response:
                received = self._receive(response, request, give_up_at)
                return Answer(response.status_code, response.headers, received)

        outcome: Answer | HubError
        try:
            outcome = guard_call(send, request=request, url=self.url)
        except HubError as fault:
            outcome = fault
        seconds = self._pace.clock() - started
        self._on_exchange(Exchange(method, path, outcome.status, seconds, attempt))
        return outcome

    def _receive(self, response: requests.Response, request: str, give_up_at: float) -> bytes:
        """Read the body with a limit on its decoded size and on the time it takes."""
        received = bytearray()
        for part in read_parts(response):
            received += part
            if len(received) > BODY_LIMIT:
                raise HubError(
                    f"the hub answered more than {BODY_LIMIT // 2**20} MB{name_fate(request)}",
                    request=request,
                    status=response.status_code,
                )
            if self._pace.clock() > give_up_at:
                raise Unavailable(
                    f"the hub took longer than {self._longest:g} s to answer{name_fate(request)}",
                    request=request,
                    status=response.status_code,
                )
        return bytes(received)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def _may_repeat(outcome: Answer | HubError, *, is_read: bool) -> bool:
    """Say whether sending again is harmless and could end better."""
    if isinstance(outcome, NothingSent):
        return True
    if isinstance(outcome, HubError):
        return is_read and isinstance(outcome, Unavailable) and not isinstance(outcome, NotTrusted)
    if outcome.status == NOT_CARRIED_OUT:
        return True
    is_garbage = outcome.is_success and outcome.document is None
    return is_read and (is_garbage or outcome.status in REPEATABLE_STATUSES)
