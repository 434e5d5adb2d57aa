"""Count what organizations ask in a minute, each against a limit of its own.

Where several hub processes answer, each tells the others every second what it has counted.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping

_WINDOW_SECONDS = 60.0


class Rates:
    """The questions of the last minute, as many as any limit needs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[int, deque[float]] = {}
        self._elsewhere: Counter[int] = Counter()

    def take(self, organization_id: int, most: int) -> bool:
        """Count one question of an organization; False when it had `most` in the last minute."""
        present = time.monotonic()
        with self._lock:
            times = self._times.setdefault(organization_id, deque())
            _forget_old(times, present)
            if len(times) + self._elsewhere[organization_id] >= most:
                return False
            times.append(present)
            return True

    def counts(self) -> dict[str, int]:
        """Return how many each limited organization has asked here, for the other processes."""
        present = time.monotonic()
        with self._lock:
            for times in self._times.values():
                _forget_old(times, present)
            return {str(key): len(times) for key, times in self._times.items() if times}

    def note_others(self, counts: Iterable[Mapping[str, int]]) -> None:
        """Count from now on what the other processes have counted."""
        elsewhere: Counter[int] = Counter()
        for one in counts:
            elsewhere.update({int(key): count for key, count in one.items()})
        self._elsewhere = elsewhere

    def give_back(self, organization_id: int) -> None:
        """Count one question less: it was not answered, and is counted when it is asked again."""
        with self._lock:
            times = self._times.get(organization_id)
            if times:
                times.pop()


def _forget_old(times: deque[float], present: float) -> None:
    while times and times[0] < present - _WINDOW_SECONDS:
        times.popleft()


class CountedBefore(Rates):
    """For a process that answers what was counted by the one that handed it over."""

    def take(self, organization_id: int, most: int) -> bool:  # noqa: ARG002 - see above
        """Allow it."""
        return True
