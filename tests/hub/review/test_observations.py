"""Answers of which nothing is kept are counted by day all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import ModelDay
from auger_hub.database.tables import Pipeline, Prediction, Project
from auger_hub.review.observations import FAILED, Unkept
from auger_hub.settings import HubSettings
from tests.hub.deployed import add_deployed_model

MODEL = "0123456789ABCDE"
SEEN = {"": {"rows": 2, "columns": {"a": {"bins": [1, 1, 0]}}}, "region=north": {"rows": 2}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(HubSettings(home=tmp_path).database_url)) as database:
        database.migrate()
        add_deployed_model(database, MODEL)
        yield database


def answer(
    database: Database, *, day: int = 1, observed: dict[str, Any] | None = SEEN, took: int = 3
) -> Prediction:
    with database.read() as session:
        owner = session.get_one(Project, 1).organization_id
    return Prediction(
        id="p",
        organization_id=owner,
        project_id=1,
        pipeline_id=MODEL,
        predicted_at=datetime(2026, 3, day, 12),
        time_consumed_ms=took,
        observation=observed,
    )


def days(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    with database.read() as session:
        return {(one.day, one.segment): one.counts for one in session.scalars(select(ModelDay))}


def test_volume_times_and_values_are_counted_without_a_row(database: Database) -> None:
    unkept = Unkept()
    for day in (1, 1, 2):
        unkept.add(answer(database, day=day))
    unkept.add(answer(database, observed=FAILED))
    assert unkept.move(database) == {MODEL}
    told = days(database)
    first = told["2026-03-01", ""]
    assert (first["rows"], first["requests"], first["failed"], sum(first["times"])) == (4, 3, 1, 2)
    assert first["columns"] == {"a": {"bins": [2, 2, 0]}}
    assert told["2026-03-01", "region=north"]["rows"] == 4
    assert told["2026-03-02", ""]["rows"] == 2
    with database.read() as session:
        assert session.scalar(select(Prediction)) is None


def test_what_was_moved_is_not_counted_again(database: Database) -> None:
    unkept = Unkept()
    for _ in range(2):
        unkept.add(answer(database))
        unkept.move(database)
    assert unkept.move(database) == set()
    assert days(database)["2026-03-01", ""]["requests"] == 2


def test_many_answers_are_added_up_on_the_way(database: Database) -> None:
    unkept = Unkept()
    for _ in range(120):
        unkept.add(answer(database))
    unkept.move(database)
    assert days(database)["2026-03-01", ""]["rows"] == 240


def test_a_file_that_was_counted_already_is_left_alone(database: Database) -> None:
    unkept = Unkept()
    unkept.add(answer(database, observed=None))
    assert unkept.move(database) == set()


def test_a_model_that_was_deleted_meanwhile_holds_up_no_other(database: Database) -> None:
    unkept = Unkept()
    unkept.add(answer(database))
    with database.write() as session:
        session.execute(delete(Pipeline).where(Pipeline.id == MODEL))
    assert unkept.move(database) == set()
    assert days(database) == {}


def test_what_cannot_be_written_now_is_written_later(database: Database, tmp_path: Path) -> None:
    unkept = Unkept()
    unkept.add(answer(database))
    with closing(Database(HubSettings(home=tmp_path / "empty").database_url)) as broken:
        (tmp_path / "empty").mkdir()
        with pytest.raises(SQLAlchemyError):
            unkept.move(broken)
    unkept.add(answer(database))
    unkept.move(database)
    assert days(database)["2026-03-01", ""]["requests"] == 2
