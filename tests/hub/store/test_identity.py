"""A hub serves no database but that of its folder and store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.responses import Response

from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project, ProjectFile, Secret
from auger_hub.http.answer import tell_failures
from auger_hub.hub import join_hub, open_hub
from auger_hub.program.backup import BackupFailed, back_up, restore
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.identity import NOTED, open_database, public_identity
from auger_hub.store.local import AnotherStore, Storage
from auger_hub.store.remote import RemoteStorage

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
    (tmp_path / "files" / ".auger-hub" / "identity").unlink()
    forget(settings, NOTED)  # as of a hub of before
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
    (settings.files_folder / ".auger-hub" / "identity").unlink()
    forget(settings, NOTED)
    forget(settings, "identity")


def forget(settings: HubSettings, name: str) -> None:
    with closing(Database(settings.database_url)) as database, database.write() as session:
        session.delete(session.get_one(Secret, name))


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


def own_folder(folder: Path) -> HubSettings:
    return HubSettings(home=folder / "hub")


def folder_elsewhere(folder: Path) -> HubSettings:
    return HubSettings(home=folder / "hub", storage=str(folder / "mnt" / "store"))


def object_store(folder: Path) -> HubSettings:
    return HubSettings(home=folder / "hub", storage=f"local://{folder}/mnt/objects")


STORES = [own_folder, folder_elsewhere, object_store]


def root_of(settings: HubSettings) -> Path:
    """Return the folder in which the store, whatever it is, has its files here."""
    if settings.has_remote_storage:
        return Path(settings.storage.removeprefix("local://"))
    return settings.files_folder


@pytest.fixture(params=STORES)
def filled(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> HubSettings:
    """A hub with two data sets in its store, whatever that is, which was stopped."""
    monkeypatch.setattr(RemoteStorage, "_checked_seconds", 0.0)
    settings: HubSettings = request.param(tmp_path)
    begin(settings, "here")
    with closing_hub(settings) as hub, hub.database.write() as session:
        session.add(Project(organization_id=1, name="p"))
        session.flush()
        for name in ("x", "y"):
            owner = {"organization_id": 1, "project_id": 1}
            session.add(ProjectFile(**owner, name=name, url="u", key=name, status="processed"))
            write(hub.storage, name)
    return settings


def write(storage: Storage, key: str) -> None:
    with storage.create("here", key) as file:
        file.write(b"a\n1\n")
    storage.drop_copy("here", key)


def unmount(settings: HubSettings) -> Path:
    """Leave an empty folder where the store was; return where the store is now."""
    kept = settings.home.parent / "unmounted"
    root_of(settings).rename(kept)
    root_of(settings).mkdir()
    return kept


def test_a_store_that_is_lost_while_the_hub_runs_takes_and_says_nothing(
    filled: HubSettings,
) -> None:
    with closing_hub(filled) as hub:
        assert hub.storage.has("here", "x")
        kept = unmount(filled)
        for ask in (
            lambda: write(hub.storage, "z"),
            lambda: hub.storage.find("here", "x"),
            lambda: hub.storage.has("here", "x"),
            lambda: hub.storage.size("here", "x"),
            lambda: hub.storage.delete("here", "x"),
            lambda: list(hub.storage.everything()),
        ):
            with pytest.raises(AnotherStore):
                ask()
        assert not list(root_of(filled).rglob("*"))
        root_of(filled).rmdir()
        kept.rename(root_of(filled))
        write(hub.storage, "z")


def test_a_store_that_is_lost_during_an_upload_does_not_have_it(filled: HubSettings) -> None:
    with closing_hub(filled) as hub:
        upload = hub.storage.create("here", "z")
        upload.__enter__().write(b"a\n")
        unmount(filled)
        with pytest.raises(AnotherStore):
            upload.__exit__(None, None, None)
        assert not list(root_of(filled).rglob("z"))


def test_a_lost_store_is_not_taken_at_the_start_whatever_is_in_it(filled: HubSettings) -> None:
    unmount(filled)
    bucket = root_of(filled) / "here"
    bucket.mkdir()
    (bucket / "new.csv").write_text("acknowledged by mistake")
    with pytest.raises(BadSettings, match=r"is empty or another one.*--new"):
        open_hub(filled)
    with pytest.raises(BadSettings, match="is empty or another one"):
        back_up(filled, filled.home / "backup.tar.gz")
    assert [path.name for path in root_of(filled).rglob("*") if path.is_file()] == ["new.csv"]


def test_new_goes_on_without_what_the_store_held_and_calls_it_failed(filled: HubSettings) -> None:
    kept = unmount(filled)
    (root_of(filled) / "here").mkdir()
    (kept / "here" / "y").rename(root_of(filled) / "here" / "y")
    closing_hub(filled, is_new=True).__exit__()
    assert statuses(filled) == {"x": "processed_with_error", "y": "processed"}
    closing_hub(filled).__exit__()
    (kept / "here" / "x").rename(root_of(filled) / "here" / "x")
    closing_hub(filled, is_new=True).__exit__()
    assert statuses(filled) == {"x": "processed", "y": "processed"}


def test_a_process_that_joins_serves_no_other_store(filled: HubSettings) -> None:
    unmount(filled)
    hub = join_hub(filled)
    with closing(hub.database), pytest.raises(AnotherStore):
        write(hub.storage, "z")


def test_a_backup_that_lacks_files_is_restored_and_says_so(
    filled: HubSettings, tmp_path: Path
) -> None:
    (root_of(filled) / "here" / "y").unlink()
    back_up(filled, tmp_path / "hub.tar.gz")
    other = HubSettings(home=tmp_path / "other")
    done = restore(other, tmp_path / "hub.tar.gz")
    assert done.missing == "1 data set; the first is the data set `y`"
    closing_hub(other).__exit__()
    assert statuses(other) == {"x": "processed", "y": "processed_with_error"}


def test_a_hub_that_holds_nothing_yet_may_be_given_a_store(tmp_path: Path) -> None:
    begin(own_folder(tmp_path), "here")
    closing_hub(object_store(tmp_path)).__exit__()


def test_what_cannot_be_written_is_refused_in_a_sentence() -> None:
    def fail() -> None:
        raise AnotherStore

    answer = tell_failures("POST /x", {}, fail)
    assert isinstance(answer, Response)
    assert answer.status_code == 503
    assert b"the hub's object store is empty or another one, try later" in bytes(answer.body)


def statuses(settings: HubSettings) -> dict[str, str]:
    with closing(Database(settings.database_url)) as database, database.read() as session:
        return {row.name: row.status for row in session.scalars(select(ProjectFile))}


def test_each_hub_tells_which_one_it_is_and_not_by_what(tmp_path: Path) -> None:
    told = []
    for name in ("one", "other", "one"):
        settings = HubSettings(home=tmp_path / name)
        with closing_hub(settings) as hub, hub.database.read() as session:
            told.append(public_identity(session))
            assert identity_in(settings) not in told
    assert told[0] == told[2] != told[1]
    assert all(told)
