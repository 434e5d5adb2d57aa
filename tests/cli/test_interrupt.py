"""Signals: whatever ends a command ends the process that it waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SERVICE = """\
import os, pathlib, time
pathlib.Path("started.part").write_text(str(os.getpid()))
pathlib.Path("started.part").rename("started")
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process could take")
def test_a_service_ends_with_the_command_that_serves_it(folder: Path) -> None:
    (folder / "model").mkdir()
    (folder / "model" / "serve.py").write_text(SERVICE)
    command = [sys.executable, "-m", "auger_reconcile", "model", "serve", "model"]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, "HOME": str(folder)}) as serving:
        while not (folder / "started").exists():
            assert serving.poll() is None
            time.sleep(0.02)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "started").read_text()), 0)
