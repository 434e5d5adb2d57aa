"""Write commands as they can be typed: with the global options of the line that they follow from.

Without its `-f` or `--env`, what is advised would be about another file, and about other objects.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

_options: ContextVar[str] = ContextVar("options", default="")
# Variables are not repeated: a value may be a secret. These commands read no file.
_COMMAND = re.compile(r"(?m)(^ *|`)auger (?!auth\b|hub\b|new\b)(?=[a-z])")


def remember_options(said: Mapping[str, Any]) -> None:
    """Keep the global options of a line for the commands that are shown because of it."""
    told = [("-C", said.get("folder")), *(("-f", file) for file in said.get("files") or ())]
    told += [("--env", said.get("env")), ("--hub", said.get("hub"))]
    _options.set("".join(f"{name} {shlex.quote(str(value))} " for name, value in told if value))


def as_argument(name: str) -> str:
    """Return a name as a shell takes it, and the command behind it for no option."""
    return f"-- {shlex.quote(name)}" if name.startswith("-") else shlex.quote(name)


def as_typed(text: str) -> str:
    """Return a text whose commands, on lines of their own or in backticks, have those options."""
    options = _options.get()
    if not options or "auger " not in text:
        return text
    return _COMMAND.sub(lambda found: f"{found[1]}auger {options}", text)
