"""Check that a hub's folder, store and database belong to each other, by one identity in all three.

What no row names is swept away, so with a wrong or empty database that would be everything. A hub
therefore opens a database only when it carries the identity of the folder and the store. The
database knows where the store is that has a note of it: a store there without the note has lost
what it held, or is not mounted. Where no note is known of, as in hubs of before, what the rows name
has to be there.
"""

from __future__ import annotations

import hashlib
import secrets
from itertools import islice

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database, describe_refusal
from auger_hub.database.tables import Organization, Pipeline, ProjectFile, Secret, Trial
from auger_hub.private_file import read_json, write_private_json
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.local import IDENTITY, OWN_BUCKET, Storage, holds_files
from auger_hub.store.lost_files import FAILED, note_lost_files
from auger_hub.store.models import ModelStore, model_of
from auger_hub.store.remote import open_storage

NOTED = "identity noted"
"""Its name in the database's `secrets`: where the store is that has a note of the identity."""
_OWN_FOLDER = "files"
_MOST_LOOKED_AT = 500
_PUBLIC_LENGTH = 32


def open_database(
    settings: HubSettings, storage: Storage | None = None, *, is_new: bool = False
) -> Database:
    """Return the database of this folder and store, its tables brought to this version.

    Args:
        settings: of the hub.
        storage: where its files are; without it only the folder is compared.
        is_new: take a database that is not the one of this folder and store from now on, and call
            the data sets failed whose files the store does not have.

    Raises:
        BadSettings: the database is another hub's, or empty while the folder is not, or the store
            has lost what it held.
        StoreFailed: the store does not answer.
    """
    database = Database(settings.database_url)
    try:
        if not is_new and database.is_blank() and is_holding(settings, storage):
            raise BadSettings(_without_rows(settings, database))
        database.migrate()
        _identify(settings, storage, database, is_new=is_new)
    except OperationalError as error:
        database.close()
        raise BadSettings(str(describe_refusal(error, database.place))) from error
    except BaseException:
        database.close()
        raise
    return database


def open_own_storage(settings: HubSettings, database: Database) -> Storage:
    """Return the store of a hub that was opened before, which serves no other."""
    storage = open_storage(settings)
    storage.expect(database.secret(IDENTITY))
    return storage


def identity_of(settings: HubSettings, storage: Storage | None) -> set[str]:
    """Return the identities that folder and store carry: one, or none yet, or two that differ."""
    found = {str(read_json(settings.identity_path).get(IDENTITY, ""))}
    return (found | {storage.read_identity() if storage is not None else ""}) - {""}


def public_identity(session: Session) -> str:
    """Return what tells a hub from all others, wherever it is reached; it opens nothing."""
    row = session.get(Secret, IDENTITY)
    return hashlib.sha256(row.value.encode()).hexdigest()[:_PUBLIC_LENGTH] if row else ""


def has_lost_note(settings: HubSettings, storage: Storage, database: Database) -> bool:
    """Return whether the store is where one with a note of the identity was, and has none."""
    return database.secret(NOTED) == _place(settings) and not storage.read_identity()


def carry_identity(settings: HubSettings, storage: Storage, session: Session) -> None:
    """Write the identity of the database to folder and store, and that it is noted there."""
    _carry(settings, storage, session.get_one(Secret, IDENTITY).value)
    session.merge(Secret(name=NOTED, value=_place(settings)))


def is_holding(settings: HubSettings, storage: Storage | None) -> bool:
    """Return whether folder or store hold what rows of a database have to name."""
    if _models(settings, storage):
        return True
    if storage is None:
        return holds_files(settings.own_files_folder)
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
    if storage is None:
        _carry(settings, None, row.value)
        return
    if not is_new:
        _compare_store(settings, storage, database)
    if is_new or storage.read_identity() != row.value or database.secret(NOTED) != _place(settings):
        with database.write() as session:
            carry_identity(settings, storage, session)
            if is_new:
                note_lost_files(session, storage)
    _carry(settings, storage, row.value)
    storage.expect(row.value)


def _compare_store(settings: HubSettings, storage: Storage, database: Database) -> None:
    """Raise BadSettings when the store is empty, or another one, while rows name what it held."""
    if has_lost_note(settings, storage, database):
        raise BadSettings(
            f"the store {storage.shown} is empty or another one, it has lost its note "
            f"`{OWN_BUCKET}/{IDENTITY}`: nothing was changed; mount it, or put its files back, or "
            "name the store of this hub by --storage; to go on without what it held, start with "
            "--new, and `auger hub check` tells what is missing"
        )
    if _is_another_store(storage, database):
        raise BadSettings(
            f"the store {storage.shown} holds nothing of what the database {database.place} "
            "names: nothing was changed; name the store of this hub by --storage, or put its files "
            "back; to go on without what it held, start with --new"
        )


def _is_another_store(storage: Storage, database: Database) -> bool:
    """Return whether a store without a note has nothing of all that the rows have put into one.

    What lies on the disk of this process says nothing of it.
    """
    if storage.read_identity():
        return False
    with database.read() as session:
        stored = (
            select(ProjectFile.id).where(ProjectFile.status != FAILED).limit(1),
            select(Pipeline.id).where(Pipeline.package_digest.is_not(None)).limit(1),
        )
        if all(session.scalar(query) is None for query in stored):
            return False
        buckets = {*session.scalars(select(Organization.main_bucket)), OWN_BUCKET}
    return not any(bucket in buckets for bucket, _ in storage.everything())


def _carry(settings: HubSettings, storage: Storage | None, identity: str) -> None:
    if read_json(settings.identity_path).get(IDENTITY) != identity:
        write_private_json(settings.identity_path, {IDENTITY: identity})
    if storage is None or storage.read_identity() == identity:
        return
    with storage.create(OWN_BUCKET, IDENTITY) as file:
        file.write(identity.encode())
    storage.drop_copy(OWN_BUCKET, IDENTITY)


def _place(settings: HubSettings) -> str:
    """Return what tells one store from another; the hub's own folder may be moved."""
    return settings.storage or _OWN_FOLDER


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
