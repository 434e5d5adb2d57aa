"""Write all that a hub holds into one file, and restore it: rows as JSON lines, files, models.

The rows are read in one transaction while the hub may go on; files appear whole or not at all and
never change, so they are copied after the rows that name them. The file does not depend on the
kind of database: a backup of SQLite can be restored into PostgreSQL.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import DateTime, Table, func, insert, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from auger_hub.database import apply_tables, review_tables  # noqa: F401 - they add their tables
from auger_hub.database.engine import HEAD, Database
from auger_hub.database.member_tables import FLEETING
from auger_hub.database.tables import Base, Organization
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.identity import carry_identity, identity_of, open_database
from auger_hub.store.local import IDENTITY, OWN_BUCKET, Storage
from auger_hub.store.lost_files import (
    describe_missing,
    missing_files,
    named_files,
    note_lost_files,
)
from auger_hub.store.models import FOLDER, model_of
from auger_hub.store.remote import open_storage

_ROWS_AT_ONCE = 500
_FORMAT = 1
_FILES, _MODELS = "files", "models"
_NONSENSE = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    SQLAlchemyError,
)
"""What files raise that no hub wrote, or that were torn or changed since."""


class BackupFailed(Exception):
    """Nothing was written or restored; the text says why."""


@dataclass(frozen=True)
class Backup:
    """What was written.

    Attributes:
        size: of the archive, in bytes.
        missing: how many files objects name that the storage does not have.
    """

    size: int
    missing: int


@dataclass(frozen=True)
class Restored:
    """What was restored.

    Attributes:
        rows: how many.
        missing: which files the rows name that the backup did not have, in words; else empty.
    """

    rows: int
    missing: str


def back_up(settings: HubSettings, target: Path) -> Backup:
    """Write the archive; it appears whole or not at all.

    Raises:
        BackupFailed: there is no hub, or nothing of its files.
    """
    if not settings.home.is_dir():
        raise BackupFailed(f"there is no hub in {settings.home}")
    storage = open_storage(settings)
    with closing(open_database(settings, storage)) as database:
        # new and its owner's alone, whatever stands in a folder of many
        descriptor, partial = tempfile.mkstemp(dir=target.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    _add_rows(archive, database)
                    with database.read() as session:
                        named = {one.key for one in named_files(session)}
                    missing = _add_files(archive, storage, named)
                    archive.add(settings.models_folder, _MODELS, filter=_finished)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(target)
        finally:
            Path(partial).unlink(missing_ok=True)
    return Backup(target.stat().st_size, missing)


def restore(settings: HubSettings, source: Path) -> Restored:
    """Fill an empty hub from the archive.

    Data sets whose files it does not have are called failed, so that a plan makes them anew. The
    rows are restored in one transaction after the files, so that a restore that fails leaves
    a hub without objects, into which it can be repeated.
    """
    if not source.is_file():
        raise BackupFailed(f"there is no file {source}")
    settings.make_folders()
    storage = open_storage(settings)
    storage.prepare()
    database = Database(settings.database_url)
    try:
        database.migrate()
        _read_to_the_end(source)
        with tarfile.open(source, "r:gz") as archive:
            _check(archive)
            known = _identity_in(archive)
            if known and identity_of(settings, storage) - known:
                raise BackupFailed(
                    f"{settings.home} or its storage belongs to another hub than this backup: "
                    "name a new folder by AUGER_HUB_HOME, and a new storage"
                )
            with database.write() as session:
                if session.scalar(select(func.count()).select_from(Organization)):
                    raise BackupFailed(
                        f"the hub in {settings.home} is not empty: nothing is overwritten; "
                        "name a new folder by AUGER_HUB_HOME, or another database"
                    )
                _extract(archive, storage, settings.models_folder)
                count = _fill(session, archive)
                missing = missing_files(session, storage)
                if known:
                    carry_identity(settings, storage, session)
                note_lost_files(session, storage)
    except BadSettings:
        raise
    except OperationalError as error:
        raise BackupFailed(f"the database cannot be filled: {error.orig}") from error
    except _NONSENSE as error:
        raise BackupFailed(f"{source} is no backup of a hub: {error}") from error
    finally:
        database.close()
    return Restored(count, describe_missing(missing) if missing else "")


def _add_rows(archive: tarfile.TarFile, database: Database) -> None:
    with database.snapshot() as session, tempfile.TemporaryDirectory() as folder:
        rows = {table.name: _write_table(session, table, Path(folder)) for table in _tables()}
        note = {"format": _FORMAT, "revision": HEAD, "rows": rows}
        (Path(folder) / "hub.json").write_text(json.dumps(note), encoding="utf-8")
        for path in sorted(Path(folder).iterdir(), key=lambda path: path.name != "hub.json"):
            archive.add(path, path.name)


def _write_table(session: Session, table: Table, folder: Path) -> int:
    count = 0
    with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as file:
        for row in session.execute(select(table).execution_options(yield_per=_ROWS_AT_ONCE)):
            file.write(json.dumps(dict(row._mapping), default=_plain) + "\n")
            count += 1
    return count


def _add_files(archive: tarfile.TarFile, storage: Storage, named: AbstractSet[str]) -> int:
    """Add all stored files; return how many are missing of those that objects name."""
    missing = set(named)
    for bucket, key in storage.everything():
        if bucket == OWN_BUCKET and not key.startswith(f"{FOLDER}/"):
            continue
        with storage.lend(bucket, key) as path:
            if path is not None:  # else deleted since
                archive.add(path, f"{_FILES}/{bucket}/{key}")
                missing.discard(key)
    if missing and missing == named:
        raise BackupFailed(
            f"none of the {len(named)} files of this hub is where it should be: "
            "is its storage another one? AUGER_HUB_STORAGE says where"
        )
    return len(missing)


def _plain(value: Any) -> str:
    assert isinstance(value, datetime), f"no plain form of {value!r}"
    return value.isoformat()


def _read_to_the_end(source: Path) -> None:
    """Let gzip compare its checksum, which tarfile stops short of."""
    with gzip.open(source) as stream:
        while stream.read(1 << 20):
            pass


def _check(archive: tarfile.TarFile) -> None:
    note = json.load(_member(archive, "hub.json"))
    if note["format"] != _FORMAT or note["revision"] != HEAD:
        raise BackupFailed(
            f"the backup is of revision {note['revision']}, this hub is {HEAD}: restore it with "
            "the version that wrote it, and start this one on the same folder and database then"
        )


def _identity_in(archive: tarfile.TarFile) -> set[str]:
    rows = _read_rows(archive, Base.metadata.tables["secrets"])
    return {str(row["value"]) for row in rows if row["name"] == IDENTITY}


def _extract(archive: tarfile.TarFile, storage: Storage, models_folder: Path) -> None:
    for member in archive:
        top, _, inside = member.name.partition("/")
        if not member.isfile():
            continue
        if top == _MODELS:
            archive.extract(member.replace(name=inside), models_folder, filter="data")
        if top == _FILES:
            bucket, _, key = inside.partition("/")
            with storage.create(bucket, key) as file:
                shutil.copyfileobj(_member(archive, member), file)


def _fill(session: Session, archive: tarfile.TarFile) -> int:
    count = 0
    for table in _tables():
        batch: list[dict[str, Any]] = []
        for row in _read_rows(archive, table):
            batch.append(row)
            count += 1
            if len(batch) == _ROWS_AT_ONCE:
                session.execute(insert(table), batch)
                batch = []
        if batch:
            session.execute(insert(table), batch)
        _go_on_counting(session, table)
    return count


def _read_rows(archive: tarfile.TarFile, table: Table) -> Iterator[dict[str, Any]]:
    times = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    for line in _member(archive, f"{table.name}.jsonl"):
        row = json.loads(line)
        for name in times:
            row[name] = datetime.fromisoformat(row[name]) if row[name] is not None else None
        yield row


def _go_on_counting(session: Session, table: Table) -> None:
    """Let PostgreSQL count on from the highest id; SQLite does by itself."""
    is_counted = "id" in table.columns and table.columns.id.type.python_type is int
    if session.get_bind().dialect.name == "postgresql" and is_counted:
        name = table.name  # one of the hub's own tables
        session.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "  # noqa: S608
                f"COALESCE((SELECT MAX(id) FROM {name}), 0) + 1, false)"
            )
        )


def _member(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise KeyError(member)
    return file


def _tables() -> list[Table]:
    """Return what is kept: not what processes that run have noted of themselves."""
    return [table for table in Base.metadata.sorted_tables if table.name not in FLEETING]


def _finished(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is just being written, and copies of what is in the store."""
    name = member.name.split("/")[1:2]
    is_copy = bool(name) and name != [model_of(name[0])]
    return None if is_copy else member
