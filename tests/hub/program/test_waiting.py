"""A hub that cannot start waits for what comes back by itself, and else says what to do."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from auger_hub.hub import open_hub
from auger_hub.processes.daemon import HubFailed
from auger_hub.program import serve
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.disk import Disk


def failing(said: str) -> OperationalError:
    return OperationalError(None, None, psycopg.OperationalError(said))


def opening(monkeypatch: pytest.MonkeyPatch, said: str, times: int) -> list[int]:
    """Have the database fail so many times, and say how often it was asked."""
    asked: list[int] = []

    def opened(settings: HubSettings, *, is_new: bool) -> object:
        asked.append(1)
        if len(asked) <= times:
            raise BadSettings("away") from failing(said)
        return open_hub(settings, is_new=is_new)

    monkeypatch.setattr(serve, "open_hub", opened)
    monkeypatch.setattr(serve, "_LONGEST_PAUSE_SECONDS", 0.01)
    return asked


@pytest.mark.parametrize(
    "said", ["connection failed: Connection refused", "FATAL:  the database system is starting up"]
)
def test_a_database_that_is_away_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    said: str,
) -> None:
    asked = opening(monkeypatch, said, times=2)
    hub = serve._open_when_there(HubSettings(home=tmp_path / "hub"), is_new=False)
    hub.database.close()
    assert len(asked) == 3
    assert "the database is away: looking again in" in capsys.readouterr().err


@pytest.mark.parametrize(
    "said",
    [
        'connection failed: FATAL:  password authentication failed for user "hub"',
        'connection failed: FATAL:  database "hub" does not exist',
    ],
)
def test_a_database_that_refuses_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    asked = opening(monkeypatch, said, times=9)
    with pytest.raises(BadSettings, match="away"):
        serve._open_when_there(HubSettings(home=tmp_path / "hub"), is_new=False)
    assert len(asked) == 1


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opening(monkeypatch, "connection failed: Connection refused", times=99)
    monkeypatch.setattr(serve, "_DATABASE_SECONDS", 0.0)
    with pytest.raises(BadSettings, match="away"):
        serve._open_when_there(HubSettings(home=tmp_path / "hub"), is_new=False)


def test_a_full_disk_is_told_with_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = Disk(total=90 << 20, free=4096, alarm=1024 << 20)
    monkeypatch.setattr(serve, "look_at_disk", lambda _: disk)
    with pytest.raises(HubFailed, match=r"the disk of .*hub is full .*: make room"):
        serve.serve(HubSettings(home=tmp_path / "hub"))
