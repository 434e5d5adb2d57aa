"""Where the values of a YAML text stand, so that another can take their place.

A node says where it begins, its anchor and tag included, and an alias where its target stands. Here
is what an edit has to know besides.
"""

from __future__ import annotations

import re
from typing import Any

from auger_reconcile.config.changes import CannotAmend
from auger_reconcile.config.flow import Edit
from auger_reconcile.config.nodes import Entry, Node, Scalar
from auger_reconcile.config.render import render_value

_ALIAS = re.compile(r"[ \t]*:[ \t]*(\*[^\s,\]}]+)")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")


class ValueSpans:
    """The places of the values of one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def over_alias(self, key: Scalar, value: Any) -> Edit:
        """Return the edit that puts plain data where a key has an alias.

        Raises:
            CannotAmend: no alias is found behind the key.
        """
        found = _ALIAS.match(self._text, key.end)
        if found is None:
            raise CannotAmend(key.start, "the value is an alias")
        return Edit(found.start(1), found.end(1), render_value(value))

    def span(self, entry: Entry) -> tuple[int, int]:
        """Return where a value begins and ends, without the blank lines behind a text in lines.

        Raises:
            CannotAmend: the value has an anchor or a tag.
        """
        start, end = entry.value.start, entry.value.end
        if self._text[start : start + 1] in ("&", "!"):
            raise CannotAmend(start, "the value has an anchor or a tag")
        if self._text[start : start + 1] in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())
        return start, end

    def behind(self, entry: Entry, text: str) -> str:
        """Return the text of a value with the blank that an empty one has not before it."""
        start = entry.value.start
        return text if self._text[start - 1 : start] in (" ", "\t", "\n", "\r") else f" {text}"

    def end_in_flow(self, entry: Entry) -> int:
        """Return where an entry of a map in `{}` ends, be its value an alias."""
        if entry.value.start >= entry.key.end:
            return entry.value.end
        found = _ALIAS.match(self._text, entry.key.end)
        return found.end(1) if found else entry.key.end

    def is_flow(self, node: Node) -> bool:
        """Say whether a node is written in brackets."""
        return self._text[self.content_start(node)] in "{["

    def content_start(self, node: Node) -> int:
        """Return where a node begins behind its anchor and its tag."""
        found = _PROPERTIES.match(self._text, node.start)
        return found.end() if found else node.start
