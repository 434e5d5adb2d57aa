"""Slows down guessing of passwords: so many attempts a minute, wherever they are made.

What counts is the address together with the user, so that nobody can lock another one out, and the
address alone, so that going through the users does not help. Somebody's own IPv6 addresses are
more than can be counted: the network they are in stands for all of them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address

WINDOW_SECONDS = 60
_MOST_FOR_USER = 10
_MOST_FROM_ADDRESS = 30
_MOST_KEYS = 10_000


class Attempts:
    """The attempts of the last minute. Counted before the answer is known, so none slips by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: OrderedDict[tuple[str, str | None], deque[float]] = OrderedDict()

    def take(self, user: str, address: str) -> bool:
        """Count one attempt; False when there were too many."""
        place = _place(address)
        with self._lock:
            self._forget_old_ones()
            from_address, for_user = self._of((place, None)), self._of((place, user))
            if len(from_address) >= _MOST_FROM_ADDRESS or len(for_user) >= _MOST_FOR_USER:
                return False
            for times in (from_address, for_user):
                times.append(time.monotonic())
            return True

    def forgive(self, user: str, address: str) -> None:
        """Forget the attempts of someone who then knew the password."""
        with self._lock:
            self._times.pop((_place(address), user), None)

    def _of(self, key: tuple[str, str | None]) -> deque[float]:
        """Return the times of the last minute, and note that they were asked for."""
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] < time.monotonic() - WINDOW_SECONDS:
            times.popleft()
        return times

    def _forget_old_ones(self) -> None:
        """Drop what no attempt has touched for the longest time, and no more than that."""
        oldest = time.monotonic() - WINDOW_SECONDS
        while self._times:
            key, times = next(iter(self._times.items()))
            if times and times[-1] >= oldest and len(self._times) <= _MOST_KEYS:
                break
            del self._times[key]


def _place(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or int(known) >> 64)
