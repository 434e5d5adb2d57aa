"""Serve the page that `auger auth login --sso` opens: may that command line be logged in?

The code goes to the machine that the browser is on and to no other, or is shown to be typed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from auger_hub.accounts.login_codes import issue_login_code
from auger_hub.accounts.roles import MANAGING
from auger_hub.http.contract import Call, Forbidden
from auger_hub.pages.view import LOG_IN_PATH, View, problem

COMMAND_LINE_PATH = f"{LOG_IN_PATH}/command-line"
_PROOF = re.compile(r"[A-Za-z0-9_-]{43}")
_PORT = re.compile(r"[0-9]{4,5}")
_MOST_NAME = 60


@dataclass(frozen=True)
class _Asked:
    """What the command line has put into the address.

    Attributes:
        port: where it waits on the browser's machine; empty where the code is typed in.
        challenge: of its verifier.
        state: what it wants back with the code.
        device: what its machine is called.
    """

    port: str
    challenge: str
    state: str
    device: str


def show_question(call: Call) -> View:
    """Ask whether the command line may log in."""
    if call.caller.is_scoped:
        raise Forbidden(MANAGING)
    asked = _read(call.params)
    if asked is None:
        return problem(400, "`auger auth login --sso` makes no such address.")
    return View("command_line.html", {"asked": asked, "code": None, "after": None})


def allow_command_line(call: Call) -> View:
    """Give the code, as somebody has said yes."""
    if call.caller.is_scoped:  # a token that may do less must not make one that may do more
        raise Forbidden(MANAGING)
    asked = _read(call.params["form"])
    if asked is None:
        return problem(400, "`auger auth login --sso` makes no such address.")
    name = f"auger on {asked.device}"
    code = issue_login_code(call.session, call.caller, asked.challenge, name)
    query = urlencode({"code": code, "state": asked.state})
    after = f"http://127.0.0.1:{asked.port}/?{query}" if asked.port else None
    return View("command_line.html", {"asked": asked, "code": code, "after": after})


def _read(told: Mapping[str, Any]) -> _Asked | None:
    names = ("port", "challenge", "state", "device")
    asked = _Asked(*(str(told.get(name) or "") for name in names))
    proofs = [asked.challenge, asked.state]
    is_good = all(_PROOF.fullmatch(proof) for proof in proofs) and asked.device.isprintable()
    is_good = is_good and 0 < len(asked.device) <= _MOST_NAME
    is_good = is_good and (not asked.port or _PORT.fullmatch(asked.port) is not None)
    return asked if is_good and int(asked.port or 1024) in range(1024, 65536) else None
