"""Count what organizations ask in a minute, each against a limit of its own."""

from __future__ import annotations

import threading
import time
from collections import deque

_WINDOW_SECONDS = 60.0


class Rates:
    """The questions of the last minute, as many as any limit needs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[int, deque[float]] = {}

    def take(self, organization_id: int, most: int) -> bool:
        """Count one question of an organization; False when it had `most` in the last minute."""
        present = time.monotonic()
        with self._lock:
            times = self._times.setdefault(organization_id, deque())
            while times and times[0] < present - _WINDOW_SECONDS:
                times.popleft()
            if len(times) >= most:
                return False
            times.append(present)
            return True

    def give_back(self, organization_id: int) -> None:
        """Count one question less: it was not answered, and is counted when it is asked again."""
        with self._lock:
            times = self._times.get(organization_id)
            if times:
                times.pop()


class CountedBefore(Rates):
    """For a process that answers what was counted by the one that handed it over."""

    def take(self, organization_id: int, most: int) -> bool:  # noqa: ARG002 - see above
        """Allow it."""
        return True
