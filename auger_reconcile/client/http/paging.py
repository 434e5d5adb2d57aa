"""Read a list page by page until it is complete, whatever length the hub states.

Pure: it is told what came back and says which pages to ask for next (wire contract §1.5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from auger_reconcile.errors import HubError

PAGE_SIZE = 100  # what every client of the API asks for
LARGEST_PAGE = 1_000  # what a client of the cloud asks for of logs (wire contract §2.19)
BYTES_OF_PAGE = 1 << 20
MOST_OBJECTS = 200_000

Fields = dict[str, Any]


class ListMoved(Exception):
    """Objects were deleted while the list was read, so that some may have been passed over."""


class PageRequest(NamedTuple):
    """Which objects of a list to ask for: at most `limit`, from `offset` on."""

    offset: int
    limit: int


class Page(NamedTuple):
    """What came back: the objects, the total that the hub claims, if any, and how large it was."""

    items: list[Fields]
    total: int | None
    size: int = 0


@dataclass
class Listing:
    """What is known of a list while it is read.

    A page may be shorter than asked for, so the next one starts where it ended. `total` only tells
    how many pages to ask for at once: the end is a page that is short and reaches it, or is empty.
    Objects that were added meanwhile push others onto the next page; they are kept once.

    A long list of small objects is read in larger pages after the first. One of them goes ahead
    alone, since a hub may give fewer than it was asked for.

    Attributes:
        request: for errors, such as `GET /api/v1/projects`.
        seen: what has been returned already and is left out.
        end: how far the list has been read without a gap.
    """

    request: str
    seen: set[str] = field(default_factory=set)
    end: int = 0
    _is_done: bool = False
    _limit: int = PAGE_SIZE
    _step: int = PAGE_SIZE
    _goes_ahead: bool = False
    _total: int | None = None
    _first: str = ""

    def next_pages(self, width: int) -> list[PageRequest]:
        """Return the pages to ask for now, at most `width` of them, in order."""
        if self._is_done:
            return []
        starts = range(self.end, self._total or 0, self._step) or [self.end]
        return [PageRequest(at, self._limit) for at in starts[: 1 if self._goes_ahead else width]]

    def add(self, asked: PageRequest, page: Page) -> list[Fields]:
        """Take in a page and return those of its objects that are new.

        A page beyond a gap, which a short page left, is dropped: it will be asked for again.

        Raises:
            ListMoved: the list got shorter meanwhile.
            HubError: the hub repeats its first page, or its list does not end.
        """
        items, total, _ = page
        if self._is_done or asked.offset > self.end:
            return []
        keys = [_identify(item) for item in items]
        if asked.offset == 0:
            self._first = keys[0] if keys else ""
        elif keys and keys[0] == self._first:
            return self._end_of_repeated()
        if total is not None and self._total is not None and total < self._total:
            raise ListMoved
        self._total = self._total if total is None else total
        self._resize(asked, page)
        self.end = max(self.end, asked.offset + len(items))
        if self.end > MOST_OBJECTS:
            raise HubError(f"the list has more than {MOST_OBJECTS:,} objects", request=self.request)
        fresh = {key: item for key, item in zip(keys, items, strict=True) if key not in self.seen}
        self.seen.update(fresh)
        is_past = self._total is not None and self.end >= self._total
        self._is_done = not items or (is_past and (len(items) < asked.limit or not fresh))
        return list(fresh.values())

    def refuse(self, asked: PageRequest) -> bool:
        """Say whether to go on with smaller pages after the hub refused one, as a larger one."""
        self._limit = self._step = PAGE_SIZE
        self._goes_ahead = False
        return asked.limit > PAGE_SIZE

    def _resize(self, asked: PageRequest, page: Page) -> None:
        """Choose the size of the next pages by the one that came."""
        self._goes_ahead = False
        if len(page.items) < asked.limit:
            self._step = min(self._step, len(page.items)) or 1
        elif asked.offset == 0:
            fitting = BYTES_OF_PAGE * len(page.items) // (page.size or 1)
            self._limit = self._step = min(max(fitting, PAGE_SIZE), LARGEST_PAGE)
            self._goes_ahead = self._limit > PAGE_SIZE

    def _end_of_repeated(self) -> list[Fields]:
        """End a list whose first page came again: it is whole unless the hub says otherwise."""
        if self._total is not None and self._total > self.end:
            raise HubError("the hub answers every page with the first one", request=self.request)
        self._is_done = True
        return []


def read_page_of(data: Any, meta: dict[str, Any], *, request: str, size: int = 0) -> Page:
    """Return the objects of an answer of `size` bytes and the total it claims, if any.

    Raises:
        HubError: the answer is no list of objects.
    """
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise HubError("the hub answered something else than a list of objects", request=request)
    pagination = meta.get("pagination")
    total = pagination.get("total") if isinstance(pagination, dict) else None
    return Page(data, total if isinstance(total, int) else None, size)


def _identify(item: Fields) -> str:
    """Return what makes an object the same on two pages: its id, or all of it when it has none."""
    found = item.get("id", item)
    return repr(found) if type(found) in (int, str) else json.dumps(found, sort_keys=True)
