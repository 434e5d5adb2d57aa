"""A person with an empty HOME, the command `auger`, and a real local hub that it starts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
TIMEOUT = 240  # seconds for any one command


@dataclass(frozen=True)
class Person:
    """Runs `auger` in a folder, with a home of their own."""

    home: Path
    folder: Path

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command, check its exit code, return its stdout."""
        done = subprocess.run(
            self.command(arguments),
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == code, (
            f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        assert "Traceback" not in done.stderr + done.stdout
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """Run a command with `--json` and return what it answers."""
        return json.loads(self.run(*arguments, "--json"))

    def kill_when(self, told: str, *arguments: str) -> bool:
        """Start a command and kill it (-9) as soon as it tells something; say whether it did."""
        with subprocess.Popen(
            self.command(arguments),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if told in line:
                    process.send_signal(signal.SIGKILL)
                    return True
        return False

    def requests(self) -> list[str]:
        """Return what the hub was asked, as `METHOD /path`, oldest first."""
        lines = (self.home / ".augerai" / "hub" / "hub.log").read_text().splitlines()
        return [" ".join(line.split()[2:4]) for line in lines if " /api/" in line]

    def command(self, arguments: tuple[str, ...]) -> list[str]:
        """Return the whole command line."""
        return [sys.executable, "-m", "auger_reconcile", *arguments]

    @property
    def environ(self) -> dict[str, str]:
        """The surroundings of every command: a home and little else."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.home)}


@pytest.fixture
def person(hub_lane: None, tmp_path: Path) -> Iterator[Person]:
    """A person in a copy of examples/iris whose search is short."""
    home, folder = tmp_path / "home", tmp_path / "iris"
    home.mkdir()
    shutil.copytree(EXAMPLES / "iris", folder, ignore=shutil.ignore_patterns("*_predicted.csv"))
    file = folder / "auger.yaml"
    file.write_text(file.read_text().replace("max_n_trials: 12", "max_n_trials: 4"))
    someone = Person(home, folder)
    yield someone
    someone.run("hub", "stop")
