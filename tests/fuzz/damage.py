"""Damages bytes, and plain data as JSON has it; the same seed does the same damage."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

PIECES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n---\n", b"\n- ", b": ", b"{", b"[", b"}",
    b"]", b"&a ", b"*a", b"<<: ", b"!!set ", b"!x ", b"|\n", b">-\n",
    b"'", b'"', b"#", b"%YAML 1.1\n",
    b"${a}", b"${", b"$${", b"\t", b"  ", b"~", b"null", b"true", b"-1", b"1e999", b".nan", b".inf",
    b"9" * 5000, b"a" * 3000, b"[" * 200, b"{a: " * 150, b"\xe2\x80\xa8", b"\xf0\x9f\x8c\xb1",
    b"\\u0000", b"name: x\n", b"datasets: {}\n", b"state: absent\n", b"../", b"https://x.org/a.csv",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, 0.5, -0.0, 1e308, float("nan"), float("inf"), "", " ", "x",
    "0", "\x00", "\ud800", "\u2028", "x" * 3000, "../x", "https://x.org", "${a}", [], {}, [[]],
    [None], [{}], {"x": None}, {"id": 1}, [1, "x", None], "processed", "running", "completed",
    "started",
)  # fmt: skip


def damage_bytes(raw: bytes, chance: random.Random) -> bytes:
    """Return bytes with some pieces cut, doubled, moved or put in."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at, length = chance.randrange(len(raw) + 1), chance.choice((0, 1, 2, 8, 40))
        match chance.randrange(6):
            case 0:
                raw = raw[:at] + raw[at + length :]
            case 1:
                raw = raw[:at] + chance.choice(PIECES) + raw[at:]
            case 2:
                raw = raw[:at] + chance.choice(PIECES) + raw[at + length :]
            case 3:
                raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]
            case 4:
                raw = raw[: at + length] + raw[at:]
            case _:
                raw = _move_line(raw, chance)
    return raw


def _move_line(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.splitlines(keepends=True) or [b""]
    line = lines.pop(chance.randrange(len(lines)))
    at = chance.randrange(len(lines) + 1)
    return b"".join([*lines[:at], chance.choice((b"", b"  ", b"    ")) + line, *lines[at:]])


def damage_data(data: Any, chance: random.Random) -> Any:
    """Return plain data with some values replaced, removed, doubled or renamed."""
    data = json.loads(json.dumps(data))
    for _ in range(chance.choice((1, 1, 2, 4))):
        places = list(_places(data))
        if places:
            _damage(*chance.choice(places), chance)
    return data


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container with each of its keys."""
    items: Sequence[tuple[Any, Any]] = ()
    if isinstance(data, dict):
        items = list(data.items())
    elif isinstance(data, list):
        items = list(enumerate(data))
    for key, value in items:
        yield data, key
        yield from _places(value)


def _damage(within: Any, key: Any, chance: random.Random) -> None:
    match chance.randrange(5):
        case 0:
            del within[key]
        case 1 if isinstance(within, list):
            within.append(deepcopy(within[key]))
        case 1:
            within[f"{key}_"] = within.pop(key)
        case 2 if isinstance(within[key], str):
            text = damage_bytes(within[key].encode("utf-8", "replace"), chance)
            within[key] = text.decode("utf-8", "replace")
        case 3:
            within[key] = chance.choice(([within[key]], {"x": within[key]}, str(within[key])))
        case _:
            within[key] = deepcopy(chance.choice(VALUES))  # damage must not reach the list itself
