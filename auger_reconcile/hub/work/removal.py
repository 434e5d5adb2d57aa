"""Removes deleted projects: their files, then their rows (wire contract §2.4)."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import delete

from auger_reconcile.hub.database.engine import Database
from auger_reconcile.hub.database.tables import Organization, Project, Trial
from auger_reconcile.hub.storage import Storage
from auger_reconcile.hub.work.sweep import files_of

_log = logging.getLogger("auger.hub.work")


class Removal:
    """One thread of its own: a store may take its time, and all other work goes on."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database, self._storage = database, storage
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="removal")
        self._under_way: set[int] = set()
        self._stopping = False

    def begin(self, project_id: int) -> None:
        """Remove a project, unless that is under way; one whose files stay is tried again."""
        if project_id not in self._under_way and self._storage.is_answering():
            self._under_way.add(project_id)
            self._executor.submit(self._remove, project_id)

    def stop(self) -> None:
        """End; what is not removed yet is at the next start."""
        self._stopping = True
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _remove(self, project_id: int) -> None:
        try:
            self._remove_files(project_id)
            if not self._stopping:
                self._remove_rows(project_id)
        except Exception:  # noqa: BLE001 - a thread of the pool must not die silently
            _log.exception("project %s cannot be removed yet", project_id)
        finally:
            self._under_way.discard(project_id)

    def _remove_files(self, project_id: int) -> None:
        """Nobody waits for the database while a store is asked."""
        with self._database.read() as session:
            project = session.get(Project, project_id)
            if project is None:  # removed since it was looked for
                return
            bucket = session.get_one(Organization, project.organization_id).main_bucket
            keys = files_of(session, self._storage, bucket, project)
        for key in keys:
            if self._stopping:
                return
            self._storage.delete(bucket, key)

    def _remove_rows(self, project_id: int) -> None:
        """The models are swept away after them."""
        with self._database.write() as session:
            session.execute(delete(Trial).where(Trial.project_id == project_id))
            session.execute(delete(Project).where(Project.id == project_id))
