"""What a killed process has unpacked is removed, what a living one has stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auger_hub.settings import HubSettings
from auger_hub.temporary import sweep_temporary

WORK = """
import os, sys, tempfile, time
from auger_hub.settings import HubSettings
from auger_hub.temporary import use_own_temporary
use_own_temporary(HubSettings.from_environment())
folder = tempfile.mkdtemp()
open(os.path.join(folder, "rows.csv"), "w").write("rows")
if "fork" in sys.argv and os.fork():
    os._exit(0)
print(os.environ["TMPDIR"], os.getpid(), flush=True)
time.sleep(0 if "end" in sys.argv else 60)
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders cannot be locked here")


def begin(settings: HubSettings, *arguments: str) -> tuple[Path, int]:
    """Return the temporary folder of a new process and its id."""
    environ = {**os.environ, **settings.to_environment()}
    command = [sys.executable, "-c", WORK, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout is not None
    folder, pid = process.stdout.readline().split()
    process.stdout.close()
    if arguments:
        process.wait()
    else:
        process.returncode = 0  # it is ended by its id
    return Path(folder), int(pid)


def kill(pid: int) -> None:
    os.kill(pid, 9)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            if not Path(f"/proc/{pid}").exists():
                return
        time.sleep(0.02)


def test_a_process_that_ends_in_order_leaves_nothing(tmp_path: Path) -> None:
    folder, _ = begin(HubSettings(home=tmp_path), "end")
    assert not folder.exists()


def age(folder: Path) -> None:
    os.utime(folder, (0, time.time() - 3600))


@pytest.mark.parametrize("arguments", [(), ("fork",)], ids=["itself", "a fork"])
def test_a_temporary_folder_is_swept_when_nobody_uses_it(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    settings = HubSettings(home=tmp_path)
    folder, pid = begin(settings, *arguments)
    try:
        assert list(folder.rglob("rows.csv"))
        assert folder.parent == settings.temporary_folder
        age(folder)
        sweep_temporary(settings)
        assert folder.exists()
    finally:
        kill(pid)
    sweep_temporary(settings)
    assert not folder.exists()


def test_a_folder_that_is_just_made_stays(tmp_path: Path) -> None:
    settings = HubSettings(home=tmp_path)
    sweep_temporary(settings)
    (settings.temporary_folder / "new").mkdir(parents=True)
    sweep_temporary(settings)
    assert (settings.temporary_folder / "new").exists()
