"""Keep what a controller knows of each target: a file for people, that may be lost at any time."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

_FILE, _APPROVALS = "status.json", "approvals"


class Condition(str, Enum):
    """How a target stands."""

    IN_SYNC = "in sync"
    OUT_OF_SYNC = "out of sync"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TargetStatus:
    """How a target stands, since when and why.

    Attributes:
        since: when this condition began.
        why: sentences; empty when it is in sync.
        commit: that was looked at.
        applied_commit: the newest that the hub was made like.
        plan: digest of the plan that waits.
        actions: of that plan, verb to count.
        projects: name to condition.
        apply: number of the newest apply in the history.
        looked_at: when.
    """

    name: str
    condition: Condition
    since: str
    why: tuple[str, ...] = ()
    commit: str | None = None
    applied_commit: str | None = None
    plan: str | None = None
    actions: Mapping[str, int] | None = None
    projects: Mapping[str, str] | None = None
    apply: int | None = None
    looked_at: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**asdict(self), "condition": self.condition.value, "why": list(self.why)}

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> TargetStatus:
        """Read the JSON form.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        known = {name: item[name] for name in cls.__dataclass_fields__ if name in item}
        known |= {"condition": Condition(item["condition"]), "why": tuple(item.get("why") or ())}
        return cls(**known)


def stamp(now: datetime) -> str:
    """Return a moment as it is stored."""
    return now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Book:
    """The statuses of a controller, in a file that is replaced whole."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._known = read_statuses(home)

    @property
    def statuses(self) -> Mapping[str, TargetStatus]:
        """The present ones, by name."""
        with self._lock:
            return dict(self._known)

    def of(self, name: str) -> TargetStatus | None:
        """Return what is known of a target."""
        return self.statuses.get(name)

    def keep(self, status: TargetStatus, now: datetime) -> TargetStatus:
        """Store how a target stands; what has not changed keeps its beginning."""
        with self._lock:
            before = self._known.get(status.name)
            if before is not None and before.condition is status.condition:
                status = replace(status, since=before.since)
            status = replace(status, looked_at=stamp(now))
            self._known[status.name] = status
            self._write()
        return status

    def forget_others(self, names: set[str]) -> None:
        """Drop targets that are declared no more."""
        with self._lock:
            self._known = {name: one for name, one in self._known.items() if name in names}
            self._write()

    def _write(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        draft = self.home / f".{_FILE}.{secrets.token_hex(4)}"
        told = {"targets": [one.to_json() for one in self._known.values()]}
        try:
            draft.write_text(json.dumps(told, indent=1), encoding="utf-8")
            draft.replace(self.home / _FILE)
        finally:
            draft.unlink(missing_ok=True)


def read_statuses(home: Path) -> dict[str, TargetStatus]:
    """Return what a controller last wrote; nothing for a file that is lost or damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        told = json.loads((home / _FILE).read_text(encoding="utf-8"))
        found = [TargetStatus.from_json(item) for item in told["targets"]]
        return {one.name: one for one in found}
    return {}


def approve(home: Path, name: str, plan: str) -> None:
    """Write down that a person approved a plan, and no other."""
    folder = home / _APPROVALS
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{secrets.token_hex(4)}"
    draft.write_text(plan, encoding="utf-8")
    draft.replace(folder / name)


def is_approved(home: Path, name: str, plan: str) -> bool:
    """Say whether a person approved this very plan."""
    with suppress(OSError):
        return (home / _APPROVALS / name).read_text(encoding="utf-8").strip() == plan
    return False


def withdraw(home: Path, name: str) -> None:
    """Forget an approval: its plan has been carried out, or is another one by now."""
    (home / _APPROVALS / name).unlink(missing_ok=True)
