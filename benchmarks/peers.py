"""Install programs to compare with: each in an environment of its own, or as the machine has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def oldest_python() -> str:
    """Return the oldest Python here: auger.ai is built on libraries of the year 2020."""
    found = (shutil.which(name) for name in ("python3.8", "python3.9", "python3.10"))
    usable = (path for path in found if path and _runs(path))
    return next(usable, sys.executable)


def _runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def install(venv: Path, python: str, *packages: str) -> Path | None:
    """Install packages into a new environment; return its scripts, None without a network."""
    scripts = venv / "bin"
    command = [str(scripts / "python"), "-m", "pip", "install", "--quiet", *packages]
    try:
        subprocess.run([python, "-m", "venv", str(venv)], check=True, capture_output=True)
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError):
        return None
    return scripts
