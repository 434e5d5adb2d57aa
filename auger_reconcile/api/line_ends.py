"""Find out whether new data differs from known data in its line ends or byte order mark alone.

Version control changes both on some machines, and a whole team would learn again without knowing
why. Content stays the identity of data; here is only the reason made plainer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auger_reconcile.planner.plan import Action, Plan
    from auger_reconcile.state import ObservedState

BLOCK = 1 << 20  # bytes
MARK = b"\xef\xbb\xbf"  # UTF-8's byte order mark
ADVICE = "a line `*.csv -text` in .gitattributes keeps git from changing them"


def explain_line_ends(plan: Plan, observed: ObservedState) -> Plan:
    """Return the plan with the reason of each new data set that holds the same text as another."""
    actions = tuple(_explained(action, observed) for action in plan.actions)
    return plan if actions == plan.actions else replace(plan, actions=actions)


def _explained(action: Action, observed: ObservedState) -> Action:
    from auger_reconcile.resources._base import Verb

    path, own = getattr(action.spec, "path", None), getattr(action.spec, "sha256", None)
    if action.verb is not Verb.CREATE or not path or not own:
        return action
    at = action.address
    known = {getattr(found, "content", None) for found in observed.of(at.project, at.kind)}
    known -= {None, own}
    if not known or known.isdisjoint(_hashes_with_other_ends(Path(path))):
        return action
    told = f"{action.reason}, in line ends or byte order mark alone; {ADVICE}"
    return replace(action, reason=told)


def _hashes_with_other_ends(path: Path) -> set[str]:
    """Return the SHA-256 of a text with either line end and with or without a mark."""
    digests = {
        (end, mark): hashlib.sha256(mark) for end in (b"\n", b"\r\n") for mark in (b"", MARK)
    }
    try:
        for block in _lines_ending_in_one_byte(path):
            for (end, _), digest in digests.items():
                digest.update(block if end == b"\n" else block.replace(b"\n", end))
    except (OSError, ValueError):  # it is gone, or no text: then it differs in more
        return set()
    return {digest.hexdigest() for digest in digests.values()}


def _lines_ending_in_one_byte(path: Path) -> Iterator[bytes]:
    """Yield a text block by block, a line feed at the end of each line, without its mark.

    Raises:
        ValueError: it is no text.
    """
    with path.open("rb") as file:
        carried = b""
        is_first = True
        while block := file.read(BLOCK):
            if b"\0" in block:
                raise ValueError("no text")
            block = carried + (block.removeprefix(MARK) if is_first else block)
            is_first = False
            carried = (
                b"\r" if block.endswith(b"\r") else b""
            )  # its line feed may be in the next block
            yield block.removesuffix(carried).replace(b"\r\n", b"\n")
        yield carried
