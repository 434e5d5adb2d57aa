"""Where the values of a YAML text stand, so that another can take their place.

A node says where it begins, its anchor and tag included, and an alias where its target stands. Here
is what an edit has to know besides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from auger_reconcile.config.edit.change_tree import CannotEdit
from auger_reconcile.config.edit.render import render_value
from auger_reconcile.config.syntax.nodes import Entry, Node, Scalar

Stretch = tuple[int, int]  # where something begins, and where it ends


class Edit(NamedTuple):
    """One stretch of a text, and what stands there afterwards."""

    start: int
    end: int
    text: str


def edit_flow(
    text: str, inner: Stretch, items: Sequence[Stretch], gone: Collection[int], new: Sequence[str]
) -> Iterator[Edit]:
    """Yield the edits that take items out of a collection and add others at its end.

    Args:
        text: of the file.
        inner: what is between the brackets.
        items: where each item stands, in their order.
        gone: numbers of the items to take out.
        new: texts of the items to add.
    """
    if not gone and not new:
        return
    stay = [number for number in range(len(items)) if number not in gone]
    if not stay:
        yield Edit(*inner, ", ".join(new))
        return
    last = stay[-1]
    for number in sorted(gone):
        if number < last:
            yield _take_out(text, items[number], items[number + 1])
    after = items[last][1]
    added = "".join(f", {one}" for one in new)
    if last == len(items) - 1:
        yield Edit(after, after, added)
    elif "#" in text[after : items[-1][0]]:  # a comment that belongs to what stays
        begin, end = items[last + 1][0], items[-1][1]
        rest = text[end : inner[1]]
        end += rest.index(",") + 1 if rest.lstrip().startswith(",") else 0
        yield Edit(after, after, added)
        yield Edit(begin, end, "")
    else:
        yield Edit(after, items[-1][1], added)


def _take_out(text: str, item: Stretch, following: Stretch) -> Edit:
    """Return the edit that removes an item with the comma behind it; comments stay."""
    between = text[item[1] : following[0]]
    if "#" in between:
        return Edit(item[0], item[1] + between.index(",") + 1, "")
    return Edit(item[0], following[0], "")


_ALIAS = re.compile(r"[ \t]*:[ \t]*(\*[^\s,\]}]+)")
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+|$))*")  # anchor and tag before a value


class ValueSpans:
    """The places of the values of one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def over_alias(self, key: Scalar, value: Any) -> Edit:
        """Return the edit that puts plain data where a key has an alias.

        Raises:
            CannotEdit: no alias is found behind the key.
        """
        found = _ALIAS.match(self._text, key.end)
        if found is None:
            raise CannotEdit(key.start, "the value is an alias")
        return Edit(found.start(1), found.end(1), render_value(value))

    def span(self, entry: Entry) -> tuple[int, int]:
        """Return where a value begins and ends, without the blank lines behind a text in lines.

        Raises:
            CannotEdit: the value has an anchor or a tag.
        """
        start = entry.value.start
        if self._text[start : start + 1] in ("&", "!"):
            raise CannotEdit(start, "the value has an anchor or a tag")
        return self.inner(entry)

    def inner(self, entry: Entry) -> tuple[int, int]:
        """Return where a value begins behind its anchor and tag, and ends, as `span` does."""
        start, end = self.content_start(entry.value), entry.value.end
        if self._text[start : start + 1] in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())
        return start, end

    def behind(self, entry: Entry, text: str) -> str:
        """Return the text of a value with the blank that an empty one has not before it."""
        start = self.content_start(entry.value)
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
        found = _PROPERTIES.match(self._text, node.start, max(node.end, node.start))
        return found.end() if found else node.start
