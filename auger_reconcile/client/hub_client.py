"""Call the hub: one request, whole lists, statuses, uploads and downloads.

Refuses to do: know kinds of resources, wait for anything to be finished, print.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from auger_reconcile.client.http.answers import read_envelope
from auger_reconcile.client.http.paging import (
    Fields,
    Listing,
    ListMoved,
    Page,
    PageRequest,
    read_page_of,
)
from auger_reconcile.client.http.request_body import to_json
from auger_reconcile.client.http.transport import REAL_PACE, Exchange, Pace, Transport
from auger_reconcile.errors import HubError, NotAuthenticated, Unavailable
from auger_reconcile.web_url import is_loopback

API_PREFIX = "/api/v1/"
_SECRETS = ("password", "new_password", "code", "code_verifier")
_READINGS_OF_A_LIST = 3
_REFUSED = frozenset({400, 422})  # what a hub may say to a page that is too large for it

Progress = Callable[[int, int], None]


class HubClient:
    """Speaks to one hub as one user; many threads may use it at once.

    Args:
        url: root of the hub, such as `https://app.auger.ai`.
        token: sent in the body of every request (wire contract §1.3), or None to log in.
        timeout: seconds to wait for the next byte of an answer; a call ends within four of them.
        retries: further attempts at a read that failed.
        pool_size: connections kept open, and pages of a list asked for at once.
        on_exchange: told of every attempt at every request.
        pace: clock and sleep, for tests.
        login_hint: how to get a new token, when the hub refuses this one.

    Attributes:
        url: scheme, host and port of the hub.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        url: str,
        token: str | None,
        *,
        timeout: float = 30.0,
        retries: int = 4,
        pool_size: int = 10,
        on_exchange: Callable[[Exchange], None] = lambda _: None,
        pace: Pace = REAL_PACE,
        login_hint: str | None = None,
    ) -> None:
        self._transport = Transport(
            url,
            timeout=timeout,
            retries=retries,
            pool_size=pool_size,
            pace=pace,
            on_exchange=on_exchange,
        )
        self.url = self._transport.url
        self._token = token
        self._present: str | None = None
        self._timeout = timeout
        self._retries = retries
        self._pace = pace
        self._on_exchange = on_exchange
        self._login_hint = login_hint
        self._width = pool_size
        self._pages: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"HubClient({self.url!r})"

    @property
    def present(self) -> str | None:
        """The hub's time at its newest answer, ISO 8601; None where it does not tell."""
        return self._present

    @property
    def is_readable_on_the_way(self) -> bool:
        """Say whether the token travels unencrypted to another machine."""
        return self.url.startswith("http:") and not is_loopback(self.url)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send one request and return the `data` of its answer.

        Args:
            method: `GET`, `POST`, `PATCH` or `DELETE`.
            path: below `/api/v1/`, such as `projects/12/deploy`.
            body: members of the JSON body; the token is added to it.

        Raises:
            ValueError: the body holds a number that JSON cannot express.
            NotAuthenticated: the hub refused the token.
            HubError: or one of its kinds; see `errors`.
        """
        data, _, _ = self._ask(method, path, body)
        return data

    def list_all(
        self, collection: str, filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return all objects of a collection, each once, the pages after the first concurrently.

        Raises:
            HubError: the hub's pages make no sense, or the list keeps shrinking while it is read.
        """
        for _ in range(_READINGS_OF_A_LIST):
            with suppress(ListMoved):
                return list(self._read_list(collection, filters, seen=set(), width=self._width))
        raise _to_unstable(collection)

    def iter_all(
        self, collection: str, filters: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield all objects of a collection, each once, asking for a page when it is needed.

        Raises:
            HubError: as `list_all`.
        """
        seen: set[str] = set()
        for _ in range(_READINGS_OF_A_LIST):
            with suppress(ListMoved):
                yield from self._read_list(collection, filters, seen=seen, width=1)
                return
        raise _to_unstable(collection)

    def status(self, object_type: str, object_id: object) -> str:
        """Return the status of one object (wire contract §2.2).

        Args:
            object_type: one of the API's types, such as `ExperimentSession`.
            object_id: as the hub gave it.
        """
        data = self.call("GET", "status", {"object": object_type, "id": object_id})
        status = data.get("status") if isinstance(data, dict) else None
        if not isinstance(status, str):
            raise HubError("the hub answered without a status", request=f"GET {API_PREFIX}status")
        return status

    def upload(
        self, target: Mapping[str, Any], source: Path, *, progress: Progress | None = None
    ) -> str | None:
        """Send a file to the storage behind the hub; return the key when the storage chose it.

        Args:
            target: where to and how, as the hub answered (wire contract §2.5, §2.9).
            source: the file.
            progress: told the bytes sent and the bytes there are.

        Raises:
            HubError: the storage refused the file; Unavailable: it did not answer.
        """
        from auger_reconcile.client.http.upload import send_file

        key: str | None = None

        def send() -> int:
            nonlocal key
            stored = send_file(target, source, timeout=self._timeout, progress=progress)
            key = stored.key
            return stored.status

        self._trace("POST", "(file upload)", send)
        return key

    def download(
        self, url: str, to: Path, *, progress: Progress | None = None, sha256: str | None = None
    ) -> None:
        """Store what a signed link points to; the file appears when it is complete, or not at all.

        A download that broke off is begun again, as often as any read.

        Raises:
            HubError: the storage refused, or the file is incomplete or has another digest.
            AugerError: the file cannot be written.
        """
        from auger_reconcile.client.http.download import fetch_file

        def fetch() -> int:
            return fetch_file(url, to, timeout=self._timeout, progress=progress, sha256=sha256)

        for attempt in range(1, self._retries + 1):
            with suppress(Unavailable):
                return self._trace("GET", "(file download)", fetch, attempt=attempt)
            self._pace.sleep(self._pace.backoff(attempt))
        return self._trace("GET", "(file download)", fetch, attempt=self._retries + 1)

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        if self._pages:
            self._pages.shutdown(wait=False, cancel_futures=True)
        self._transport.close()

    def __enter__(self) -> HubClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> tuple[Any, dict[str, Any], int]:
        """Send one request and return `data` and `meta`, and the bytes of the answer."""
        members = dict(body or {})
        if self._token is not None:
            members["token"] = self._token
        full_path = API_PREFIX + quote(path.lstrip("/"), safe="/:@")
        answer = self._transport.exchange(method, full_path, to_json(members))
        self._present = answer.present or self._present
        secrets = [self._token, *(members.get(name) for name in _SECRETS)]
        try:
            data, meta = read_envelope(answer, request=f"{method} {full_path}", secrets=secrets)
        except NotAuthenticated as error:
            error.hint = self._login_hint or error.hint
            raise
        return data, meta, len(answer.body)

    def _trace(self, method: str, path: str, call: Callable[[], int], *, attempt: int = 1) -> None:
        """Call, and report the exchange with the status that was returned or raised."""
        started = self._pace.clock()
        status: int | None = None
        try:
            status = call()
        except HubError as error:
            status = error.status
            raise
        finally:
            seconds = self._pace.clock() - started
            self._on_exchange(Exchange(method, path, status, seconds, attempt))

    def _read_list(
        self, collection: str, filters: Mapping[str, Any] | None, *, seen: set[str], width: int
    ) -> Iterator[Fields]:
        """Read a list once, up to `width` pages at a time."""

        def read_page(asked: PageRequest) -> Page:
            paged = {**(filters or {}), "limit": asked.limit, "offset": asked.offset}
            data, meta, size = self._ask("GET", collection, paged)
            return read_page_of(data, meta, request=listing.request, size=size)

        listing = Listing(f"GET {API_PREFIX}{collection}", seen)
        while pages := listing.next_pages(width):
            read = self._executor().map if len(pages) > 1 else map
            try:
                for asked, page in zip(pages, read(read_page, pages), strict=True):
                    yield from listing.add(asked, page)
            except HubError as error:
                if error.status not in _REFUSED or not listing.refuse(pages[0]):
                    raise

    def _executor(self) -> ThreadPoolExecutor:
        """Return the threads that read pages, started when a list first has several."""
        with self._lock:
            self._pages = self._pages or ThreadPoolExecutor(self._width, "auger-pages")
            return self._pages


def login(url: str, email: str, password: str, *, timeout: float = 30.0) -> str:
    """Return a new token for a user (wire contract §1.3).

    Raises:
        NotAuthenticated: the hub does not know this email with this password.
    """
    with HubClient(url, None, timeout=timeout) as client:
        try:
            data = client.call("POST", "tokens", {"email": email, "password": password})
        except NotAuthenticated as error:
            error.hint = None  # it says how to log in
            raise
    token = data.get("token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not token:
        raise HubError("the hub answered without a token", request=f"POST {API_PREFIX}tokens")
    return token


def _to_unstable(collection: str) -> Unavailable:
    """Return the error for a list that cannot be read in one piece."""
    return Unavailable(
        f"the list of {collection} keeps changing while it is read",
        request=f"GET {API_PREFIX}{collection}",
    )
