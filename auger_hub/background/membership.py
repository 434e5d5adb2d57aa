"""Let the hub processes of one database know of each other, and lead one of them.

A member counts its beat in the database each second. The one that has the lease leads the
background work; another takes the lease once its beat has stood still for some seconds, at once
when it was given back, or when the process before was of the same folder, whose lock tells that it
has ended.
No clocks are compared: everybody measures on its own how long it has seen no beat. Whose disk is
full lets another lead, if there is one.

The lease has a number, which is another one whenever another member has it. Who leads, and the
processes that it starts, write nothing once the number is not theirs any more (`Database.fenced`).
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from auger_hub.accounts.rates import Rates
from auger_hub.database.engine import Database, is_gone
from auger_hub.database.member_tables import Lease, Member
from auger_hub.database.tables import Prediction, now
from auger_hub.private_file import read_json, write_private_json
from auger_hub.settings import WEB, HubSettings
from auger_hub.store.disk import look_at_disk
from auger_reconcile import __version__

BEAT_SECONDS = 1.0
STILL_SECONDS = 6.0
"""After which a beat that stands still is that of a dead process."""
_GONE_SECONDS, _NEWS_SECONDS = 10.0, 0.1
_ALONE = 2  # times as long between beats, where nobody else waits for them
_NAME = "work"
_STOP_SECONDS = 3.0
_UNANSWERED = ("requested", "running")
_log = logging.getLogger("auger.hub.members")


class _Seen(NamedTuple):
    """What was last seen of somebody, and when it was seen first."""

    beat: object
    since: float


@dataclass(frozen=True)
class _Held:
    """The lease as a row."""

    member: str
    is_held: bool
    number: int
    beat: int


class Membership:
    """What this process is among those of its database; a thread keeps it up to date."""

    def __init__(self, settings: HubSettings, database: Database, wake: Callable[[], None]) -> None:
        self._settings = settings
        self._database = database
        self._wake = wake
        self.id = member_id(settings)
        self._place = f"{socket.gethostname()}:{settings.home}"
        self._own = {self.id}
        self._number: int | None = None
        self._renewed_at = 0.0
        self._wakes = 0
        self._lease_seen: _Seen | None = None
        self._members_seen: dict[str, _Seen] = {}
        self._has_news = False
        self._is_full = self._has_offered = False
        self._rates: Rates | None = None
        self._event = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="membership", daemon=True)

    def share(self, rates: Rates) -> None:
        """Tell the others what is counted here, and this one what is counted there."""
        self._rates = rates

    def start(self) -> None:
        """Join the others, and lead where nobody does."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Leave in order: whoever is next leads within a second."""
        self._stopping = True
        self._event.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)
        try:
            with self._database.engine.begin() as connection:
                connection.execute(delete(Member).where(Member.id == self.id))
                if self._number is not None:
                    connection.execute(self._of_mine().values(is_held=False))
        except Exception as error:  # noqa: BLE001 - without it the others wait a little longer
            if not is_gone(error):
                _log.exception("the lease could not be given back")
        self._number = None

    def number(self) -> int | None:
        """Return the number of the lease that this process has, or had when it last could ask."""
        return self._number

    def is_leading(self) -> bool:
        """Return whether this process leads for certain: it has renewed its lease just now."""
        return self._number is not None and time.monotonic() - self._renewed_at < STILL_SECONDS

    def is_leading_here(self) -> bool:
        """Return whether this process leads, or another one that serves the same folder."""
        held = self._lease_seen.beat if self._lease_seen is not None else None
        is_own = isinstance(held, _Held) and held.is_held and held.member in self._own
        return self.is_leading() or (is_own and self.is_led())

    def is_led(self) -> bool:
        """Return whether anybody leads, as far as this process has seen lately."""
        seen = self._lease_seen
        if seen is None or seen.beat is None:
            return self.is_leading()
        return self.is_leading() or time.monotonic() - seen.since < _GONE_SECONDS

    def tell(self) -> None:
        """Let the one that leads know that there may be something to do."""
        if not self.is_leading():
            self._has_news = True
            self._event.set()

    def is_alone(self) -> bool:
        """Return whether no other process is seen."""
        return not set(self._members_seen) - {self.id}

    def bury(self, database: Database) -> None:
        """Forget members that are dead, and have the leader answer what they were asked."""
        present = time.monotonic()
        dead = [
            member
            for member, seen in self._members_seen.items()
            if member != self.id and present - seen.since > _GONE_SECONDS
        ]
        left = (
            Prediction.status.in_(_UNANSWERED),
            Prediction.member.is_not(None),
            Prediction.member.not_in(select(Member.id)),
        )
        with database.connect() as connection:
            if not dead and not connection.scalar(select(exists().where(*left))):
                return
        with database.write() as session:
            session.execute(delete(Member).where(Member.id.in_(dead)))
            session.execute(update(Prediction).where(*left).values(member=None))

    def _loop(self) -> None:
        while not self._stopping:
            if self._event.wait(BEAT_SECONDS * (_ALONE if self.is_alone() else 1)):
                time.sleep(_NEWS_SECONDS)  # what others have done meanwhile is the same news
            self._event.clear()
            if self._stopping:
                return
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001 - it tries again
                self._lease_seen = None  # what cannot be read does not stand still
                self._members_seen = {}
                if not is_gone(error):
                    _log.exception("this process cannot tell the others that it lives")

    def _beat(self) -> None:
        """Say that this process lives, keep or take the lease, and look at the others."""
        began = time.monotonic()
        with self._database.engine.begin() as connection:
            self._say_alive(connection)
            if self._number is not None:
                wakes = connection.scalar(
                    self._of_mine().values(beat=Lease.beat + 1).returning(Lease.wakes)
                )
            elif self._has_news:
                self._has_news = False
                more = update(Lease).where(Lease.name == _NAME).values(wakes=Lease.wakes + 1)
                connection.execute(more)
        if self._number is not None and wakes is None:
            self._step_down()
        elif self._number is not None:
            self._renewed_at = began
            if wakes != self._wakes:
                self._wakes = wakes
                self._wake()
        self._look_around()
        self._look_at_disk()
        if self._number is None and self._settings.role != WEB:
            self._stand_by()

    def _of_mine(self) -> Any:
        mine = Lease.name == _NAME, Lease.number == self._number, Lease.member == self.id
        return update(Lease).where(*mine, Lease.is_held.is_(True))

    def _say_alive(self, connection: Any) -> None:
        counted = self._rates.counts() if self._rates is not None else {}
        alive: CursorResult[Any] = connection.execute(
            update(Member)
            .where(Member.id == self.id)
            .values(beat=Member.beat + 1, questions=counted)
        )
        if alive.rowcount == 0:
            told = {
                "id": self.id,
                "place": self._place,
                "role": self._settings.role,
                "version": __version__,
                "started_at": now(),
                "beat": 0,
                "questions": counted,
            }
            connection.execute(insert(Member).values(**told))

    def _look_around(self) -> None:
        with self._database.connect() as connection:
            columns = (Member.id, Member.beat, Member.questions, Member.place)
            members = connection.execute(select(*columns)).all()
            held = _read(connection)
        present = time.monotonic()
        self._own = {self.id, *(row.id for row in members if row.place == self._place)}
        self._members_seen = {
            row.id: _see(self._members_seen.get(row.id), row.beat, present) for row in members
        }
        self._lease_seen = _see(self._lease_seen, held, present)
        if self._rates is not None:
            self._rates.note_others([row.questions for row in members if row.id != self.id])

    def _look_at_disk(self) -> None:
        """Give the lease back, once, when the disk is full: what is begun here would fail."""
        self._is_full = look_at_disk(self._settings).is_full
        if not self._is_full:
            self._has_offered = False
        elif self._number is not None and not (self._has_offered or self.is_alone()):
            self._has_offered = True
            with self._database.engine.begin() as connection:
                connection.execute(self._of_mine().values(is_held=False))
            self._number = None
            _log.error("the disk is full: another process is to lead the background work")
            self._wake()

    def _stand_by(self) -> None:
        """Take the lease when nobody has it who lives, and nobody takes it who has more room."""
        seen = self._lease_seen
        held = seen.beat if seen is not None else None
        if self._is_full and seen is not None and time.monotonic() - seen.since < STILL_SECONDS:
            return
        if seen is not None and isinstance(held, _Held) and held.is_held:
            is_own = held.member == self.id  # of a process before: two never have one folder
            if not is_own and time.monotonic() - seen.since < STILL_SECONDS:
                return
        with self._database.write() as session:
            taken = self._take(session, held if isinstance(held, _Held) else None)
        if taken is not None:
            self._number, self._renewed_at = taken, time.monotonic()
            _log.info("this process leads the background work (%d)", taken)
            self._wake()

    def _take(self, session: Session, seen: _Held | None) -> int | None:
        """Return the number of the lease that this process has now; None when another was first."""
        row = session.get(Lease, _NAME)
        if row is None:
            session.add(Lease(name=_NAME, member=self.id, is_held=True, number=1))
            return 1
        if seen != _Held(row.member, row.is_held, row.number, row.beat):
            return None
        if row.member != self.id:
            row.number += 1
        row.member, row.is_held, row.beat, row.since = self.id, True, row.beat + 1, now()
        self._wakes = row.wakes
        return row.number

    def _step_down(self) -> None:
        self._number = None
        _log.error("another process leads the background work: this one has lost its lease")
        self._wake()


def _see(before: _Seen | None, beat: object, present: float) -> _Seen:
    return before if before is not None and before.beat == beat else _Seen(beat, present)


def _read(connection: Any) -> _Held | None:
    columns = (Lease.member, Lease.is_held, Lease.number, Lease.beat)
    row = connection.execute(select(*columns).where(Lease.name == _NAME)).first()
    return None if row is None else _Held(*row)


def member_id(settings: HubSettings) -> str:
    """Return what stands for the processes that serve this folder, of which there is one at a time.

    A copy of the folder, on this machine or another, is another member.
    """
    noted = read_json(settings.member_path).get("id")
    if not isinstance(noted, str):
        noted = secrets.token_hex(8)
        write_private_json(settings.member_path, {"id": noted})
    file = settings.member_path.stat()
    own = f"{noted} {socket.gethostname()} {settings.home} {file.st_dev} {file.st_ino}"
    return hashlib.sha256(own.encode()).hexdigest()[:16]
