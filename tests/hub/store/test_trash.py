"""What is swept can be had back for some days."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from auger_hub.database.tables import now
from auger_hub.settings import HubSettings
from auger_hub.store.trash import KEPT, empty_trash, move_to_trash


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    return settings


def put(settings: HubSettings, content: str) -> Path:
    model = settings.models_folder / "ABC"
    model.mkdir()
    (model / "model.json").write_text(content)
    return model


def test_what_is_swept_is_moved_and_logged(
    settings: HubSettings, caplog: pytest.LogCaptureFixture
) -> None:
    for content in ("first", "second"):
        move_to_trash(settings, put(settings, content), "no row")
    kept = sorted(path.read_text() for path in settings.trash_folder.rglob("model.json"))
    assert kept == ["first", "second"]
    assert not list(settings.models_folder.iterdir())
    assert "models/ABC" in caplog.text
    assert "no row" in caplog.text


def test_what_cannot_be_moved_stays(
    settings: HubSettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.trash_folder.write_text("in the way")
    model = put(settings, "only one")
    move_to_trash(settings, model, "no row")
    assert model.is_dir()
    assert "cannot be moved" in caplog.text


def test_the_trash_of_a_day_goes_when_its_time_is_over(
    settings: HubSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    days = {days: f"{now() - timedelta(days=days):%Y-%m-%d}" for days in (0, KEPT.days + 1)}
    for day in days.values():
        (settings.trash_folder / day / "models" / "A").mkdir(parents=True)
    (settings.trash_folder / "notes").mkdir()
    empty_trash(settings)
    assert {path.name for path in settings.trash_folder.iterdir()} == {days[0], "notes"}
    assert f"deleted the trash of {days[KEPT.days + 1]}: 1 models and logs" in caplog.text
