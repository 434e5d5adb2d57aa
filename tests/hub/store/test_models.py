"""Fitted models are in the store, and on the disk only as copies."""

from __future__ import annotations

import os
import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from auger_hub.database.tables import now
from auger_hub.settings import HubSettings
from auger_hub.store.local import OWN_BUCKET, Storage
from auger_hub.store.models import Archive, ModelGone, ModelStore
from auger_hub.store.remote import RemoteStorage

MODEL = "0123456789ABCDE"


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path / "hub", storage=str(tmp_path / "store"))
    settings.make_folders()
    return settings


@pytest.fixture
def models(settings: HubSettings) -> ModelStore:
    return ModelStore(settings, Storage(settings.files_folder))


@pytest.fixture
def fitted(tmp_path: Path) -> Path:
    return write(tmp_path / "fitted")


def write(folder: Path, content: str = "weights") -> Path:
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "model.skops").write_text(content)
    return folder


def stored_at(settings: HubSettings, digest: str) -> Path:
    return settings.files_folder / OWN_BUCKET / Archive(MODEL, digest).key


def test_a_stored_model_is_had_again_on_an_empty_disk(
    settings: HubSettings, models: ModelStore, fitted: Path
) -> None:
    digest = models.keep(MODEL, fitted)
    shutil.rmtree(fitted)
    shutil.rmtree(settings.models_folder)
    folder = models.find(MODEL, digest)
    assert (folder / "model.skops").read_text() == "weights"
    assert models.stored() == {Archive(MODEL, digest)}


def test_a_store_elsewhere_leaves_no_second_copy_here(
    settings: HubSettings, fitted: Path, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    models = ModelStore(settings, RemoteStorage(f"local://{tmp_path}/elsewhere", copies))
    digest = models.keep(MODEL, fitted)
    assert (models.find(MODEL, digest) / "model.skops").read_text() == "weights"
    assert not [path for path in copies.rglob("*") if path.is_file()]
    shutil.rmtree(tmp_path / "elsewhere")
    assert not models.has(MODEL, digest)


def test_the_same_files_are_one_archive_and_others_another(
    models: ModelStore, fitted: Path, tmp_path: Path
) -> None:
    first = models.keep(MODEL, fitted)
    os.utime(fitted / "model.json", (1, 1))
    assert models.keep(MODEL, fitted) == first
    assert models.keep(MODEL, write(tmp_path / "other", "others")) != first


def test_what_was_just_fitted_is_the_first_copy(
    settings: HubSettings, models: ModelStore, tmp_path: Path
) -> None:
    folder = write(settings.work_folder / "model")
    digest = models.keep(MODEL, folder)
    models.take_over(MODEL, digest, folder)
    stored_at(settings, digest).unlink()
    assert (models.find(MODEL, digest) / "model.skops").read_text() == "weights"
    assert not folder.exists()


def test_half_a_copy_is_not_used(models: ModelStore, fitted: Path) -> None:
    digest = models.keep(MODEL, fitted)
    copy = models.find(MODEL, digest)
    (copy / "model.skops").write_text("wei")
    assert models.cached(MODEL, digest) is None
    assert (models.find(MODEL, digest) / "model.skops").read_text() == "weights"


def test_a_damaged_archive_is_not_unpacked(
    settings: HubSettings, models: ModelStore, fitted: Path
) -> None:
    digest = models.keep(MODEL, fitted)
    stored_at(settings, digest).write_bytes(b"other bytes")
    with pytest.raises(ModelGone, match="damaged") as refused:
        models.find(MODEL, digest)
    assert refused.value.is_damaged
    assert list(settings.models_folder.iterdir()) == []


def test_a_lost_archive_is_told(settings: HubSettings, models: ModelStore, fitted: Path) -> None:
    digest = models.keep(MODEL, fitted)
    stored_at(settings, digest).unlink()
    with pytest.raises(ModelGone, match="gone from the store"):
        models.find(MODEL, digest)
    with pytest.raises(ModelGone, match="gone from the store"):
        models.find(MODEL, None)


def test_many_who_want_a_model_at_once_get_one_copy(
    settings: HubSettings, models: ModelStore, fitted: Path
) -> None:
    digest = models.keep(MODEL, fitted)
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(models.find(MODEL, digest))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert set(found) == set(settings.models_folder.iterdir())


def test_what_two_processes_unpack_is_one_copy(
    settings: HubSettings, models: ModelStore, fitted: Path, tmp_path: Path
) -> None:
    """As with a lock that does not hold, on a disk of a network."""
    digest = models.keep(MODEL, fitted)
    copy = models.find(MODEL, digest)
    models.take_over(MODEL, digest, write(tmp_path / "again"))
    assert list(settings.models_folder.iterdir()) == [copy]


def test_copies_that_nobody_asks_for_go_and_what_is_not_stored_stays(
    settings: HubSettings, models: ModelStore, fitted: Path
) -> None:
    copy = models.find(MODEL, models.keep(MODEL, fitted))
    only = write(settings.models_folder / ("A" * 15))
    before = write(settings.models_folder / ("B" * 15))
    half = write(settings.models_folder / ".filling-x")
    models.sweep([])
    assert copy.exists()
    for folder in (copy, only, before, half):
        os.utime(folder, (time.time() - 2 * 24 * 3600,) * 2)
    models.sweep([before.name])
    assert list(settings.models_folder.iterdir()) == [only]


def test_what_is_thrown_away_can_be_had_back_for_a_week(
    settings: HubSettings, models: ModelStore, fitted: Path
) -> None:
    archive = Archive(MODEL, models.keep(MODEL, fitted))
    models.throw_away(archive, "no trial")
    trash = settings.files_folder / OWN_BUCKET / "trash"
    day = trash / f"{now():%Y-%m-%d}"
    assert (models.stored(), (day / archive.key).is_file()) == (set(), True)
    models.empty_trash()
    day.rename(trash / f"{now() - timedelta(days=8):%Y-%m-%d}")
    models.empty_trash()
    assert not [path for path in trash.rglob("*") if path.is_file()]
