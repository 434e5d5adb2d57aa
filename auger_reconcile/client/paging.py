"""Reads a list page by page until it is complete, whatever the hub says of its length.

Pure: it is told what came back and says which pages to ask for next (wire contract §1.5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from auger_reconcile.errors import HubError

PAGE_SIZE = 100
MOST_OBJECTS = 200_000

Fields = dict[str, Any]


class ListMoved(Exception):
    """Objects were deleted while the list was read, so that some may have been passed over."""


@dataclass
class Listing:
    """What is known of a list while it is read.

    A page may be shorter than asked for, so the next one starts where it ended. `total` only tells
    how many pages to ask for at once: the end is a page that is short and reaches it, or is empty.
    Objects that were added meanwhile push others onto the next page; they are kept once.

    Attributes:
        request: for errors, such as `GET /api/v1/projects`.
        seen: what has been returned already and is left out.
        end: how far the list has been read without a gap.
    """

    request: str
    seen: set[str] = field(default_factory=set)
    end: int = 0
    _is_done: bool = False
    _step: int = PAGE_SIZE
    _total: int | None = None
    _first: str = ""

    def next_offsets(self, width: int) -> list[int]:
        """Return the offsets to ask for now, at most `width` of them, in order."""
        if self._is_done:
            return []
        return list(range(self.end, self._total or 0, self._step)[:width]) or [self.end]

    def add(self, offset: int, items: list[Fields], total: int | None) -> list[Fields]:
        """Take in a page and return those of its objects that are new.

        A page beyond a gap, which a short page left, is dropped: it will be asked for again.

        Raises:
            ListMoved: the list got shorter meanwhile.
            HubError: the hub repeats its first page, or its list does not end.
        """
        if self._is_done or offset > self.end:
            return []
        keys = [_identify(item) for item in items]
        if offset == 0:
            self._first = keys[0] if keys else ""
        elif keys and keys[0] == self._first:
            return self._end_of_repeated()
        if total is not None and self._total is not None and total < self._total:
            raise ListMoved
        self._total = self._total if total is None else total
        self._step = min(self._step, len(items)) or 1
        self.end = max(self.end, offset + len(items))
        if self.end > MOST_OBJECTS:
            raise HubError(f"the list has more than {MOST_OBJECTS:,} objects", request=self.request)
        fresh = {key: item for key, item in zip(keys, items, strict=True) if key not in self.seen}
        self.seen.update(fresh)
        is_past = self._total is not None and self.end >= self._total
        self._is_done = not items or (is_past and (len(items) < PAGE_SIZE or not fresh))
        return list(fresh.values())

    def _end_of_repeated(self) -> list[Fields]:
        """End a list whose first page came again: it is whole unless the hub says otherwise."""
        if self._total is not None and self._total > self.end:
            raise HubError("the hub answers every page with the first one", request=self.request)
        self._is_done = True
        return []


def read_page_of(
    data: Any, meta: dict[str, Any], *, request: str
) -> tuple[list[Fields], int | None]:
    """Return the objects of an answer and the total it claims, or None when it claims none.

    Raises:
        HubError: the answer is no list of objects.
    """
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise HubError("the hub answered something else than a list of objects", request=request)
    pagination = meta.get("pagination")
    total = pagination.get("total") if isinstance(pagination, dict) else None
    return data, total if isinstance(total, int) else None


def _identify(item: Fields) -> str:
    """Return what makes an object the same on two pages: its id, or all of it when it has none."""
    found = item.get("id", item)
    return repr(found) if type(found) in (int, str) else json.dumps(found, sort_keys=True)
