"""Keep the hub in order as settings say: prune the audit trail, warn of a disk that fills."""

from __future__ import annotations

import logging
import time

from auger_hub.accounts.audit import prune
from auger_hub.database.engine import Database
from auger_hub.settings import HubSettings
from auger_hub.store.disk import look_at_disk

_log = logging.getLogger("auger.hub.keep")
_SECONDS = 60.0


class Housekeeping:
    """What is done once a minute."""

    def __init__(self, settings: HubSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._done_at = 0.0
        self._was_low = False

    def keep(self) -> None:
        """Do what is due."""
        if time.monotonic() - self._done_at < _SECONDS:
            return
        self._done_at = time.monotonic()
        self._watch_disk()
        prune(self._database, self._settings.audit_days)

    def _watch_disk(self) -> None:
        """Say once that the disk fills, and once that it has room again."""
        disk = look_at_disk(self._settings)
        if disk.is_low and not self._was_low:
            _log.error(
                "the disk of the hub fills: %s; make room before writing fails", disk.describe()
            )
        elif self._was_low and not disk.is_low:
            _log.warning("the disk of the hub has room again: %s", disk.describe())
        self._was_low = disk.is_low
