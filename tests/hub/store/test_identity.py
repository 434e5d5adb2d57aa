"""A hub serves no database but that of its folder and store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project, ProjectFile, Secret
from auger_hub.hub import open_hub
from auger_hub.program.backup import BackupFailed, back_up, restore
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.identity import open_database

MODEL = "0123456789ABCDE"


@pytest.fixture
def used(tmp_path: Path) -> HubSettings:
    """A hub of before that was stopped: it has an organization with a file, and a model."""
    settings = HubSettings(home=tmp_path / "hub")
    begin(settings, "here")
    with closing_hub(settings) as hub, hub.storage.create("here", "workspace/x.csv") as file:
        file.write(b"a\n1\n")
    (settings.models_folder / MODEL).mkdir()
    (settings.models_folder / MODEL / "model.json").write_text("{}")
    return settings


def begin(settings: HubSettings, organization: str) -> None:
    with closing_hub(settings) as hub, hub.database.write() as session:
        session.add(Organization(name=organization, main_bucket=organization))


class closing_hub:  # noqa: N801 - reads as what it does
    """Open a hub for a block."""

    def __init__(self, settings: HubSettings, *, is_new: bool = False) -> None:
        self._hub = open_hub(settings, is_new=is_new)

    def __enter__(self):  # type: ignore[no-untyped-def]
        return self._hub

    def __exit__(self, *_: object) -> None:
        self._hub.database.close()


def identity_in(settings: HubSettings) -> str:
    with closing(Database(settings.database_url)) as database, database.read() as session:
        return str(session.get_one(Secret, "identity").value)


def test_folder_store_and_database_get_one_identity(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path / "hub", storage=str(tmp_path / "files"))
    closing_hub(settings).__exit__()
    note = json.loads(settings.identity_path.read_text())["identity"]
    stored = (tmp_path / "files" / ".auger-hub" / "identity").read_text()
    assert {note, stored} == {identity_in(settings)}


def test_a_store_that_holds_nothing_of_the_rows_is_another_one(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path / "hub", storage=str(tmp_path / "files"))
    begin(settings, "here")
    with closing_hub(settings) as hub:
        with hub.storage.create("here", "workspace/x.csv") as file:
            file.write(b"a\n1\n")
        with hub.database.write() as session:
            session.add(Project(organization_id=1, name="p"))
            session.flush()
            session.add(
                ProjectFile(organization_id=1, project_id=1, name="x", url="u", key="workspace/x")
            )
    wrong = replace(settings, home=tmp_path / "other", storage=str(tmp_path / "typo"))
    wrong = replace(wrong, database=settings.database_url)
    for home in (wrong.home, settings.home):  # what is on the disk says nothing of the store
        with pytest.raises(BadSettings, match="holds nothing of what the database"):
            open_hub(replace(wrong, home=home))
        assert not (tmp_path / "typo" / ".auger-hub" / "identity").exists()
    (tmp_path / "files" / ".auger-hub" / "identity").unlink()  # as of a hub of before
    closing_hub(settings).__exit__()
    closing_hub(wrong, is_new=True).__exit__()


def test_a_lost_database_is_told_and_none_is_made(used: HubSettings) -> None:
    (used.home / "hub.db").unlink()
    with pytest.raises(BadSettings, match="has no rows of them: nothing was changed"):
        open_hub(used)
    assert not (used.home / "hub.db").exists()


def test_an_empty_file_in_place_of_the_database_is_told(used: HubSettings) -> None:
    (used.home / "hub.db").write_bytes(b"")
    with pytest.raises(BadSettings, match="hub restore"):
        open_hub(used)


def test_the_database_that_was_put_back_is_served(used: HubSettings, tmp_path: Path) -> None:
    shutil.move(used.home / "hub.db", tmp_path / "kept.db")
    with pytest.raises(BadSettings):
        open_hub(used)
    shutil.move(tmp_path / "kept.db", used.home / "hub.db")
    closing_hub(used).__exit__()


def test_a_database_of_another_hub_is_refused(used: HubSettings, tmp_path: Path) -> None:
    other = HubSettings(home=tmp_path / "other")
    begin(other, "elsewhere")
    wrong = replace(used, database=other.database_url)
    with pytest.raises(BadSettings, match="belongs to another hub"):
        open_hub(wrong)
    with pytest.raises(BadSettings, match="belongs to another hub"):
        open_database(wrong)


def test_a_store_of_another_hub_is_refused(used: HubSettings, tmp_path: Path) -> None:
    other = HubSettings(home=tmp_path / "other", storage=str(tmp_path / "files"))
    closing_hub(other).__exit__()
    fresh = HubSettings(home=tmp_path / "third", storage=other.storage)
    with pytest.raises(BadSettings, match="belongs to another hub"):
        open_hub(replace(used, storage=other.storage))
    closing_hub(fresh).__exit__()  # nothing is in it yet


def test_a_folder_of_before_is_taken_with_the_rows_that_name_its_files(used: HubSettings) -> None:
    forget_identity(used)
    closing_hub(used).__exit__()
    assert json.loads(used.identity_path.read_text())["identity"] == identity_in(used)


def test_a_folder_of_before_is_refused_with_rows_that_name_nothing_of_it(
    used: HubSettings,
) -> None:
    forget_identity(used)
    with closing(Database(used.database_url)) as database, database.write() as session:
        session.get_one(Organization, 1).main_bucket = "renamed"
    with pytest.raises(BadSettings, match="has no rows of them"):
        open_hub(used)


def test_a_hub_without_models_and_files_begins_anew(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path / "hub")
    begin(settings, "here")
    for path in settings.home.glob("hub.db*"):
        path.unlink()
    closing_hub(settings).__exit__()
    assert json.loads(settings.identity_path.read_text())["identity"] == identity_in(settings)


def test_new_takes_a_strange_database_and_touches_no_model(
    used: HubSettings, tmp_path: Path
) -> None:
    other = HubSettings(home=tmp_path / "other")
    begin(other, "elsewhere")
    taken = replace(used, database=other.database_url)
    closing_hub(taken, is_new=True).__exit__()
    closing_hub(taken).__exit__()
    assert (used.models_folder / MODEL / "model.json").exists()
    with pytest.raises(BadSettings, match="belongs to another hub"):
        open_hub(used)


def test_a_backup_fills_the_lost_database_again(used: HubSettings, tmp_path: Path) -> None:
    archive = tmp_path / "hub.tar.gz"
    back_up(used, archive)
    before = identity_in(used)
    (used.home / "hub.db").unlink()
    restore(used, archive)
    closing_hub(used).__exit__()
    assert identity_in(used) == before


def test_no_backup_is_made_of_a_folder_without_its_rows(used: HubSettings, tmp_path: Path) -> None:
    (used.home / "hub.db").unlink()
    with pytest.raises(BadSettings, match="has no rows of them"):
        back_up(used, tmp_path / "hub.tar.gz")


def test_a_backup_of_another_hub_is_not_restored(used: HubSettings, tmp_path: Path) -> None:
    archive = tmp_path / "hub.tar.gz"
    back_up(used, archive)
    other = HubSettings(home=tmp_path / "other")
    closing_hub(other).__exit__()
    with pytest.raises(BackupFailed, match="belongs to another hub"):
        restore(other, archive)


def forget_identity(settings: HubSettings) -> None:
    settings.identity_path.unlink()
    with closing(Database(settings.database_url)) as database, database.write() as session:
        session.delete(session.get_one(Secret, "identity"))


def test_a_database_that_cannot_be_written_is_told_in_a_sentence(
    used: HubSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that was mounted read-only."""
    forget_identity(used)
    plain = Database.write

    @contextmanager
    def refused(database: Database) -> Iterator[Session]:
        with plain(database) as session:
            session.execute(text("PRAGMA query_only = ON"))
            yield session

    monkeypatch.setattr(Database, "write", refused)
    with pytest.raises(BadSettings, match="whether it is full or read-only"):
        open_database(used)
