"""Edits within `{...}` and `[...]`: what stays keeps its bytes, what goes takes one comma."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

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
