"""Project files: what the hub tells of one, how one is made of data, and the wait for its table.

Wire contract §2.8.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from auger_reconcile.errors import ActionFailed, Conflict
from auger_reconcile.resources._base import BULKY
from auger_reconcile.resources._steps import Await, ReadAll, Send, Steps
from auger_reconcile.resources.search.account import Notice, notices_from_wire
from auger_reconcile.web_url import without_login

PROCESSING = "processing"
PROCESSED = "processed"
USABLE = (PROCESSING, PROCESSED)
_CONTENT = re.compile(r"/sha256-([0-9a-f]{64})-")
_DESCRIBED = re.compile(r"sha256-([0-9a-f]{64})")


@dataclass(frozen=True)
class DatasetObject:
    """A project file on the hub.

    Attributes:
        content: SHA-256 of what it was made from, or None when another client made it.
        columns: names and datatypes from the statistics, in file order; empty until processed.
        etag: what the server of its URL calls the content that the hub has read.
        declared: what was declared of its columns when it was made; None where the hub keeps none.
        is_learned_from: an experiment on it has had a run.
    """

    id: int
    name: str
    status: str
    url: str
    content: str | None
    columns: tuple[tuple[str, str], ...] = field(metadata={BULKY: True})
    statistics: Mapping[str, Any] | None = field(metadata={BULKY: True})
    declared: Mapping[str, Any] | None = field(default=None, metadata={BULKY: True})
    etag: str | None = field(default=None, metadata={BULKY: True})
    is_learned_from: bool = field(default=False, compare=False, metadata={BULKY: True})

    @cached_property
    def column_names(self) -> frozenset[str]:
        """The names alone; every experiment on the data asks for them."""
        return frozenset(name for name, _ in self.columns)

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What the hub left out, guessed or changed when it read the data."""
        return notices_from_wire(self.statistics)

    @property
    def fetched(self) -> str | None:
        """SHA-256 of what the hub has read from a URL; None where it does not tell."""
        return ((self.statistics or {}).get("source") or {}).get("sha256")


def with_notices(found: DatasetObject, told: Iterable[Notice]) -> DatasetObject:
    """Return a data set with more to tell."""
    statistics = found.statistics or {}
    notices = [*(statistics.get("notices") or ()), *(one.to_json() for one in told)]
    return replace(found, statistics={**statistics, "notices": notices})


def register(body: Mapping[str, Any]) -> Steps:
    """Yield the request that makes a data set; return its members, and whether it is new.

    One that is made of this URL already is it.
    """
    try:
        return (yield Send("POST", "project_files", body)), True
    except Conflict:
        items = yield ReadAll("project_files", {"project_id": body["project_id"]})
        made_of = without_login(str(body["url"]))
        same = [item for item in items if without_login(str(item.get("url"))) == made_of]
        if not same:
            raise
        return same[0], False


def wait_processed(found: DatasetObject) -> Steps:
    """Yield the wait for a data set's statistics; return it processed.

    Raises:
        ActionFailed: the hub could not read the data.
    """
    if found.status != PROCESSING and found.statistics:
        return found
    item = yield Await("project_files", found.id, frozenset({PROCESSING}))
    processed = from_wire(item)
    if processed.status != PROCESSED:
        told = item.get("error_message") or "no reason given"
        raise ActionFailed(f"the hub could not read the data: {told}")
    return processed


def find_learned_from(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> frozenset[Any]:
    """Return the ids of the data sets of experiments that have had a run."""
    searched = {str(run.get("experiment_id")) for run in answers.get("experiment_sessions", ())}
    return frozenset(
        item.get("project_file_id")
        for item in answers.get("experiments", ())
        if str(item["id"]) in searched
    )


def from_wire(item: Mapping[str, Any], learned_from: Collection[Any] = ()) -> DatasetObject:
    """Translate one project file of the hub (wire contract §2.8)."""
    url = str(item.get("url") or "")
    content = _CONTENT.search(url) or _DESCRIBED.fullmatch(str(item.get("description")))
    statistics = item.get("statistics")
    fetched = (statistics or {}).get("source") or {}
    described = (statistics or {}).get("stat_data") or ()
    columns = tuple((str(c.get("column_name")), str(c.get("datatype"))) for c in described)
    return DatasetObject(
        id=item["id"],
        name=str(item["name"]),
        status=str(item.get("status")),
        url=url,
        content=fetched.get("sha256") or (content[1] if content else None),
        etag=fetched.get("etag"),
        columns=columns,
        statistics=statistics,
        declared=(item["schema"] or {}) if "schema" in item else None,
        is_learned_from=item["id"] in learned_from,
    )
