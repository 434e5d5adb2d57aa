"""What an organization stores is counted in rows, and told and refused by that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auger_hub.accounts.organizations import limit_organization, list_organizations
from auger_hub.accounts.quota import (
    OverQuota,
    refuse_over,
    reserve_upload,
    take_upload,
    usage_of,
    used_bytes,
)
from auger_hub.accounts.users import find_or_add_organization
from auger_hub.background.measure import measure, remove_unused_uploads
from auger_hub.database.engine import Database
from auger_hub.database.tables import Pipeline, PipelineFile, Project, ProjectFile, Upload, now
from auger_hub.settings import HubSettings
from auger_hub.store.local import OWN_BUCKET, Storage
from auger_hub.store.models import Archive, ModelStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Two organizations, the first with a project and a limit of a thousand bytes."""
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    with database.write() as session:
        for name in ("shop", "other"):
            find_or_add_organization(session, name)
        session.add(Project(organization_id=1, name="p"))
        limit_organization(session, "shop", most_storage=1000)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("limit", "value"),
    [("most_workers", 2**31), ("most_questions", -1), ("most_storage", 10**30)],
)
def test_a_limit_that_no_column_holds_is_refused(
    database: Database, limit: str, value: int
) -> None:
    with database.write() as session, pytest.raises(ValueError, match=f"{limit} has to be from 0"):
        limit_organization(session, "shop", **{limit: value})


def _add(database: Database, **told: Any) -> None:
    facts = {"organization_id": 1, "project_id": 1, "name": "d", "url": "u", "key": "k", **told}
    with database.write() as session:
        session.add(ProjectFile(**facts))


def test_data_models_exports_and_uploads_count(database: Database) -> None:
    _add(database, bytes=100)
    _add(database, bytes=None, key="unread")
    with database.write() as session:
        session.add(Pipeline(id="m", organization_id=1, project_id=1, bytes=20))
        reserve_upload(session, 1, "u", 7)
    with database.read() as session:
        assert (used_bytes(session, 1), used_bytes(session, 2)) == (127, 0)


def test_what_fits_to_the_last_byte_is_taken_and_one_more_is_not(database: Database) -> None:
    _add(database, bytes=900)
    with database.read() as session:
        refuse_over(session, 1, 100)
        refuse_over(session, 2, 10**15)
        with pytest.raises(OverQuota) as refused:
            refuse_over(session, 1, 101)
    said = str(refused.value)
    assert "`shop` stores 900 bytes of the 1 kB" in said
    assert "101 bytes more do not fit" in said
    assert "auger hub org limit shop --most-storage" in said


def test_of_two_uploads_that_fit_alone_one_is_taken(database: Database) -> None:
    with database.write() as session:
        reserve_upload(session, 1, "a", 600)
    with database.write() as session, pytest.raises(OverQuota):
        reserve_upload(session, 1, "b", 600)


def test_an_upload_in_the_place_of_another_counts_instead_of_it(database: Database) -> None:
    for size in (900, 1000):
        with database.write() as session:
            reserve_upload(session, 1, "a", size)
    with database.read() as session:
        assert usage_of(session, 1) == (1000, 1000)


def test_an_upload_that_a_data_set_names_counts_once(database: Database) -> None:
    with database.write() as session:
        reserve_upload(session, 1, "a", 600)
    with database.write() as session:
        assert take_upload(session, 1, "a") == 600
    with database.write() as session:
        assert (take_upload(session, 1, "a"), used_bytes(session, 1)) == (None, 0)


@pytest.mark.parametrize(("used", "is_near"), [(799, False), (800, True), (1200, True)])
def test_from_four_fifths_on_it_is_told(database: Database, used: int, is_near: bool) -> None:
    _add(database, bytes=used)
    with database.read() as session:
        assert usage_of(session, 1).is_near is is_near


def test_a_limit_of_zero_is_none_and_others_stay(database: Database) -> None:
    with database.write() as session:
        limit_organization(session, "shop", most_workers=3, most_storage=None)
        assert limit_organization(session, "shop", most_storage=0) == {
            "used_storage": 0,
            "most_storage": None,
        }
        assert limit_organization(session, "nobody", most_storage=1) is None
        (shop, _) = list_organizations(session)
    assert (shop["most_workers"], shop["most_storage"]) == (3, None)


def test_what_was_stored_before_the_hub_counted_is_measured(
    database: Database, tmp_path: Path
) -> None:
    settings = HubSettings(home=tmp_path)
    storage = Storage(tmp_path / "files")
    with database.read() as session:
        bucket = find_or_add_organization(session, "shop").main_bucket
    contents = {(bucket, "d"): b"12345", (bucket, "e"): b"123"}
    contents[OWN_BUCKET, Archive("m", "f" * 64).key] = b"1234567"
    for (place, key), content in contents.items():
        with storage.create(place, key) as file:
            file.write(content)
    _add(database, key="d", status="processed")
    _add(database, key="gone", status="error")
    _add(database, key="d", status="processing")
    facts = {"organization_id": 1, "project_id": 1}
    with database.write() as session:
        session.add(Pipeline(id="m", package_digest="f" * 64, status="ready", **facts))
        session.add(Pipeline(id="n", status="undeployed", **facts))
    measure(database, storage, ModelStore(settings, storage))
    with database.read() as session:
        assert used_bytes(session, 1) == 5 + 7
        sizes = [row.bytes for row in session.query(ProjectFile).order_by(ProjectFile.id)]
    assert sizes == [5, 0, None]


def test_an_upload_that_nothing_names_is_removed_after_a_day(
    database: Database, tmp_path: Path
) -> None:
    storage = Storage(tmp_path / "files")
    old = now() - timedelta(hours=25)
    with database.write() as session:
        bucket = find_or_add_organization(session, "shop").main_bucket
        for key, at in (("spare", old), ("named", old), ("new", now())):
            session.add(Upload(organization_id=1, key=key, bytes=1, created_at=at))
    for key in ("spare", "named", "new"):
        with storage.create(bucket, key) as file:
            file.write(b"x")
    _add(database, key="named", bytes=1)
    remove_unused_uploads(database, storage)
    assert [storage.has(bucket, key) for key in ("spare", "named", "new")] == [False, True, True]
    with database.read() as session:
        assert [row.key for row in session.query(Upload)] == ["new"]
        assert used_bytes(session, 1) == 2


def test_the_count_reads_nothing_but_the_index(database: Database) -> None:
    with database.connect() as connection:
        for table in (ProjectFile, Pipeline, PipelineFile):
            name = table.__tablename__
            query = f"EXPLAIN QUERY PLAN SELECT sum(bytes) FROM {name} WHERE organization_id = 1"
            told = " ".join(str(row) for row in connection.exec_driver_sql(query))
            assert f"COVERING INDEX ix_{name}_bytes" in told
