"""Read the history of a hub: which plans were applied, and what came of each action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from auger_reconcile.client.http.paging import PAGE_SIZE
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import AugerError, HubError, NotFound
from auger_reconcile.history.record import APPLIES, UNKNOWN_ROUTE
from auger_reconcile.notebook import to_frame, to_sentences, to_table

if TYPE_CHECKING:
    import pandas as pd

_ALL = 1_000_000  # a hub keeps fewer applies


@dataclass(frozen=True)
class AppliedAction:
    """One action of a plan that was applied.

    Attributes:
        status: `applied`, `failed`, `skipped`, or `waiting` when nothing came of it yet.
        about: what it does and why, as the plan said.
        note: what went wrong, or should be known.
        object_id: of what it left behind or deleted, None where nothing is known.
        run_id: of the run that it started.
    """

    id: str
    address: str
    project: str
    kind: str
    name: str
    action: str
    about: str
    status: str
    seconds: float | None
    note: str | None
    object_id: str | None
    run_id: str | None


@dataclass(frozen=True, repr=False)
class ApplyRecord:
    """One plan that was applied.

    Attributes:
        status: `running`, `applied`, `failed`, `refused` or `interrupted`.
        user: who applied it, as the hub knows by the token.
        origin: `command`, `program` or `controller`.
        commit: of the checkout that the files were in.
        is_dirty: files of the folder differed from the commit.
        summary: verb to number of actions.
        outcomes: status to number of actions.
        seconds: from the first action to the last, or until now.
        actions: empty in a list.
        content: everything, as the hub tells it.
    """

    id: int
    status: str
    user: str
    origin: str | None
    commit: str | None
    branch: str | None
    is_dirty: bool | None
    plan_digest: str | None
    config_digest: str | None
    auger_version: str | None
    projects: tuple[str, ...]
    summary: Mapping[str, int]
    outcomes: Mapping[str, int]
    actions_count: int
    message: str | None
    seconds: float
    created_at: str
    ended_at: str | None
    actions: tuple[AppliedAction, ...]
    content: Mapping[str, Any]

    def __str__(self) -> str:
        """Return it on one line."""
        done = ", ".join(f"{count} {status}" for status, count in self.outcomes.items())
        told = f"{self.status} at {self.created_at} by {self.user}: {done}"
        return f"apply {self.id}, {told} of {self.actions_count} actions"

    def __repr__(self) -> str:
        return f"<ApplyRecord {self.id}: {self.status}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        heads = ("Resource", "Action", "Outcome", "Seconds", "Told")
        told = [str(self), *([self.message] if self.message else [])]
        return to_sentences(told) + to_table(heads, map(_row, self.actions))

    def to_frame(self) -> pd.DataFrame:
        """Return its actions as a table of pandas."""
        heads = ("address", "action", "outcome", "seconds", "told")
        return to_frame(map(_row, self.actions), heads)


_RECORD = (
    *("user", "origin", "commit", "branch", "is_dirty", "plan_digest", "config_digest"),
    *("auger_version", "message", "created_at", "ended_at"),
)


def _row(one: AppliedAction) -> tuple[Any, ...]:
    told = "; ".join(text for text in (one.about, one.note) if text)
    return one.address, one.action, one.status, one.seconds, told


def read_applies(
    client: HubClient, *, limit: int | None = None, **filters: str | None
) -> Iterator[ApplyRecord]:
    """Yield the newest applies, newest first, each without its actions.

    Args:
        client: connected to the hub.
        limit: at most so many; None for all that the hub keeps.
        filters: `project`, `kind`, `action`, `object_id` and `run_id` of one action; an older hub
            passes over `kind` and `action`.

    Raises:
        AugerError: the limit is less than 1.
        HubError: this hub keeps no history, or cannot be read.
    """
    if limit is not None and limit < 1:
        raise AugerError(f"`limit` is {limit}; at least 1 apply can be read, or None for all")
    given = {name: value for name, value in filters.items() if value is not None}
    try:
        if limit is not None and limit <= PAGE_SIZE:
            found = client.call("GET", APPLIES, {**given, "limit": limit})
        else:
            found = islice(
                client.iter_all(APPLIES, given), None if limit is None else min(limit, _ALL)
            )
        yield from map(to_record, found)
    except HubError as error:
        raise _explained(error) from error


def read_apply(client: HubClient, number: int) -> ApplyRecord:
    """Return one apply with its actions.

    Raises:
        NotFound: the hub has no such apply, or not any more.
    """
    try:
        return to_record(client.call("GET", f"{APPLIES}/{number}"))
    except NotFound as error:
        if error.details and any("Apply" in told for told in error.details):
            raise NotFound(
                f"the history has no apply {number}",
                status=404,
                hint="`auger history --all` lists what the hub keeps, the newest 1,000",
            ) from error
        raise _explained(error) from error
    except HubError as error:
        raise _explained(error) from error


def _explained(error: HubError) -> HubError:
    if error.status not in UNKNOWN_ROUTE:
        return error
    return HubError("this hub keeps no history of applies", status=error.status)


def to_record(item: Mapping[str, Any]) -> ApplyRecord:
    """Return an apply as the hub tells it.

    Raises:
        HubError: it is told in another form.
    """
    try:
        return ApplyRecord(
            id=int(item["id"]),
            status=str(item["status"]),
            projects=tuple(map(str, item.get("projects") or ())),
            summary=dict(item.get("summary") or {}),
            outcomes=dict(item.get("outcomes") or {}),
            actions_count=int(item.get("actions_count") or 0),
            seconds=float(item.get("seconds") or 0),
            actions=tuple(_to_action(action) for action in item.get("actions") or ()),
            content=item,
            **{name: item.get(name) for name in _RECORD},  # type: ignore[arg-type]  # as told
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise HubError("the hub described an apply in another form than the API's") from error


def _to_action(item: Mapping[str, Any]) -> AppliedAction:
    return AppliedAction(**{name: item.get(name) for name in AppliedAction.__annotations__})  # type: ignore[arg-type]  # as told
