"""`auger hub backup` and `auger hub restore`, as a person types them."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from auger_hub.database.engine import HEAD, Database
from auger_hub.program.backup import BackupFailed, back_up, restore
from auger_hub.settings import HubSettings
from tests.hub.client import Client


def auger(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auger_reconcile", "hub", *arguments],
        env={**os.environ, "AUGER_HUB_HOME": str(home)},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_hub_is_backed_up_and_restored_by_names_in_this_folder(
    hub: Client, tmp_path: Path
) -> None:
    archive, home = tmp_path / "hub.tar.gz", tmp_path / "new"
    saved = auger(hub.home, "backup", str(archive))
    assert saved.stdout == f"Wrote {archive.stat().st_size} bytes to {archive}.\n"
    done = auger(home, "restore", "hub.tar.gz", "--json")
    assert json.loads(done.stdout)["rows"] > 0
    with Database(HubSettings(home=home).database_url).read() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_folder_without_a_hub_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="there is no hub in"):
        back_up(HubSettings(home=tmp_path / "none"), tmp_path / "x.tar.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(hub: Client, tmp_path: Path) -> None:
    done = auger(hub.home, "backup", str(tmp_path / "no" / "folder.tar.gz"))
    assert done.returncode != 0
    assert "No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


def archive_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def note(**changes: object) -> bytes:
    return json.dumps({"format": 1, "revision": HEAD, "rows": {}, **changes}).encode()


BROKEN = {
    "another format": {"hub.json": note(format=2)},
    "another revision": {"hub.json": note(revision="9999")},
    "a note that is a list": {"hub.json": b"[]"},
    "a note that is a number": {"hub.json": b"1"},
    "a note that is no JSON": {"hub.json": b"{"},
    "a note that is no text": {"hub.json": b"\xff\xfe"},
    "no tables": {"hub.json": note()},
    "a row that is a list": {"hub.json": note(), "organizations.jsonl": b"[1]\n"},
    "a row without its times": {"hub.json": note(), "organizations.jsonl": b'{"id": 1}\n'},
    "a row with a column too many": {
        "hub.json": note(),
        "organizations.jsonl": b'{"id": 1, "x": 1, "created_at": null}\n',
    },
}


@pytest.mark.parametrize("members", BROKEN.values(), ids=BROKEN)
def test_an_archive_that_no_hub_wrote_is_refused(tmp_path: Path, members: dict[str, bytes]) -> None:
    settings = HubSettings(home=tmp_path / "hub")
    with pytest.raises(BackupFailed):
        restore(settings, archive_of(tmp_path / "x.tar.gz", members))


def test_a_torn_backup_is_refused_and_a_whole_one_can_follow(hub: Client, tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole.tar.gz", tmp_path / "torn.tar.gz"
    back_up(HubSettings(home=hub.home), whole)
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    settings = HubSettings(home=tmp_path / "hub")
    with pytest.raises(BackupFailed, match="is no backup of a hub"):
        restore(settings, torn)
    assert restore(settings, whole).rows > 0


def test_a_flipped_bit_is_noticed(hub: Client, tmp_path: Path) -> None:
    file = tmp_path / "hub.tar.gz"
    back_up(HubSettings(home=hub.home), file)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BackupFailed):
        restore(HubSettings(home=tmp_path / "hub"), file)


def test_a_member_cannot_leave_the_folder_of_the_hub(hub: Client, tmp_path: Path) -> None:
    good = tmp_path / "good.tar.gz"
    back_up(HubSettings(home=hub.home), good)
    bad, content = tmp_path / "bad.tar", gzip.decompress(good.read_bytes())
    bad.write_bytes(content)
    with tarfile.open(bad, "a") as archive:
        member = tarfile.TarInfo("files/../../escaped")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"bad"))
    good.write_bytes(gzip.compress(bad.read_bytes()))
    with pytest.raises(BackupFailed):
        restore(HubSettings(home=tmp_path / "inner" / "hub"), good)
    assert not list(tmp_path.rglob("escaped"))
