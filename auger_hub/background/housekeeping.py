"""Keep the hub in order as settings say: what is too old goes, and a disk that fills is told."""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import datetime

from auger_hub.accounts.audit import prune
from auger_hub.background.measure import measure, remove_unused_uploads
from auger_hub.background.retention import find_due, remove_due
from auger_hub.database.engine import Database
from auger_hub.database.tables import now
from auger_hub.settings import HubSettings
from auger_hub.store.disk import look_at_disk
from auger_hub.store.local import Storage, StoreFailed
from auger_hub.store.models import ModelStore

_log = logging.getLogger("auger.hub.keep")
_SECONDS = 60.0
RETENTION_SECONDS = 3600.0


class Housekeeping:
    """What is done once a minute, and once an hour."""

    def __init__(self, settings: HubSettings, database: Database, storage: Storage) -> None:
        self._settings = settings
        self._database = database
        self._storage = storage
        self._done_at = 0.0
        self._was_low = False
        self._retained_at = 0.0
        self._told_at: datetime | None = None

    def keep(self, *, leads: bool = True) -> None:
        """Do what is due: of the disk on every member, of the rows where it leads."""
        if time.monotonic() - self._done_at < _SECONDS:
            return
        self._done_at = time.monotonic()
        self._watch_disk()
        if not leads:
            self._told_at = None  # who leads now tells anew what goes
            return
        prune(self._database, self._settings.audit_days)
        try:
            measure(self._database, self._storage, ModelStore(self._settings, self._storage))
            remove_unused_uploads(self._database, self._storage)
        except StoreFailed as error:
            _log.warning("what is stored is not measured: %s", error)
        if self._settings.removes_by_age and self._is_hour_over():
            self.retain()

    def retain(self) -> None:
        """Remove what was told to go an hour ago, and tell what goes in an hour."""
        if self._told_at is not None:
            count = remove_due(self._database, self._storage, self._settings, self._told_at)
            if count:
                _log.warning("removed %d rows that are older than they are kept", count)
        self._told_at = now()
        with self._database.read() as session:
            due = find_due(session, self._settings, self._told_at)
        kinds = Counter[str]()
        for one in due:
            kinds[one.kind] += one.count
        if kinds:
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            _log.warning("too old, and removed in an hour: %s (`auger hub retention`)", told)

    def _is_hour_over(self) -> bool:
        if self._retained_at and time.monotonic() - self._retained_at < RETENTION_SECONDS:
            return False
        self._retained_at = time.monotonic()
        return True

    def _watch_disk(self) -> None:
        """Say once that the disk fills, and once that it has room again."""
        disk = look_at_disk(self._settings)
        if disk.is_low and not self._was_low:
            told = "the disk of the hub fills: %s; make room before writing fails"
            _log.error(told, disk.describe())
        elif self._was_low and not disk.is_low:
            _log.warning("the disk of the hub has room again: %s", disk.describe())
        self._was_low = disk.is_low
