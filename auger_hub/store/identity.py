"""Check that a hub's folder, store and database belong to each other, by one identity in all three.

What no row names is swept away, so with a wrong or empty database that would be everything. A hub
therefore opens a database only when it carries the identity of the folder and the store. Where an
identity is missing, as in hubs of before, what the rows name has to be there.
"""

from __future__ import annotations

import secrets
from itertools import islice

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Pipeline, ProjectFile, Secret, Trial
from auger_hub.private_file import read_json, write_private_json
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.local import OWN_BUCKET, Storage
from auger_hub.store.models import ModelStore, model_of

IDENTITY = "identity"
"""Its name in the database's `secrets`, in the folder's note, and as a key of the store."""
_MOST_LOOKED_AT = 500


def open_database(
    settings: HubSettings, storage: Storage | None = None, *, is_new: bool = False
) -> Database:
    """Return the database of this folder and store, its tables brought to this version.

    Args:
        settings: of the hub.
        storage: where its files are; without it only the folder is compared.
        is_new: take a database that is not the one of this folder and store from now on.

    Raises:
        BadSettings: the database is another hub's, or empty while the folder is not.
    """
    database = Database(settings.database_url)
    try:
        if not is_new and database.is_blank() and is_holding(settings, storage):
            raise BadSettings(_without_rows(settings, database))
        database.migrate()
        _identify(settings, storage, database, is_new=is_new)
    except OperationalError as error:
        database.close()
        said = str(error.orig).partition("\n")[0]
        raise BadSettings(
            f"the database {database.place} cannot be written ({said}): look at the disk, whether "
            "it is full or read-only, and at whose the file is; nothing was changed"
        ) from error
    except BaseException:
        database.close()
        raise
    return database


def identity_of(settings: HubSettings, storage: Storage | None) -> set[str]:
    """Return the identities that folder and store carry: one, or none yet, or two that differ."""
    found = {
        str(read_json(settings.identity_path).get(IDENTITY, "")),
        _read_store(settings, storage),
    }
    return found - {""}


def is_holding(settings: HubSettings, storage: Storage | None) -> bool:
    """Return whether folder or store hold what rows of a database have to name."""
    if _models(settings, storage):
        return True
    if storage is None:
        return any(path.is_file() for path in settings.own_files_folder.rglob("*"))
    return any(bucket != OWN_BUCKET for bucket, _ in storage.everything())


def _identify(
    settings: HubSettings, storage: Storage | None, database: Database, *, is_new: bool
) -> None:
    """Compare the identities and write the one that is missing somewhere."""
    with database.read() as session:
        row = session.get(Secret, IDENTITY)
    carried = identity_of(settings, storage)
    if row is None:
        if not is_new and is_holding(settings, storage) and not _names(settings, storage, database):
            raise BadSettings(_without_rows(settings, database))
        identity = carried.pop() if len(carried) == 1 and not is_new else secrets.token_hex(16)
        with database.write() as session:
            row = session.get(Secret, IDENTITY)  # another process begins at the same moment
            if row is None:
                row = session.merge(Secret(name=IDENTITY, value=identity))
    if carried - {row.value} and not is_new:
        raise BadSettings(
            f"the database {database.place} belongs to another hub than the folder "
            f"{settings.home} and its storage: name the database and the storage of this folder, "
            "or another folder by AUGER_HUB_HOME, or start with --new to keep this folder for "
            "this database and move the models of the other hub to its trash"
        )
    if not is_new and storage is not None and _is_another_store(settings, storage, database):
        raise BadSettings(
            f"the store {settings.storage} holds nothing of what the database {database.place} "
            "names: nothing was changed; name the store of this hub by --storage, or put its files "
            "back; to begin anew with this store, start with --new"
        )
    _carry(settings, storage, row.value)


def _is_another_store(settings: HubSettings, storage: Storage, database: Database) -> bool:
    """Return whether a store without a note has nothing of all that the rows have put into one.

    What lies on the disk of this process says nothing of it.
    """
    if not settings.storage or _read_store(settings, storage):
        return False
    with database.read() as session:
        stored = (
            select(ProjectFile.id).where(ProjectFile.key.is_not(None)).limit(1),
            select(Pipeline.id).where(Pipeline.package_digest.is_not(None)).limit(1),
        )
        if all(session.scalar(query) is None for query in stored):
            return False
        buckets = {*session.scalars(select(Organization.main_bucket)), OWN_BUCKET}
    return not any(bucket in buckets for bucket, _ in storage.everything())


def _carry(settings: HubSettings, storage: Storage | None, identity: str) -> None:
    if read_json(settings.identity_path).get(IDENTITY) != identity:
        write_private_json(settings.identity_path, {IDENTITY: identity})
    if storage is None or not settings.storage or _read_store(settings, storage) == identity:
        return  # a folder within the hub's own needs no second note
    with storage.create(OWN_BUCKET, IDENTITY) as file:
        file.write(identity.encode())


def _read_store(settings: HubSettings, storage: Storage | None) -> str:
    if storage is None or not settings.storage:
        return ""
    with storage.lend(OWN_BUCKET, IDENTITY) as path:
        return path.read_text(encoding="utf-8") if path is not None else ""


def _names(settings: HubSettings, storage: Storage | None, database: Database) -> bool:
    """Return whether rows name any of the models, or own any of the files, that are there."""
    with database.read() as session:
        buckets = set(session.scalars(select(Organization.main_bucket)))
        models = list(islice(_models(settings, storage), _MOST_LOOKED_AT))
        if session.scalar(select(Trial.id).where(Trial.id.in_(models)).limit(1)) is not None:
            return True
    if storage is None:
        return any((settings.own_files_folder / bucket).is_dir() for bucket in buckets)
    return any(bucket in buckets for bucket, _ in storage.everything())


def _models(settings: HubSettings, storage: Storage | None) -> list[str]:
    """Return the ids of the fitted models on the disk, or else in the store."""
    found: list[str] = []
    if settings.models_folder.is_dir():
        names = [path.name for path in settings.models_folder.iterdir()]
        found = [owner for name in names if (owner := model_of(name)) is not None]
    if not found and storage is not None:
        found = [archive.id for archive in ModelStore(settings, storage).stored()]
    return found


def _without_rows(settings: HubSettings, database: Database) -> str:
    return (
        f"the folder {settings.home} holds models or files of a hub, and the database "
        f"{database.place} has no rows of them: nothing was changed; put the database back, or "
        "fill it by `auger hub restore FILE`, or name the right one by --database; to begin anew, "
        "start with --new, which moves the models to the trash of the folder"
    )
