"""What schemathesis does before each request: the token goes into the body, and good parameters
name objects that exist, so that more is reached than `Couldn't find Project`.

Runs in schemathesis' own environment; `world.json` is what `world.py` made.
"""

from __future__ import annotations

import json
import os
import random
import zlib
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

WORLD: dict[str, Any] = json.loads(Path(os.environ["AUGER_FUZZ_WORLD"]).read_text("utf-8"))
REAL = 0.75
"""How often a good id is one that exists."""
FOREIGN = 0.15
"""How often it is one of another organization."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Put what exists into the request, and the token."""
    seed = f"{case.method} {case.path} {case.path_parameters} {case.query} {case.body!r}"
    chance = random.Random(zlib.crc32(seed.encode(errors="replace")))
    if not case.meta.generation.mode.is_negative:
        theirs = WORLD["foreign"]["members"]
        _fill(case.path_parameters or {}, _ids_in_path(case, chance), chance)
        _fill(case.query or {}, theirs if chance.random() < FOREIGN else WORLD["members"], chance)
        if isinstance(case.body, dict):
            case.body = dict(case.body)
            members = theirs if chance.random() < FOREIGN else WORLD["members"]
            _fill(case.body, members, chance)
    if not case.meta.is_negative_at(ParameterLocation.HEADER):  # there it lacks its token
        _authenticate(case)


@schemathesis.check
def no_foreign_byte(context: Any, response: Any, case: Any) -> None:
    """Refuse an answer that holds a name of the other organization."""
    told = response.content.decode("utf-8", "replace")
    found = [name for name in WORLD["names"] if name in told]
    assert not found, f"an answer tells of another organization: {found}"


def _ids_in_path(case: Any, chance: random.Random) -> dict[str, list[Any]]:
    """Return the ids for each part; what a request deletes nobody else needs."""
    resource = case.path.removeprefix("/api/v1/").partition("/{id}")[0].rpartition("/")[2]
    if chance.random() < FOREIGN and WORLD["foreign"]["objects"].get(resource):
        ids = WORLD["foreign"]["objects"][resource]
        return {"id": [str(one) for one in ids]}
    kind = "disposable" if case.method in ("DELETE", "PUT", "PATCH") else "objects"
    ids = WORLD[kind].get(resource) or WORLD["objects"].get(resource, [])
    known = {**WORLD["members"], "id": ids}
    return {name: [str(one) for one in values] for name, values in known.items()}  # as in a path


def _fill(values: dict[str, Any], known: dict[str, list[Any]], chance: random.Random) -> None:
    for name in values:
        if known.get(name) and chance.random() < REAL:
            values[name] = chance.choice(known[name])


def _authenticate(case: Any) -> None:
    if isinstance(case.body, dict):
        case.body = {**case.body, "token": WORLD["token"]}
    elif case.method in ("GET", "DELETE") and not case.media_type:
        case.body, case.media_type = {"token": WORLD["token"]}, "application/json"
    else:  # a body that is no object has no room for it
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {WORLD['token']}"}
