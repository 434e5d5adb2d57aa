"""Deleted projects go with their files, however slow or sick the store is."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from auger_hub.background.project_lifecycle import advance_projects
from auger_hub.background.removal import Removal
from auger_hub.database.engine import Database
from auger_hub.database.tables import Organization, Project
from auger_hub.store.local import Storage, project_key
from auger_hub.store.remote import RemoteStorage, StoreFailed
from tests.hub.client import wait_until

KEY = project_key("gone", "files", "x.csv")
NOBODY: frozenset[int] = frozenset()


class SlowStorage(Storage):
    """Answers when it is allowed to."""

    allowed = threading.Event()

    def delete(self, bucket: str, key: str) -> None:
        assert self.allowed.wait(30)
        super().delete(bucket, key)


class SickStorage(Storage):
    """Fails whenever it is asked."""

    failed = 0

    def delete(self, bucket: str, key: str) -> None:
        self.failed += 1
        raise StoreFailed("503")


class BusyStorage(Storage):
    """Meanwhile somebody makes a project of the same name, and uploads to it."""

    meanwhile: Callable[[], None]

    def keys(self, bucket: str, folder: str) -> Iterator[str]:
        self.meanwhile()
        yield from super().keys(bucket, folder)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'hub.db'}")) as database:
        database.migrate()
        with database.write() as session:
            organization = Organization(name="o", main_bucket="b")
            session.add(organization)
            session.flush()
            owner = {"organization_id": organization.id}
            session.add(Project(name="gone", deleting=True, **owner))
            session.add(Project(name="moving", status="undeploying", **owner))
        yield database


def status_of(database: Database, name: str) -> str | None:
    with database.read() as session:
        found = session.query(Project).filter_by(name=name).order_by(Project.id).first()
        return found.status if found is not None else None


def put(storage: Storage) -> Path:
    with storage.create("b", KEY) as file:
        file.write(b"a\n")
    return storage.path("b", KEY)


def test_a_slow_store_holds_up_no_other_project(database: Database, tmp_path: Path) -> None:
    storage = SlowStorage(tmp_path / "files")
    path = put(storage)
    removal = Removal(database, storage)

    def has_moved() -> bool:  # what is removed is begun once, however often this is asked
        advance_projects(database, removal, NOBODY)
        return status_of(database, "moving") == "undeployed"

    assert wait_until(has_moved)
    assert status_of(database, "gone") is not None
    assert path.exists()
    storage.allowed.set()
    assert wait_until(lambda: status_of(database, "gone") is None)
    assert not path.exists()
    removal.begin(1)  # as if it had been seen a moment ago
    removal.stop()


def test_a_store_that_fails_is_asked_again_after_a_pause(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = SickStorage(tmp_path / "files")
    path = put(storage)
    removal = Removal(database, storage)
    removal.begin(1)
    assert wait_until(lambda: storage.failed == 1)
    removal.stop()
    again = Removal(database, storage)
    monkeypatch.setattr("auger_hub.background.removal._REST_SECONDS", 0.0)
    assert wait_until(lambda: again.begin(1) is None and storage.failed > 2)
    again.stop()
    again.begin(1)
    assert status_of(database, "gone") is not None
    assert path.exists()


def test_a_project_of_the_same_name_keeps_what_is_uploaded_to_it(
    database: Database, tmp_path: Path
) -> None:
    storage = BusyStorage(tmp_path / "files")
    path = put(storage)
    other = project_key("gone", "files", "other.csv")

    def make() -> None:
        with database.write() as session:
            session.add(Project(name="gone", status="deployed", organization_id=1))
        with storage.create("b", other) as file:
            file.write(b"b\n")

    storage.meanwhile = make
    removal = Removal(database, storage)
    removal.begin(1)
    assert wait_until(lambda: status_of(database, "gone") == "deployed")
    removal.stop()
    assert storage.has("b", other)
    assert path.exists()  # nothing names it: it goes with the new project


def test_a_store_that_failed_is_not_asked_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = RemoteStorage(f"local://{tmp_path}/store", tmp_path / "copies")
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(StoreFailed) as first, storage.create("b", KEY) as file:
        file.write(b"a\n")
    (tmp_path / "store").unlink()
    with pytest.raises(StoreFailed, match=re.escape(str(first.value))):
        storage.has("b", KEY)
    monkeypatch.setattr(storage, "_rests_until", 0.0)
    assert not storage.has("b", KEY)
