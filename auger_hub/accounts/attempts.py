"""Limit attempts to log in: so many a minute for each user and each address.

What counts is the address together with the user, so that nobody can lock another one out, and the
address alone, so that going through the users does not help. Somebody who knew the password counts
no longer, or the people of one office would lock each other out in the morning; and for a day what
others try at that address does not hold them up. Somebody's own IPv6 addresses are more than can be
counted: the network they are in stands for all of them.

Each process counts by itself first, which costs nothing; what it lets through is counted in the
database, where the attempts at all processes of the hub are.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, select

from auger_hub.database.engine import Database
from auger_hub.database.member_tables import LoginAttempt

WINDOW_SECONDS = 60
_MOST_FOR_USER = 10
_MOST_FROM_ADDRESS = 30
_MOST_KEPT = 10_000
_KNOWN_SECONDS = 24 * 3600


class Attempts:
    """The attempts of the last minute. Counted before the answer is known, so none slips by."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: OrderedDict[str, deque[tuple[float, str]]] = OrderedDict()
        """Of each place the monotonic times of the attempts, with digests of the names."""
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()
        """When, by the same clock, somebody knew the password at a place."""

    def take(self, user: str, address: str) -> bool:
        """Count one attempt; False when there were too many, and nothing is kept of it then."""
        place, name = key = _key(user, address)
        present = time.monotonic()
        with self._lock:
            attempts = self._at.setdefault(place, deque())
            self._at.move_to_end(place)
            while attempts and attempts[0][0] < present - WINDOW_SECONDS:
                attempts.popleft()
            self._forget_old_places(present)
            if self._is_full(key, [name for _, name in attempts]):
                return False
            attempts.append((present, name))
            return True

    def forgive(self, user: str, address: str) -> None:
        """Forget the attempts of someone who then knew the password."""
        place, name = key = _key(user, address)
        with self._lock:
            others = (attempt for attempt in self._at.pop(place, ()) if attempt[1] != name)
            if kept := deque(others):
                self._at[place] = kept
            self._known[key] = time.monotonic()
            self._known.move_to_end(key)
            if len(self._known) > _MOST_KEPT:
                self._known.popitem(last=False)

    def _is_full(self, key: tuple[str, str], names: Sequence[str]) -> bool:
        """Say whether those who tried at a place leave no further attempt to a name."""
        is_known = self._known.get(key, -math.inf) >= time.monotonic() - _KNOWN_SECONDS
        is_crowded = len(names) >= _MOST_FROM_ADDRESS and not is_known
        return is_crowded or names.count(key[1]) >= _MOST_FOR_USER

    def _forget_old_places(self, present: float) -> None:
        """Drop what no attempt has touched for the longest time, and no more than that."""
        while self._at:
            place, attempts = next(iter(self._at.items()))
            is_recent = not attempts or attempts[-1][0] >= present - WINDOW_SECONDS
            if is_recent and len(self._at) <= _MOST_KEPT:
                break
            del self._at[place]


class SharedAttempts(Attempts):
    """The attempts at all processes of one database.

    A clock may be set back: what is of another minute is dropped, also if that is to come.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def take(self, user: str, address: str) -> bool:
        """Count one attempt; False when there were too many, here or in all."""
        if not super().take(user, address):
            return False
        place, name = key = _key(user, address)
        present = time.time()
        is_recent = LoginAttempt.at.between(present - WINDOW_SECONDS, present + WINDOW_SECONDS)
        with self._database.write() as session:
            session.execute(delete(LoginAttempt).where(~is_recent))
            names = session.scalars(select(LoginAttempt.user).where(LoginAttempt.place == place))
            is_full = self._is_full(key, list(names))
            if not is_full:
                session.add(LoginAttempt(place=place, user=name, at=present))
        return not is_full

    def forgive(self, user: str, address: str) -> None:
        """Forget the attempts of someone who then knew the password."""
        super().forgive(user, address)
        place, name = _key(user, address)
        mine = LoginAttempt.place == place, LoginAttempt.user == name
        with self._database.write() as session:
            session.execute(delete(LoginAttempt).where(*mine))


def _key(user: str, address: str) -> tuple[str, str]:
    """Return what counts; a user by a digest, as long names would be kept as they are."""
    return _place(address), hashlib.sha256(user.encode()).hexdigest()


def _place(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    return str(known.ipv4_mapped or int(known) >> 64)
