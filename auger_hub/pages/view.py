"""Turn a visitor's request into HTML: find the user, collect what is shown, render it."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import anyio.to_thread
import jinja2
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from auger_hub.accounts.roles import READING, WRITING
from auger_hub.http.contract import ApiError, Call, Fields, NotFound
from auger_hub.http.permission import permit
from auger_hub.hub import Hub
from auger_hub.pages.visitor.guard import Endpoint, guard
from auger_hub.pages.visitor.session import find_visitor
from auger_hub.pages.words import FILTERS
from auger_hub.telemetry.request import note_caller

FRAGMENT_HEADER = "X-Fragment"
LOG_IN_PATH = "/log-in"
_MAX_FORM_BYTES = 1024**2
_MAX_FIELDS = 5000
_errors = logging.getLogger("auger.hub.errors")


@dataclass(frozen=True)
class View:
    """A template and what it shows; `is_going` when it will show something else soon."""

    template: str
    facts: Mapping[str, Any]
    is_going: bool = False
    status: int = 200


Show = Callable[[Call], View]
Act = Callable[[Call], View | str]
"""Does what a form asks for and returns the address to go on to, or the form with its faults."""


def page(hub: Hub, show: Show) -> Endpoint:
    """Return the endpoint of a page for those who are logged in."""

    async def answer(request: Request) -> Response:
        return await anyio.to_thread.run_sync(_answer, hub, request, show, READING)

    return guard(answer)


def form(hub: Hub, act: Act, *, rank: int = WRITING) -> Endpoint:
    """Return the endpoint of a form for those who are logged in and may do so much."""

    async def answer(request: Request) -> Response:
        try:
            fields = await read_form(request)
        except ValueError:
            return render(request, problem(400, "This form cannot be read."))
        return await anyio.to_thread.run_sync(_answer, hub, request, act, rank, fields)

    return guard(answer)


async def read_form(request: Request, most: int = _MAX_FORM_BYTES) -> dict[str, str]:
    """Return the fields of a form; raise ValueError for one of more than `most` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise ValueError("the form is too large")
    text = body.decode("utf-8")
    return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))


def render(request: Request, view: View, visitor: Fields | None = None) -> Response:
    """Render a whole page, or its changing part for the script that asks again."""
    is_fragment = FRAGMENT_HEADER in request.headers
    context = {
        "layout": "fragment.html" if is_fragment else "page.html",
        "is_going": view.is_going,
        "visitor": visitor,
        **view.facts,
    }
    return _templates().TemplateResponse(request, view.template, context, status_code=view.status)


def problem(status: int, sentence: str, back: str | None = None) -> View:
    """Return the view of something that is not there or does not work."""
    return View("problem.html", {"sentence": sentence, "back": back}, status=status)


def _came_from(request: Request) -> str | None:
    """Return the page of this hub that a form was on."""
    came = urlsplit(request.headers.get("referer", ""))
    is_own = came.netloc == request.url.netloc and not came.path.startswith("//")
    if request.method != "POST" or not is_own or not came.path:
        return None
    return came.path + (f"?{came.query}" if came.query else "")


def _answer(
    hub: Hub, request: Request, act: Show | Act, rank: int, fields: Fields | None = None
) -> Response:
    caller = find_visitor(hub.database, request)
    if caller is None:
        return _send_to_log_in(request)
    note_caller(caller.name, caller.organization)
    visitor: Fields = {"name": caller.name, "organization": caller.organization}
    try:
        permit(caller, rank)
        with hub.database.read() if fields is None else hub.database.write() as session:
            params = {**request.query_params, "form": fields, **request.path_params}
            call = Call(hub, caller, session, params, str(request.base_url).rstrip("/"))
            outcome = act(call)
        if isinstance(outcome, View):
            return render(request, outcome, visitor)
        for action in call.after_commit:
            action()
        hub.supervisor.wake()
        return RedirectResponse(outcome, status_code=303)
    except NotFound:
        fault = problem(404, "There is no such thing here, or not any more.")
    except ApiError as error:
        fault = problem(error.status, f"The hub refuses this: {error}.", _came_from(request))
    except Exception:  # noqa: BLE001 - a page whatever happens; the log gets the traceback
        _errors.exception("%s of the page failed", quote(request.url.path))
        fault = problem(500, "Something went wrong in the hub; its log says more.")
    return render(request, fault, visitor)


def _send_to_log_in(request: Request) -> Response:
    if FRAGMENT_HEADER in request.headers:
        return Response(status_code=401)
    wanted = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        wanted += f"?{request.url.query}"
    query = "" if wanted == "/" else f"?next={quote(wanted, safe='')}"
    return RedirectResponse(LOG_IN_PATH + query, status_code=303)


@functools.cache
def _templates() -> Jinja2Templates:
    """Return the templates; a missing fact is an error and every value is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        auto_reload=False,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return Jinja2Templates(env=environment)
