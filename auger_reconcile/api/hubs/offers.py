"""List what a hub has for the completion of a shell: names and ids, at once or not at all.

Refuses to do: start a hub, repeat a request, complain.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context

PATIENCE = 2.0  # seconds that somebody waits for after a tab
_MOST = 200
Offer = tuple[str, str]  # what can be typed, and what it is


class Offered(Enum):
    """What an argument stands for."""

    PROJECT = "project"
    DATASET = "project_files"
    EXPERIMENT = "experiments"
    RUN = "experiment_sessions"
    MODEL = "pipelines"
    TRIAL = "trials"


def list_offers(context: Context, *kinds: Offered) -> list[Offer]:
    """Return what there is; less where the hub does not answer in time, or not as it should.

    Args:
        context: a hasty one.
        kinds: of what, in this order.
    """
    # What is slow to load is not the hub's fault.
    import auger_reconcile.api.project
    import auger_reconcile.client.hub_client  # noqa: F401

    found: list[Offer] = []

    def collect() -> None:
        for kind in kinds:
            with suppress(Exception):  # whatever it is, a shell is no place for it
                found.extend(_list_kind(context, kind))

    # A thread that may be left behind: no timeout of a socket bounds a whole answer.
    asking = Thread(target=collect, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return list(found)


def _list_kind(context: Context, kind: Offered) -> Iterator[Offer]:
    match kind:
        case Offered.PROJECT:
            yield from _of_projects(context)
        case Offered.DATASET | Offered.EXPERIMENT:
            for item in _items(context, kind):
                yield str(item["name"]), _describe(item)
        case Offered.RUN:
            for item in _newest_first(_items(context, kind)):
                yield str(item["id"]), _describe(item)
        case Offered.MODEL:
            yield from _of_models(context)
        case Offered.TRIAL:
            yield from _of_trials(context)


def _items(context: Context, kind: Offered) -> list[dict[str, Any]]:
    from auger_reconcile.api.project import Project

    project = Project(context)
    return list(islice(project._items(kind.value), _MOST))


def _of_projects(context: Context) -> Iterator[Offer]:
    from auger_reconcile.api.project import Project

    for item in islice(Project(context).list(), _MOST):
        yield str(item["name"]), _describe(item)


def _of_models(context: Context) -> Iterator[Offer]:
    """Yield the deployed models, and before them the names that auger.yaml gives to some."""
    from auger_reconcile.api.model import model_summary

    desired = context.try_desired()
    for address in desired.resources if desired else ():
        if address.kind == "model":
            yield address.name, "declared"
    for item in _newest_first(_items(context, Offered.MODEL)):
        if not item.get("deleted") and item.get("status") != "undeployed":
            row = model_summary(item)
            yield row["id"], _describe_score(row)


def _of_trials(context: Context) -> Iterator[Offer]:
    """Yield the trials of the newest run, the best first."""
    from auger_reconcile.api.runs.leaderboard import to_row

    for run in _newest_first(_items(context, Offered.RUN))[:1]:
        filters = {"experiment_session_id": run["id"]}
        trials = islice(context.session.client.iter_all(Offered.TRIAL.value, filters), _MOST)
        rows = [row for row in map(to_row, trials) if row["score"] is not None]
        for row in sorted(rows, key=lambda row: -row["score"]):
            yield row["id"], _describe_score(row)


def _newest_first(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: str(item.get("created_at")), reverse=True)


def _describe(item: dict[str, Any]) -> str:
    return " ".join(str(item[name]) for name in ("status", "created_at") if item.get(name))


def _describe_score(row: dict[str, Any]) -> str:
    score = row["score"]
    shown = f"{row['score_name']} {score:.4f}" if isinstance(score, float) else ""
    return f"{row['algorithm']} {shown}".strip()
