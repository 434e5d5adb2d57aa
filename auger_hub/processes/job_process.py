"""Run the work of one child process: take its lock, open the database, end it honestly."""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from auger_hub.data.files.bounds import bound_memory
from auger_hub.database.engine import Database, NotLeading
from auger_hub.database.tables import Organization
from auger_hub.processes.child_process import hold_job
from auger_hub.processes.job_queue import fail_row
from auger_hub.processes.logs import log_with_times
from auger_hub.settings import HubSettings
from auger_hub.store.identity import open_own_storage
from auger_hub.store.local import Storage, StoreFailed
from auger_hub.store.models import ModelGone, ModelStore
from auger_hub.store.sources import SourceMissing, stored_path
from auger_hub.temporary import use_own_temporary

_log = logging.getLogger("auger.hub.work")
NICENESS = 5  # the hub's answers come before its work
_STORE_PAUSES = (6.0, 12.0, 24.0, 48.0, 96.0, 0.0)
_READING = ("profile", "score")
"""What reads files that nobody has looked at before."""


@dataclass(frozen=True)
class Workplace:
    """What a child process works with.

    Attributes:
        lease: under which it was started; None for one that nobody leads.
    """

    settings: HubSettings
    database: Database
    storage: Storage
    lease: int | None = None

    def is_led(self) -> bool:
        """Return whether the process that has started this one leads still."""
        return self.lease is None or self.database.is_led(self.lease)

    @property
    def models(self) -> ModelStore:
        """Return the fitted models."""
        return ModelStore(self.settings, self.storage)

    def bucket(self, organization_id: int) -> str:
        """Return the bucket of an organization."""
        with self.database.read() as session:
            return session.get_one(Organization, organization_id).main_bucket

    def stored_path(self, organization_id: int, key: str) -> Path:
        """Return the path of a stored file, or raise SourceMissing."""
        return stored_path(self.storage, self.bucket(organization_id), key)


Work = Callable[[Workplace, str], None]


class Impossible(Exception):
    """The work cannot be done; the text is one sentence for the user."""


def run_child(kind: str, work: Work) -> int:
    """Do the work for the row named on the command line; return the exit code.

    A sentence for the user is written to the row. Any other failure ends the process with a
    traceback, and the supervisor tries again.
    """
    log_with_times()
    os.nice(NICENESS)
    if kind in _READING:
        bound_memory()
    row_id = sys.argv[2]
    settings = HubSettings.from_environment()
    use_own_temporary(settings)
    try:
        with hold_job(settings, f"{kind}-{row_id}"):
            database = Database(settings.database_url)
            lease = int(sys.argv[3]) if len(sys.argv) > 3 else None
            if lease is not None:
                database = database.fenced(lambda: lease)
            place = Workplace(settings, database, open_own_storage(settings, database), lease)
            try:
                _work_patiently(work, kind, place, row_id)
            except (Impossible, SourceMissing, ModelGone) as error:
                fail_row(database, kind, row_id, str(error))
    except Timeout:
        return 0  # another process does it
    except NotLeading:
        _log.warning("%s %s ends: another process of the hub does it now", kind, row_id)
        return 0
    except Exception:  # noqa: BLE001 - the last line must say what happened: the supervisor shows it
        _log.error("%s %s failed", kind, row_id)
        traceback.print_exc()
        return 1
    return 0


def _work_patiently(work: Work, kind: str, place: Workplace, row_id: str) -> None:
    """Do the work; while the object store is away, wait for it some minutes."""
    for pause in _STORE_PAUSES:
        if _is_done(work, kind, place, row_id):
            return
        time.sleep(pause)
    raise Impossible("the object store of the hub does not answer")


def _is_done(work: Work, kind: str, place: Workplace, row_id: str) -> bool:
    try:
        work(place, row_id)
    except StoreFailed:  # users read this log: what the store says is not for them
        _log.warning("%s %s waits: the object store does not answer", kind, row_id)
        return False
    return True
