"""Answer questions to models while their clients wait, without a turn where that can be.

A question takes a thread only while its model works on it. Organizations have a few each, so that
what one of them has stuck leaves the others theirs; who finds no place soon takes its turn with
the questions that are stored, and waits for the end of that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
from starlette.responses import Response

from auger_hub.accounts.users import find_caller
from auger_hub.http.answer import respond, respond_at_once
from auger_hub.http.body import Sent
from auger_hub.http.contract import TOKEN_PARAMS, Asked, Fields, Route
from auger_hub.hub import Hub
from auger_hub.program.route_table import ROUTES
from auger_hub.routes.models.predictions import forget_answer

_THREADS = 16
_OF_ORGANIZATION = 3
_PLACE_SECONDS = 2.0
WAIT_SECONDS = 10.0
_SHOW = next(r for r in ROUTES if (r.method, r.path) == ("GET", "/predictions/{id}"))
_YES = (True, "true")


class AnswersNow:
    """The questions whose clients wait."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limiter = anyio.CapacityLimiter(_THREADS)
        self._places: dict[int, asyncio.Semaphore] = {}

    async def answer(self, route: Route, sent: Sent, base_url: str) -> Response | None:
        """Return the answer to a request with `wait: true`; None for any other."""
        if b'"wait"' not in sent.body and "wait" not in sent.query:
            return None
        try:
            params = sent.read()
        except ValueError:
            return None  # it is refused where all are
        token = next((str(params[name]) for name in TOKEN_PARAMS if params.get(name)), "")
        if params.get("wait") not in _YES or not token:
            return None
        database = self._hub.database
        if database.is_sqlite:  # quicker than a thread
            caller = find_caller(database, token)
        else:
            caller = await anyio.to_thread.run_sync(find_caller, database, token)
        if caller is None:
            return None
        async with self._place(caller.organization_id) as has_place:
            if has_place:
                response = await anyio.to_thread.run_sync(
                    respond_at_once, self._hub, route, sent, base_url, limiter=self._limiter
                )
                if response is not None:
                    return response
        asked = Asked(self._hub, caller, params, base_url)
        return await self._answer_in_turn(route, sent, asked, token)

    @asynccontextmanager
    async def _place(self, organization_id: int) -> AsyncIterator[bool]:
        """Yield whether there is a place for one more of an organization; wait for it a little."""
        places = self._places.setdefault(organization_id, asyncio.Semaphore(_OF_ORGANIZATION))
        try:
            if places.locked():
                await asyncio.wait_for(places.acquire(), _PLACE_SECONDS)
            else:
                await places.acquire()
        except (TimeoutError, asyncio.TimeoutError):
            yield False
            return
        try:
            yield True
        finally:
            places.release()

    async def _answer_in_turn(self, route: Route, sent: Sent, asked: Asked, token: str) -> Response:
        """Store the question as ever, and answer when it is answered, or the time is over."""
        hub = self._hub
        made = await anyio.to_thread.run_sync(respond, hub, route, sent, asked.base_url)
        if made.status_code != 200:
            return made
        question: Fields = json.loads(bytes(made.body))["data"]
        question_id = str(question["id"])
        shown = Sent({"token": token}, {"id": question_id}, b"")
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        predictions = hub.supervisor.predictions
        predictions.call_when_done(question_id, lambda: loop.call_soon_threadsafe(done.set))
        try:
            answer = await self._show(shown, asked)
            if not _is_over(answer):
                with anyio.move_on_after(WAIT_SECONDS):
                    await done.wait()
                answer = await self._show(shown, asked)
        finally:
            predictions.forget_waiter(question_id)
        if _is_over(answer):
            await anyio.to_thread.run_sync(forget_answer, asked, question_id)
        return _as(question["object"], answer)

    async def _show(self, shown: Sent, asked: Asked) -> Response:
        return await anyio.to_thread.run_sync(respond, self._hub, _SHOW, shown, asked.base_url)


def _is_over(answer: Response) -> bool:
    body: Fields = json.loads(bytes(answer.body))
    return answer.status_code == 200 and body["data"]["status"] in ("done", "error")


def _as(name: str, answer: Response) -> Response:
    """Return the answer under the name that was asked for (§2.15)."""
    body: Fields = json.loads(bytes(answer.body))
    if answer.status_code != 200 or body["data"]["object"] == name:
        return answer
    body["data"]["object"] = name
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json")
