"""A run of the tests that is ended leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import leftovers

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
