"""A run of the tests that is ended leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import leftovers

pytestmark = pytest.mark.process

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.mark.parametrize("inside", ["", "/hub"])
def test_what_works_in_the_folder_of_an_ended_run_is_ended(tmp_path: Path, inside: str) -> None:
    run = subprocess.Popen([sys.executable, "-c", ""])
    run.wait()
    environ = {"AUGER_HUB_HOME": f"{tmp_path}{inside}"}
    with subprocess.Popen(SLEEPER, env=environ) as left:
        command = [sys.executable, leftovers.__file__, str(run.pid), str(tmp_path)]
        subprocess.run(command, check=True, timeout=60)
        assert left.wait(10) != 0


def test_what_works_in_a_folder_of_a_similar_name_goes_on(tmp_path: Path) -> None:
    other = f"{tmp_path}0"
    with subprocess.Popen(SLEEPER, env={"AUGER_HUB_HOME": f"{other}/hub", "TMPDIR": other}) as one:
        assert leftovers.find_processes(str(tmp_path)) == []
        assert [process.pid for process in leftovers.find_processes(other)] == [one.pid]
        one.kill()


def test_a_folder_elsewhere_is_removed_with_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, elsewhere = tmp_path / "run" / "popen-gw0", tmp_path / "elsewhere"
    worker.mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(worker))
    leftovers.note_elsewhere(elsewhere)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    leftovers.main(ended.pid, str(worker.parent))
    assert not elsewhere.exists()
    assert worker.exists()
