"""Deployed models are ready as long as the store, or at least this disk, has them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.background.model_care import ModelCare
from auger_hub.database.tables import Pipeline, Trial
from auger_hub.hub import Hub, open_hub
from auger_hub.settings import HubSettings
from auger_hub.store.local import OWN_BUCKET, AnotherStore
from auger_hub.store.models import Archive
from tests.hub.deployed import add_deployed_model

MODEL = "0123456789ABCDE"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub with one deployed model that is on its disk alone, as one of before has left it."""
    settings = HubSettings(home=tmp_path / "hub", storage=str(tmp_path / "store"))
    hub = open_hub(settings)
    add_deployed_model(hub.database, MODEL)
    fit(settings.models_folder / MODEL)
    yield hub
    hub.database.close()


def fit(folder: Path, content: str = "weights") -> Path:
    folder.mkdir()
    (folder / "model.json").write_text(content)
    return folder


def care(hub: Hub) -> tuple[str, str | None]:
    """Look once; return the status of the model, and what is said of it."""
    ModelCare(hub.settings, hub.database, hub.storage).look()
    row = row_of(hub)
    return row.status, row.error_message


def row_of(hub: Hub) -> Pipeline:
    with hub.database.read() as session:
        return session.get_one(Pipeline, MODEL)


def change(hub: Hub, **changes: Any) -> None:
    with hub.database.write() as session:
        row = session.get_one(Pipeline, MODEL)
        for name, value in changes.items():
            setattr(row, name, value)


def archive_of(hub: Hub) -> Path:
    (archive,) = hub.models.stored()
    return hub.storage.path(OWN_BUCKET, archive.key)


LOST = "the fitted model is gone from the store of the hub: deploy the trial again"


def test_a_model_of_before_is_stored_and_outlives_the_disk(hub: Hub) -> None:
    assert care(hub) == ("ready", None)
    shutil.rmtree(hub.settings.models_folder)
    folder = hub.models.find(MODEL, row_of(hub).package_digest)
    assert (folder / "model.json").read_text() == "weights"


def test_a_lost_model_is_not_ready_and_is_again_once_it_is_back(hub: Hub, tmp_path: Path) -> None:
    care(hub)
    shutil.rmtree(hub.settings.models_folder)
    archive = archive_of(hub)
    archive.rename(tmp_path / "kept")
    assert care(hub) == ("packaged_with_error", LOST)
    assert care(hub) == ("packaged_with_error", LOST)
    (tmp_path / "kept").rename(archive)
    assert care(hub) == ("ready", None)


def test_what_the_store_lost_comes_back_from_the_copy_on_the_disk(hub: Hub) -> None:
    care(hub)
    hub.models.find(MODEL, row_of(hub).package_digest)
    archive_of(hub).unlink()
    assert care(hub) == ("ready", None)
    assert archive_of(hub).is_file()


def test_a_model_of_before_whose_folder_is_gone_is_not_ready(hub: Hub) -> None:
    shutil.rmtree(hub.settings.models_folder / MODEL)
    assert care(hub) == ("packaged_with_error", LOST)


def test_a_failure_of_another_kind_stays_one(hub: Hub) -> None:
    change(hub, status="packaged_with_error", error_message="the data set was deleted")
    assert care(hub) == ("packaged_with_error", "the data set was deleted")


def test_a_store_that_was_emptied_says_nothing_of_single_models(hub: Hub) -> None:
    care(hub)
    shutil.rmtree(hub.settings.models_folder)
    shutil.move(hub.settings.files_folder, hub.settings.home / "elsewhere")
    hub.settings.files_folder.mkdir()
    with pytest.raises(AnotherStore):
        care(hub)
    assert row_of(hub).status == "ready"


def test_what_was_replaced_or_undeployed_leaves_the_store(hub: Hub, tmp_path: Path) -> None:
    care(hub)
    first = row_of(hub).package_digest
    again = hub.models.keep(MODEL, fit(tmp_path / "again", "others"))
    change(hub, status="packaging")
    care(hub)
    assert hub.models.stored() == {Archive(MODEL, str(first)), Archive(MODEL, again)}
    change(hub, status="ready", package_digest=again)
    care(hub)
    assert hub.models.stored() == {Archive(MODEL, again)}
    change(hub, status="undeployed", package_digest=None)
    care(hub)
    assert hub.models.stored() == set()


def test_a_model_whose_trial_is_no_more_goes_to_the_trash(hub: Hub) -> None:
    care(hub)
    with hub.database.write() as session:
        session.delete(session.get_one(Trial, MODEL))
    ModelCare(hub.settings, hub.database, hub.storage).look()
    assert hub.models.stored() == set()
    assert len(list(hub.storage.keys(OWN_BUCKET, "trash"))) == 1
