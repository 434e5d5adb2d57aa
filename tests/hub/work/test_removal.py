"""Deleted projects go with their files, however slow or sick the store is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from auger_reconcile.hub.database.engine import Database
from auger_reconcile.hub.database.tables import Organization, Project
from auger_reconcile.hub.remote_storage import RemoteStorage, StoreFailed
from auger_reconcile.hub.storage import Storage, project_key
from auger_reconcile.hub.work.projects import advance_projects
from auger_reconcile.hub.work.removal import Removal
from tests.hub.conftest import wait_until

KEY = project_key("gone", "files", "x.csv")
NOBODY: frozenset[int] = frozenset()


class SlowStorage(Storage):
    """Answers when it is allowed to."""

    allowed = threading.Event()

    def delete(self, bucket: str, key: str) -> None:
        assert self.allowed.wait(30)
        super().delete(bucket, key)


class SickStorage(Storage):
    """Fails once, and again whenever it is asked too early."""

    failed = 0
    rests = True

    def is_answering(self) -> bool:
        return not self.rests

    def delete(self, bucket: str, key: str) -> None:
        self.failed += 1
        self.rests = True
        raise StoreFailed("503")


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
        project = session.query(Project).filter_by(name=name).one_or_none()
        return project.status if project is not None else None


def put(storage: Storage) -> Path:
    with storage.create("b", KEY) as file:
        file.write(b"a\n")
    return storage.path("b", KEY)


def test_a_slow_store_holds_up_no_other_project(database: Database, tmp_path: Path) -> None:
    storage = SlowStorage(tmp_path / "files")
    path = put(storage)
    removal = Removal(database, storage)
    for _ in range(2):  # it is begun once
        assert advance_projects(database, removal, NOBODY)
    assert wait_until(
        lambda: (
            advance_projects(database, removal, NOBODY)
            and status_of(database, "moving") == "undeployed"
        )
    )
    assert status_of(database, "gone") is not None
    assert path.exists()
    storage.allowed.set()
    assert wait_until(lambda: status_of(database, "gone") is None)
    assert not path.exists()
    removal.begin(1)  # as if it had been seen a moment ago
    removal.stop()


def test_a_store_that_fails_is_asked_again_after_a_pause(
    database: Database, tmp_path: Path
) -> None:
    storage = SickStorage(tmp_path / "files")
    path = put(storage)
    removal = Removal(database, storage)
    removal.begin(1)
    assert storage.failed == 0
    for times in (1, 2):
        storage.rests = False
        removal.begin(1)
        assert wait_until(lambda times=times: storage.failed == times)
    removal.stop()
    assert status_of(database, "gone") is not None
    assert path.exists()


def test_a_store_rests_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = RemoteStorage(f"local://{tmp_path}/store", tmp_path / "copies")
    assert storage.is_answering()
    (tmp_path / "store").write_text("no folder")
    with pytest.raises(StoreFailed), storage.create("b", KEY) as file:
        file.write(b"a\n")
    assert not storage.is_answering()
    monkeypatch.setattr("auger_reconcile.hub.remote_storage._PAUSE_SECONDS", 0.0)
    assert storage.is_answering()
