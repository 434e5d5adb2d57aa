"""What the action installs: a requirement, or the repository that it belongs to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ACTION, ROOT


def install(action: Path, told: Path, requirement: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script with a `python` that writes down how it is called."""
    programs = told.parent / "bin"
    programs.mkdir()
    python = programs / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> "{told}"\n')
    python.chmod(0o755)
    environ = {"ACTION": str(action), "INSTALL": requirement, "PATH": f"{programs}:/usr/bin:/bin"}
    command = ["bash", str(action / "install.sh")]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_the_repository_of_the_action_is_installed_as_it_is_locked(tmp_path: Path) -> None:
    done = install(ACTION, tmp_path / "told")
    assert done.returncode == 0, done.stderr
    locked, package = (tmp_path / "told").read_text().splitlines()
    assert locked.endswith(f"install --require-hashes --requirement {ROOT}/requirements/core.txt")
    assert package.endswith(f"install --no-deps --no-build-isolation {ROOT}")


@pytest.mark.parametrize("action", ["here", "copy"])
def test_a_requirement_comes_before_the_repository(tmp_path: Path, action: str) -> None:
    copy = shutil.copytree(ACTION, tmp_path / "a" / "b" / "c" / "auger")
    wanted = "auger-reconcile @ git+https://example.org/acme/auger@0123abc"
    done = install(ACTION if action == "here" else copy, tmp_path / "told", wanted)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "told").read_text().endswith(f" install {wanted}\n")


def test_a_copy_without_its_repository_says_what_it_needs(tmp_path: Path) -> None:
    copy = shutil.copytree(ACTION, tmp_path / "a" / "b" / "c" / "auger")
    done = install(copy, tmp_path / "told")
    assert done.returncode == 64
    assert "'install'" in done.stderr
    assert not (tmp_path / "told").exists()
