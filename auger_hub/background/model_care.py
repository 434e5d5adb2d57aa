"""Compare the fitted models in the store with the rows that name them, and act on what differs.

| a deployed model | then |
|---|---|
| is on this disk alone, as a hub of before has left it | it is stored |
| is neither in the store nor on this disk | it is not `ready` any more |
| is in the store again | it is `ready` again |

An archive of a trial that is no more goes to the trash of the store, one that was undeployed or
replaced is removed. Nothing is done while the store does not answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import load_only

from auger_hub.database.engine import Database, NotLeading
from auger_hub.database.tables import Pipeline, Trial
from auger_hub.serving.lost_models import is_lost, note_found, note_lost
from auger_hub.settings import HubSettings
from auger_hub.store.local import Storage, StoreFailed
from auger_hub.store.models import Archive, ModelGone, ModelStore

_SECONDS, _REMOTE_SECONDS = 4.0, 60.0
_SHARE = 100.0  # of the time; looks at thousands of models take a while
_END_SECONDS = 2.0
_AT_ONCE = 500
_OVER = ("ready", "undeployed")
_log = logging.getLogger("auger.hub.models")


class ModelCare:
    """Looks now and then, in a thread of its own: a store may take its time."""

    def __init__(
        self,
        settings: HubSettings,
        database: Database,
        storage: Storage,
        *,
        led: Database | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._led = led or database
        self._storage = storage
        self._models = ModelStore(settings, storage)
        self._thread: threading.Thread | None = None
        self._looked_at: float | None = None
        self._took = 0.0
        self._stopping = False

    def keep(self, *, leads: bool = True) -> None:
        """Begin a look when one is due."""
        pause = _REMOTE_SECONDS if self._settings.has_remote_storage else _SECONDS
        pause = max(pause, _SHARE * self._took)
        is_early = self._looked_at is not None and time.monotonic() - self._looked_at < pause
        if is_early or self._stopping or (self._thread is not None and self._thread.is_alive()):
            return
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._look_safely, args=(leads,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End soon."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(_END_SECONDS)

    def _look_safely(self, leads: bool) -> None:  # noqa: FBT001 - of a thread
        began = time.monotonic()
        try:
            self.look(leads=leads)
            self._took = time.monotonic() - began
        except NotLeading:
            return  # who leads looks
        except StoreFailed as error:
            _log.warning("the models are not compared with the store: %s", error)
        except Exception:  # noqa: BLE001 - it looks again
            _log.exception("the models cannot be compared with the store")

    def look(self, *, leads: bool = True) -> None:
        """Compare once; raise StoreFailed when the store does not answer.

        A member that does not lead stores what is on its own disk alone, and clears its copies.
        """
        self._storage.check()  # one that somebody has emptied says nothing of single models
        stored = self._models.stored()  # before the rows: what is packaged now is stored before
        with self._database.read() as session:
            needed = (Pipeline.status, Pipeline.error_message, Pipeline.package_digest)
            query = select(Pipeline).where(Pipeline.trial_id.is_not(None))
            rows = list(session.scalars(query.options(load_only(*needed))))
        for row in rows:
            if not self._stopping and (row.status == "ready" or is_lost(row)):
                self._look_at(row, stored, leads=leads)
        if leads:
            self._clear(stored, rows)
            self._models.empty_trash()
        self._models.sweep(row.id for row in rows if row.package_digest is not None)

    def _look_at(self, row: Pipeline, stored: Collection[Archive], *, leads: bool) -> None:
        digest = row.package_digest
        is_there = digest is not None and (
            Archive(row.id, digest) in stored or self._models.has(row.id, digest)
        )
        if digest is not None and is_there:
            if row.status != "ready":
                self._say_found(row.id, digest)
            return
        folder = self._models.cached(row.id, digest) or self._models.cached(row.id, None)
        if folder is not None:
            kept = self._models.keep(row.id, folder)
            _log.info("stored the model %s, which was on this disk alone", row.id)
            self._say_found(row.id, kept)
        elif row.status == "ready" and leads:
            with self._led.write() as session:
                note_lost(session, row.id, digest, ModelGone.missing())
            _log.error("the fitted model of %s is gone", row.id)

    def _say_found(self, model_id: str, digest: str) -> None:
        with self._database.write() as session:
            note_found(session, model_id, digest)

    def _clear(self, stored: Collection[Archive], rows: Iterable[Pipeline]) -> None:
        """Remove what no deployed model needs; what is being packaged has no row that says so."""
        with self._led.write():
            pass  # a process that does not lead any more ends here
        deployed = {row.id: row for row in rows}
        trials = self._known_trials({archive.id for archive in stored})
        for archive in stored:
            row = deployed.get(archive.id)
            if self._stopping:
                return
            if archive.id not in trials:
                self._models.throw_away(archive, "no trial of this hub has this id")
            elif row is not None and row.status in _OVER:
                is_live = row.status == "ready" and row.package_digest in (None, archive.digest)
                if not is_live:
                    self._models.delete(archive)

    def _known_trials(self, ids: Collection[str]) -> set[str]:
        known: set[str] = set()
        ordered = sorted(ids)
        for first in range(0, len(ordered), _AT_ONCE):
            query = select(Trial.id).where(Trial.id.in_(ordered[first : first + _AT_ONCE]))
            with self._database.connect() as connection:
                known |= set(connection.scalars(query))
        return known
