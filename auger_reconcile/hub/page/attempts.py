"""Slows down guessing of passwords: so many attempts a minute, for a user and for an address."""

from __future__ import annotations

import threading
import time
from collections import deque

WINDOW_SECONDS = 60
_MOST_FOR_USER = 10
_MOST_FROM_ADDRESS = 30
_MOST_KEYS = 10_000


class Attempts:
    """The attempts of the last minute. Counted before the answer is known, so none slips by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[tuple[str, str], deque[float]] = {}

    def take(self, user: str, address: str) -> bool:
        """Count one attempt; False when there were too many."""
        with self._lock:
            self._forget_old_ones()
            from_address = self._times.setdefault(("address", address), deque())
            for_user = self._times.setdefault(("user", user), deque())
            if len(from_address) >= _MOST_FROM_ADDRESS or len(for_user) >= _MOST_FOR_USER:
                return False
            for times in (from_address, for_user):
                times.append(time.monotonic())
            return True

    def forgive(self, user: str) -> None:
        """Forget the attempts of someone who then knew the password."""
        with self._lock:
            self._times.pop(("user", user), None)

    def _forget_old_ones(self) -> None:
        oldest = time.monotonic() - WINDOW_SECONDS
        for key, times in list(self._times.items()):
            while times and times[0] < oldest:
                times.popleft()
            if not times or len(self._times) > _MOST_KEYS:
                del self._times[key]
