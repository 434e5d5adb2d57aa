"""Keep fitted models in the store, and copies of those in use on this disk.

A model is one archive, `models/<id>/<digest>.zip` in the hub's own bucket, which no organization
can reach. Its digest is that of its bytes, so an archive never changes, and what another hub has
deployed anew is another one. The disk is a cache: a folder for each, unpacked whole or not at all
from bytes that have this digest. Hubs of before had folders alone, named by the id.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from auger_hub.database.tables import now
from auger_hub.settings import HubSettings
from auger_hub.store.local import OWN_BUCKET, Storage
from auger_hub.store.trash import KEPT

FOLDER = "models"
_TRASH = "trash"
_NOTE = ".files.json"
_SHOWN_DIGITS = 16
_BLOCK = 1024**2
_NEW = (1980, 1, 1, 0, 0, 0)
_FILLING = ".filling-"
_FILL_SECONDS, _UNUSED_SECONDS = 3600.0, 24 * 3600.0
_FOLDER_NAME = re.compile(rf"([0-9A-F]{{15}}|[0-9a-f]{{16}})(-[0-9a-f]{{{_SHOWN_DIGITS}}})?")
"""The id of a trial of a search, or of a refit; without a digest, of a model that is not stored."""
_log = logging.getLogger("auger.hub.models")


class ModelGone(Exception):
    """The store has no usable archive of a model; the text says what it is, in a sentence.

    Attributes:
        is_damaged: there is one, of other bytes than were stored.
    """

    def __init__(self, text: str, *, is_damaged: bool = False) -> None:
        super().__init__(text)
        self.is_damaged = is_damaged

    @classmethod
    def missing(cls) -> ModelGone:
        """Return what says that there is none at all."""
        return cls("the fitted model is gone from the store of the hub")


class Archive(NamedTuple):
    """One fitted model in the store."""

    id: str
    digest: str

    @property
    def key(self) -> str:
        """Return its key."""
        return f"{FOLDER}/{self.id}/{self.digest}.zip"


class ModelStore:
    """The fitted models of one hub."""

    def __init__(self, settings: HubSettings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._folder = settings.models_folder

    def keep(self, model_id: str, folder: Path) -> str:
        """Store the model in `folder`, and return the digest of its archive."""
        with tempfile.TemporaryDirectory() as temporary:
            packed = Path(temporary) / "model.zip"
            _pack(folder, packed)
            archive = Archive(model_id, digest_of(packed))
            if not self._storage.has(OWN_BUCKET, archive.key):
                self._put(packed, archive.key)
        return archive.digest

    def take_over(self, model_id: str, digest: str, folder: Path) -> None:
        """Make the folder of a stored model, which is on the disk of the home, its copy."""
        _note_files(folder)
        self._put_in_place(folder, self._copy_of(model_id, digest))

    def find(self, model_id: str, digest: str | None) -> Path:
        """Return the folder of a model, copied from the store now if need be.

        Raises:
            ModelGone: The store has it no more, or not as it was stored.
            StoreFailed: The store does not answer.
        """
        cached = self.cached(model_id, digest)
        if cached is not None:
            with suppress(OSError):
                os.utime(cached)  # so that `sweep` spares it
            return cached
        if digest is None:
            raise ModelGone.missing()
        lock = self._settings.work_folder / f"fill-{model_id}-{digest[:_SHOWN_DIGITS]}.lock"
        with FileLock(lock):
            copy = self.cached(model_id, digest) or self._fetch(Archive(model_id, digest))
            lock.unlink(missing_ok=True)
        return copy

    def cached(self, model_id: str, digest: str | None) -> Path | None:
        """Return the folder of a model on this disk; None without a whole one."""
        if digest is not None:
            copy = self._copy_of(model_id, digest)
            return copy if _is_whole(copy) else None
        folder = self._folder / model_id
        return folder if folder.is_dir() else None

    def has(self, model_id: str, digest: str) -> bool:
        """Return whether the store has the archive."""
        return self._storage.has(OWN_BUCKET, Archive(model_id, digest).key)

    def size(self, model_id: str, digest: str) -> int | None:
        """Return how many bytes the archive in the store has; None without one."""
        return self._storage.size(OWN_BUCKET, Archive(model_id, digest).key)

    def stored(self) -> set[Archive]:
        """Return all models in the store."""
        names = (key.split("/") for key in self._storage.keys(OWN_BUCKET, FOLDER))
        return {Archive(name[1], name[2].removesuffix(".zip")) for name in names if len(name) == 3}

    def delete(self, archive: Archive) -> None:
        """Remove a model from the store."""
        self._storage.delete(OWN_BUCKET, archive.key)

    def throw_away(self, archive: Archive, reason: str) -> None:
        """Move a model to the trash of the store, `trash/<day>/models/...`, and log it."""
        target = f"{_TRASH}/{now():%Y-%m-%d}/{archive.key}"
        with self._storage.lend(OWN_BUCKET, archive.key) as path:
            if path is None:
                return
            self._put(path, target)
        self.delete(archive)
        _log.warning("moved %s to %s in the store: %s", archive.key, target, reason)

    def empty_trash(self) -> None:
        """Delete what was thrown away more than a week ago."""
        oldest = f"{now() - KEPT:%Y-%m-%d}"
        for key in list(self._storage.keys(OWN_BUCKET, _TRASH)):
            if key.split("/")[1] < oldest:
                self._storage.delete(OWN_BUCKET, key)
                _log.warning("deleted %s of the store's trash", key)

    def forget(self, model_id: str) -> None:
        """Remove the copies of a model from this disk."""
        for folder in (self._folder / model_id, *self._folder.glob(f"{model_id}-*")):
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self, stored: Iterable[str]) -> None:
        """Remove copies that nobody has asked for during a day, and what a killed process left.

        `stored` are the models whose folders from before are copies by now.
        """
        copies = set(stored)
        for folder in list(self._folder.glob("*")):
            is_half = folder.name.startswith(_FILLING)
            model_id = model_of(folder.name)
            if not is_half and (
                model_id is None or (folder.name == model_id and model_id not in copies)
            ):
                continue
            with suppress(OSError):
                age = time.time() - folder.stat().st_mtime
                if age > (_FILL_SECONDS if is_half else _UNUSED_SECONDS):
                    shutil.rmtree(folder, ignore_errors=True)

    def _put(self, packed: Path, key: str) -> None:
        """Store a file, of which nothing stays here: what is used is unpacked."""
        with self._storage.place(OWN_BUCKET, key) as target:
            shutil.copyfile(packed, target)
        self._storage.drop_copy(OWN_BUCKET, key)

    def _copy_of(self, model_id: str, digest: str) -> Path:
        return self._folder / f"{model_id}-{digest[:_SHOWN_DIGITS]}"

    def _fetch(self, archive: Archive) -> Path:
        """Unpack an archive whose bytes are as they were stored; else look twice."""
        for attempt in (1, 2):
            with self._storage.lend(OWN_BUCKET, archive.key) as packed:
                if packed is None:
                    raise ModelGone.missing()
                if digest_of(packed) == archive.digest:
                    return self._unpack(packed, self._copy_of(*archive))
            _log.error("%s is not what was stored (look %d)", archive.key, attempt)
        raise ModelGone("the fitted model in the store of the hub is damaged", is_damaged=True)

    def _unpack(self, packed: Path, target: Path) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=_FILLING) as temporary:
            whole = Path(temporary) / "model"
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(whole)
            _note_files(whole)
            self._put_in_place(whole, target)
        return target

    def _put_in_place(self, whole: Path, target: Path) -> None:
        if target.exists() and not _is_whole(target):
            shutil.rmtree(target, ignore_errors=True)
        with suppress(OSError):  # another process has put the same there
            whole.rename(target)
        if not _is_whole(target):
            raise OSError(f"{target} cannot be written")


def model_of(folder_name: str) -> str | None:
    """Return the id of the model that a folder of that name has; None for any other folder."""
    matched = _FOLDER_NAME.fullmatch(folder_name)
    return matched[1] if matched else None


def _pack(folder: Path, target: Path) -> None:
    """Write an archive that is the same for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.iterdir()):
            if path.name == _NOTE or not path.is_file():
                continue
            member = zipfile.ZipInfo(path.name, _NEW)
            member.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as written:
                shutil.copyfileobj(source, written, _BLOCK)


def _note_files(folder: Path) -> None:
    """Note which files a copy has: what is half removed later is not used."""
    sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.name != _NOTE}
    (folder / _NOTE).write_text(json.dumps(sizes), encoding="utf-8")


def _is_whole(folder: Path) -> bool:
    try:
        sizes = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
