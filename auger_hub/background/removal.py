"""Remove deleted projects: their files, then their rows (wire contract §2.4)."""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import suppress

from sqlalchemy import delete

from auger_hub.accounts.quota import release_upload
from auger_hub.background.sweep import files_of
from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project, Trial
from auger_hub.store.local import BadKey, Storage, project_folder

_log = logging.getLogger("auger.hub.work")
_REST_SECONDS = 10.0
_END_SECONDS = 2.0


class Removal:
    """A thread of its own: a store may take its time, and all other work goes on."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database, self._storage = database, storage
        self._thread: threading.Thread | None = None
        self._rests_until = -math.inf
        self._stopping = False

    def begin(self, project_id: int) -> None:
        """Remove a project, unless one is being removed or could not be a moment ago."""
        is_busy = self._thread is not None and self._thread.is_alive()
        if is_busy or self._stopping or time.monotonic() < self._rests_until:
            return
        self._thread = threading.Thread(target=self._remove, args=(project_id,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End soon; what is not removed yet is at the next start."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join(_END_SECONDS)

    def _remove(self, project_id: int) -> None:
        try:
            keys = self._remove_files(project_id)
            if not self._stopping:
                self._remove_rows(project_id, keys)
        except Exception as error:  # noqa: BLE001 - it is tried again, whatever it is
            _log.error("project %s cannot be removed yet: %s", project_id, error)
            self._rests_until = time.monotonic() + _REST_SECONDS

    def _remove_files(self, project_id: int) -> set[str]:
        """Return the keys of the files; nobody waits for the database while a store is asked.

        The store is asked first for what it has: whoever uploads to a project of this name after
        that is in the database before it is looked for there.
        """
        with self._database.read() as session:
            project = session.get(Project, project_id)
            if project is None:  # removed since it was looked for
                return set()
            bucket = session.get_one(Organization, project.organization_id).main_bucket
        found = set(self._storage.keys(bucket, project_folder(project.name)))
        with self._database.read() as session:
            keys = files_of(session, project, found)
        for key in keys:
            if self._stopping:
                break
            with suppress(BadKey):  # then nothing could ever be stored there
                self._storage.delete(bucket, key)
        return keys

    def _remove_rows(self, project_id: int, keys: set[str]) -> None:
        """The models are swept away after them."""
        with self._database.write() as session:
            project = session.get(Project, project_id)
            if project is not None:
                release_upload(session, project.organization_id, keys)
                session.expunge(project)
            session.execute(delete(Trial).where(Trial.project_id == project_id))
            session.execute(delete(Project).where(Project.id == project_id))
