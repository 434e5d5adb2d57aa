"""Measure what was stored before the hub counted it, and remove uploads that nobody has used.

What is stored now is counted when it is stored; see `accounts.quota`.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select, update

from auger_hub.accounts.quota import release_upload
from auger_hub.background.sweep import unnamed
from auger_hub.database.engine import Database
from auger_hub.database.tables import (
    Organization,
    Pipeline,
    PipelineFile,
    ProjectFile,
    Upload,
    now,
)
from auger_hub.store.local import BadKey, Storage
from auger_hub.store.models import ModelStore

_AT_ONCE = 200
_UNUSED = timedelta(days=1)
"""After which an upload of which no data set was made is removed."""
_log = logging.getLogger("auger.hub.keep")


def measure(database: Database, storage: Storage, models: ModelStore) -> None:
    """Note the sizes of some files that have none; one that is not there has no bytes."""
    for table in (ProjectFile, PipelineFile):
        query = (
            select(table.id, table.key, Organization.main_bucket)
            .join(Organization, Organization.id == table.organization_id)
            .where(table.bytes.is_(None), table.key.is_not(None))
            .where(table.status.not_in(("processing", "pending")))
        )
        with database.connect() as connection:
            found = list(connection.execute(query.limit(_AT_ONCE)))
        _note(
            database, table, {row_id: _size(storage, bucket, key) for row_id, key, bucket in found}
        )
    stored = select(Pipeline.id, Pipeline.package_digest).where(
        Pipeline.bytes.is_(None), Pipeline.package_digest.is_not(None)
    )
    with database.connect() as connection:
        packages = list(connection.execute(stored.limit(_AT_ONCE)))
    _note(database, Pipeline, {one: models.size(one, str(digest)) or 0 for one, digest in packages})


def remove_unused_uploads(database: Database, storage: Storage) -> None:
    """Remove uploads of more than a day ago of which no data set was made."""
    query = (
        select(Upload.organization_id, Upload.key, Organization.main_bucket)
        .join(Organization, Organization.id == Upload.organization_id)
        .where(Upload.created_at < now() - _UNUSED)
    )
    with database.connect() as connection:
        old = list(connection.execute(query.limit(_AT_ONCE)))
    for organization_id, key, bucket in old:
        with database.write() as session:  # a data set is made of it either before this or not
            is_spare = bool(unnamed(session, organization_id, [key]))
            release_upload(session, organization_id, [key])
        if is_spare:
            storage.discard(bucket, key)
            _log.warning("removed the upload %s, of which no data set was made", key)


def _size(storage: Storage, bucket: str, key: str | None) -> int:
    with suppress(BadKey):
        return storage.size(bucket, str(key)) or 0
    return 0


def _note(
    database: Database,
    table: type[ProjectFile] | type[PipelineFile] | type[Pipeline],
    sizes: dict[int, int] | dict[str, int],
) -> None:
    if not sizes:
        return
    with database.write() as session:
        for row_id, size in sizes.items():
            is_it = table.id == row_id, table.bytes.is_(None)
            session.execute(update(table).where(*is_it).values(bytes=size))
