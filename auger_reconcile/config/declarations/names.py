"""Names of projects and resources: what the hub can carry."""

from __future__ import annotations

import re

from auger_reconcile.config.syntax.nodes import Node, Scalar
from auger_reconcile.config.syntax.report import Report

LONGEST = 255  # bytes
NAME_PATTERN = rf"^(?!\s*$)(?!\.{{1,2}}$)[^/\\\x00-\x1f\x7f]{{1,{LONGEST}}}$"
"""What `fault_of_name` takes, for editors; they count characters, not bytes."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_name(text: str, place: Node, report: Report) -> None:
    """Report a name that the hub cannot carry, at its place."""
    if hint := fault_of_name(text):
        report.error("bad-name", "a name that the hub cannot carry", place, hint=hint)


def fault_of_name(text: str) -> str | None:
    """Return why the hub cannot carry a name, or None when it can."""
    hint: str | None = None
    if not text.strip():
        hint = "a name has at least one character"
    elif _CONTROL.search(text):
        hint = "a name has no control characters"
    elif "/" in text or "\\" in text or text in (".", ".."):
        hint = "a name is no path: it has no `/`, and is not `..`"
    elif len(text.encode("utf-8", "replace")) > LONGEST:
        hint = f"a name has at most {LONGEST} bytes"
    return hint


def read_name(node: Node, report: Report) -> Scalar | None:
    """Return the value that is a name, a number's text included; None when it is no text."""
    if not isinstance(node, Scalar) or isinstance(node.value, bool):
        report.error("wrong-type", "expected a text", node)
        return None
    check_name(node.text, node, report)
    return node
