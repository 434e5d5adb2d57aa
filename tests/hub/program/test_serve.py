"""A hub that cannot begin, or begins with a wrong clock, says so in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from auger_hub.__main__ import main
from auger_hub.accounts.users import add_user
from auger_hub.database.engine import Database
from auger_hub.database.tables import Token, now
from auger_hub.program.serve import _warn_of_clock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'hub.db'}")) as database:
        database.migrate()
        with database.write() as session:
            add_user(session, "anna", "here")
        yield database


def test_a_clock_behind_the_logins_of_the_hub_is_told(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    _warn_of_clock(database)
    assert capsys.readouterr().err == ""
    with database.write() as session:
        session.query(Token).one().created_at = now() + timedelta(days=400)
    _warn_of_clock(database)
    assert "set the clock" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["user", "list", "--home", str(tmp_path / "file" / "hub")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: the hub cannot use `")
    assert told.count("\n") == 1


def test_a_database_of_a_newer_version_is_told_in_a_sentence(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert main(["user", "list", "--home", str(tmp_path)]) == 1
    assert "was made by a newer version of the hub" in capsys.readouterr().err
