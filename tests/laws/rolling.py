"""What a world keeps of models that stand beside live ones, as a hub does (wire contract §7)."""

from collections.abc import Mapping
from typing import Any

PRESENT = "2020-01-01T00:02:00+00:00"  # later than anything was made
PAST = "2020-01-01T00:00:00+00:00"
UNDER_WAY = ("shadow", "canary")
GONE = ("undeploying", "undeployed")

Row = dict[str, Any]
Rows = Mapping[str, Row]


def roll(pipelines: Rows, row: Row, told: Row | None) -> None:
    """Let a model stand beside another, take its place, or be remembered as aborted."""
    if told is None:
        return
    if told["stage"] in UNDER_WAY:
        _begin(pipelines[str(told["of"])], row, told)
        return
    for live in pipelines.values():
        if is_beside(row, live):
            is_live = told["stage"] == "live"
            live["rollout"] = None if is_live else {**live["rollout"], **told}


def forget(pipelines: Rows, row: Row) -> None:
    """Let a model that is deployed again stand beside nothing."""
    for live in pipelines.values():
        if is_beside(row, live):
            live["rollout"] = None


def _begin(live: Row, row: Row, told: Row) -> None:
    is_same = is_beside(row, live) and live["rollout"]["stage"] == told["stage"]
    known = live["rollout"] if is_same else {"began_at": PRESENT}
    scores = {"score": None, "live_score": None, "rows": 0, "why": None}
    stage = {"challenger": row["id"], "stage": told["stage"], "share": told["share"]}
    live["rollout"] = {**scores, **known, **stage}


def is_beside(row: Row, live: Row) -> bool:
    """Say whether a model stands beside another and may still take its place."""
    found = live.get("rollout")
    return bool(found) and found["challenger"] == row["id"] and found["stage"] in UNDER_WAY


def shown(pipelines: Rows, row: Row) -> Row:
    """Return a model as a hub shows it: nothing stands beside it that does not answer."""
    found = row.get("rollout")
    if not found or found["stage"] not in UNDER_WAY:
        return row
    beside = pipelines.get(str(found["challenger"]))
    return row if beside and beside["status"] != "undeployed" else {**row, "rollout": None}


def ripen(pipelines: Rows, score: float) -> None:
    """Let all that stands beside a live model be older than any rollout lasts, and be scored."""
    for row in pipelines.values():
        found = row.get("rollout")
        if found and found["stage"] in UNDER_WAY:
            row["rollout"] = {**found, "began_at": PAST, "score": score, "rows": 412}
