"""Log in to a hub by its page in a browser: the hub never sends the token through the browser.

The page gives the browser a code, which it brings to a port of this machine (RFC 8252). Only who
made the challenge gets a token for that code (RFC 7636).
"""

from __future__ import annotations

import hashlib
import hmac
import platform
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from auger_reconcile.client.credentials import Credentials, login_command
from auger_reconcile.client.hub_client import API_PREFIX, HubClient
from auger_reconcile.errors import HubError, NotAuthenticated, Unavailable

PAGE = "/log-in/command-line"
WAITS_SECONDS = 300.0
_MOST_NAME = 60
_DONE = b"<!doctype html><title>auger</title><p>You are logged in. You may close this window."


def log_in(url: str, *, show: Callable[[str], str | None], is_here: bool) -> Credentials:
    """Return new credentials.

    Args:
        url: of the hub.
        show: told the address of the page; returns the code where `is_here` is false.
        is_here: the browser is on this machine.

    Raises:
        NotAuthenticated: the hub does not take the code, or the browser brings none in time.
        HubError: it has no such page; Unavailable: it cannot be reached.
    """
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "state": state,
        "device": _name_of_this_machine(),
    }
    with HubClient(url, None) as client:
        _check_page(client)
        page = client.url + PAGE
        if is_here:
            code = _receive(
                lambda port: show(f"{page}?{urlencode({**asked, 'port': port})}"), state
            )
        else:
            code = (show(f"{page}?{urlencode(asked)}") or "").strip()
        try:
            told = client.call("POST", "tokens", {"code": code, "code_verifier": verifier})
        except NotAuthenticated as error:
            error.hint = f"begin again\n{login_command(url)} --sso"
            raise
        return _to_credentials(told, client.url)


def _check_page(client: HubClient) -> None:
    """Raise an error where the hub cannot be reached, or has no such page: nobody waits in vain."""
    try:
        client.call("POST", "tokens", {"code": "none"})
    except NotAuthenticated:
        pass
    except HubError as error:
        if isinstance(error, Unavailable):
            raise
        if any(detail.startswith("code_verifier") for detail in error.details):
            return
    raise HubError(
        "the hub has no log-in by its page",
        request=f"POST {API_PREFIX}tokens",
        hint=f"a password is taken by\n{login_command(client.url)}",
    )


def _receive(show: Callable[[int], object], state: str) -> str:
    """Show the page that is to send the browser to a port, and return the code that it brings."""
    with _Receiver(state) as receiver:
        show(receiver.server_port)
        end = time.monotonic() + WAITS_SECONDS
        while receiver.code is None:
            left = end - time.monotonic()
            if left <= 0:
                raise NotAuthenticated(
                    "the browser has brought no code for five minutes",
                    hint="where the browser is on another machine\n"
                    "auger auth login --sso --no-browser --url URL",
                )
            receiver.timeout = min(left, 0.5)  # a thread may have taken the code meanwhile
            receiver.handle_request()
        return receiver.code


class _Receiver(ThreadingHTTPServer):
    """Waits on loopback for the one request that has the state."""

    daemon_threads = True  # a browser opens connections that it does not use
    block_on_close = False

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.state = state
        self.code: str | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a connection that broke."""


class _Answer(BaseHTTPRequestHandler):
    server: _Receiver
    timeout = 10

    def do_GET(self) -> None:
        told = parse_qs(urlsplit(self.path).query)
        state, code = (told.get(name, [""])[0] for name in ("state", "code"))
        is_it = hmac.compare_digest(state.encode(), self.server.state.encode()) and code
        self.send_response(200 if is_it else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(_DONE if is_it else b"There is nothing here.")
        if is_it:
            self.server.code = code

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Log nothing: the address holds the code."""


def _name_of_this_machine() -> str:
    name = "".join(letter for letter in platform.node() if letter.isprintable())
    return name[:_MOST_NAME] or "a machine"


def _to_credentials(told: Any, url: str) -> Credentials:
    facts = told if isinstance(told, Mapping) else {}
    names = ("username", "token", "organization")
    username, token, organization = (facts.get(name) for name in names)
    if not (isinstance(username, str) and isinstance(token, str) and isinstance(organization, str)):
        raise HubError("the hub answered without a token", request=f"POST {API_PREFIX}tokens")
    return Credentials(username, url, token, organization, source="login")
