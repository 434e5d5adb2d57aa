"""Limit attempts to log in: so many a minute for each user and each address.

What counts is the address together with the user, so that nobody can lock another one out, and the
address alone, so that going through the users does not help. Somebody's own IPv6 addresses are
more than can be counted: the network they are in stands for all of them.

Each process counts by itself first, which costs nothing; what it lets through is counted in the
database, where the attempts at all processes of the hub are.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, select

from auger_hub.database.engine import Database
from auger_hub.database.member_tables import LoginAttempt

WINDOW_SECONDS = 60
_MOST_FOR_USER = 10
_MOST_FROM_ADDRESS = 30
_MOST_KEYS = 10_000
_Key = tuple[str, bytes | None]


class Attempts:
    """The attempts of the last minute. Counted before the answer is known, so none slips by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: OrderedDict[_Key, deque[float]] = OrderedDict()

    def take(self, user: str, address: str) -> bool:
        """Count one attempt; False when there were too many, and nothing is kept of it then."""
        for_address, for_user = _keys(user, address)
        with self._lock:
            self._forget_old_ones()
            if (
                self._count(for_address) >= _MOST_FROM_ADDRESS
                or self._count(for_user) >= _MOST_FOR_USER
            ):
                return False
            for key in (for_address, for_user):
                self._times.setdefault(key, deque()).append(time.monotonic())
                self._times.move_to_end(key)
            return True

    def forgive(self, user: str, address: str) -> None:
        """Forget the attempts of someone who then knew the password."""
        with self._lock:
            self._times.pop(_keys(user, address)[1], None)

    def _count(self, key: _Key) -> int:
        """Return how many there were in the last minute, and note that they were asked for."""
        times = self._times.get(key)
        if times is None:
            return 0
        self._times.move_to_end(key)
        while times and times[0] < time.monotonic() - WINDOW_SECONDS:
            times.popleft()
        return len(times)

    def _forget_old_ones(self) -> None:
        """Drop what no attempt has touched for the longest time, and no more than that."""
        oldest = time.monotonic() - WINDOW_SECONDS
        while self._times:
            key, times = next(iter(self._times.items()))
            if times and times[-1] >= oldest and len(self._times) <= _MOST_KEYS:
                break
            del self._times[key]


class SharedAttempts(Attempts):
    """The attempts at all processes of one database."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def take(self, user: str, address: str) -> bool:
        """Count one attempt; False when there were too many, here or in all."""
        if not super().take(user, address):
            return False
        (place, _), (_, name) = _keys(user, address)
        digest = (name or b"").hex()
        attempt, present = LoginAttempt, time.time()
        with self._database.write() as session:
            session.execute(delete(attempt).where(attempt.at < present - WINDOW_SECONDS))
            query = select(attempt.user).where(attempt.place == place).limit(_MOST_FROM_ADDRESS)
            names = list(session.scalars(query))
            is_full = len(names) >= _MOST_FROM_ADDRESS or names.count(digest) >= _MOST_FOR_USER
            if not is_full:
                session.add(attempt(place=place, user=digest, at=present))
        return not is_full

    def forgive(self, user: str, address: str) -> None:
        """Forget the attempts of someone who then knew the password."""
        super().forgive(user, address)
        (place, _), (_, name) = _keys(user, address)
        mine = LoginAttempt.place == place, LoginAttempt.user == (name or b"").hex()
        with self._database.write() as session:
            session.execute(delete(LoginAttempt).where(*mine))


def _keys(user: str, address: str) -> tuple[_Key, _Key]:
    """Return what counts; a user by a digest, as long names would be kept as they are."""
    place = _place(address)
    return (place, None), (place, hashlib.sha256(user.encode()).digest())


def _place(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or int(known) >> 64)
