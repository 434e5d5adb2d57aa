"""Answer requests with long bodies in processes of their own.

Parsing holds Python's one lock, in whatever thread: 60 MB of JSON would stop every other request
for seconds. An organization has one such request answered at a time, so that none takes both
processes for long.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
from starlette.responses import Response

from auger_hub.accounts.users import Caller, find_caller
from auger_hub.http.answer import respond
from auger_hub.http.body import Sent
from auger_hub.http.contract import Fields, Route, Unauthenticated, Unavailable
from auger_hub.http.permission import permit_route
from auger_hub.hub import Hub, join_hub
from auger_hub.program.route_table import ROUTES
from auger_hub.settings import HubSettings
from auger_hub.telemetry.request import (
    RequestFacts,
    begin_request,
    current_request,
    note_caller,
)

_PROCESSES = 2
_MOST_SECONDS = 120.0
_IDLE_SECONDS = 300.0
_log = logging.getLogger("auger.hub.heavy")
_hubs: list[Hub] = []
"""In such a process the hub it answers for."""


@dataclass(frozen=True)
class _Request:
    """What crosses to the other process."""

    route: int
    query: Fields
    path: Fields
    body: bytes
    base_url: str
    facts: RequestFacts | None


@dataclass(frozen=True)
class _Answer:
    """What comes back."""

    status: int
    media_type: str
    body: bytes


class HeavyRequests:
    """The processes for long bodies: none until one is needed, and none some minutes after."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._used_at = 0.0
        self._turns: dict[int, asyncio.Lock] = {}

    async def answer(self, route: Route, sent: Sent, base_url: str) -> Response:
        """Return the answer to a request that is good so far.

        Raises:
            Unauthenticated: there is no token of this hub in it.
            Forbidden, TooManyQuestions: whose token it is may not ask that, or not now.
            Unavailable: it took too long, or the process for it was killed.
        """
        caller = await anyio.to_thread.run_sync(self._caller_of, sent)
        permit_route(self._hub, route, caller)  # here, where all questions are counted
        request = _Request(
            ROUTES.index(route),
            sent.query,
            sent.path,
            bytes(sent.body),
            base_url,
            current_request(),
        )
        async with self._turns.setdefault(caller.organization_id, asyncio.Lock()):
            answer = await self._ask(request)
        self._hub.supervisor.wake()
        return Response(answer.body, status_code=answer.status, media_type=answer.media_type)

    def close(self) -> None:
        """End the processes, whatever they do."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    def _caller_of(self, sent: Sent) -> Caller:
        for token in sent.possible_tokens():
            caller = find_caller(self._hub.database, token)
            if caller is not None:
                note_caller(caller.name, caller.organization)
                return caller
        raise Unauthenticated

    async def _ask(self, request: _Request) -> _Answer:
        try:
            future = await anyio.to_thread.run_sync(self._submit, request)
            return await asyncio.wait_for(asyncio.wrap_future(future), _MOST_SECONDS)
        except BrokenProcessPool:
            _log.error("a process for long requests was killed")
        except (TimeoutError, asyncio.TimeoutError):
            _log.error("a long request took more than %.0f s", _MOST_SECONDS)
        self.close()
        raise Unavailable("process for large requests")

    def _submit(self, request: _Request) -> Any:
        with self._lock:
            self._used_at = time.monotonic()
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    _PROCESSES,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin,
                    initargs=(self._hub.settings,),
                )
                timer = threading.Timer(_IDLE_SECONDS, self._close_if_idle)
                timer.daemon = True
                timer.start()
            return self._pool.submit(_answer, request)

    def _close_if_idle(self) -> None:
        left = self._used_at + _IDLE_SECONDS - time.monotonic()
        if left <= 0:
            self.close()
            return
        timer = threading.Timer(left, self._close_if_idle)
        timer.daemon = True
        timer.start()


def _begin(settings: HubSettings) -> None:
    """Set a process up: it ends with the hub, also when that is killed."""
    with suppress(OSError):
        os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the hub, which ends this process
    _hubs.append(join_hub(settings))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _answer(request: _Request) -> _Answer:
    if request.facts is not None:
        begin_request(request.facts)
    sent = Sent(request.query, request.path, request.body)
    response = respond(_hubs[0], ROUTES[request.route], sent, request.base_url)
    media_type = response.headers.get("content-type", "application/json")
    return _Answer(response.status_code, media_type, bytes(response.body))
