"""A checkout of the example with the action beside it, as a repository of its own would be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "auger"
GITOPS = ROOT / "examples" / "gitops"


@dataclass(frozen=True)
class Checkout:
    """A folder, and the surroundings of what CI runs in it."""

    folder: Path
    environ: dict[str, str]

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def act(self, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the script of the action, with its inputs in the environment."""
        inputs = {"COMMAND": command, "ENVIRONMENT": "prod", "FOLDER": ".", "PULL_REQUEST": ""}
        given = {**inputs, "PLAN_FILE": "plan.json", "GITHUB_OUTPUT": "output", **environ}
        return self.run("bash", str(ACTION / "run.sh"), **given)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """The example, a home of its own, and `auger` and `python` as commands."""
    folder = Path(shutil.copytree(GITOPS, tmp_path / "checkout"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in (("auger", " -m auger_reconcile"), ("python", "")):
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGER")}
    home = {"HOME": str(tmp_path), "AUGER_HUB_HOME": str(tmp_path / "hub")}
    return Checkout(folder, {**kept, **home, "PATH": f"{programs}:{os.environ['PATH']}"})
