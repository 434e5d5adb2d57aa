"""The tour of the README, typed as it stands there, up to the first plan."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

import auger.api
from examples.conftest import EXAMPLES

README = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
TOUR = README[README.index("## Five minutes") : README.index("**Apply.**")]
BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```", re.M | re.S)


def read_tour() -> tuple[str, str]:
    """Return what is typed in the tour, and what it answers, line by line."""
    typed, answered = [], []
    for kind, block in BLOCK.findall(TOUR):
        for line in block.splitlines():
            if kind == "sh" or line.startswith("$ "):
                typed.append(line.removeprefix("$ "))
            else:
                answered.append(line)
    return "\n".join(typed), "\n".join(answered)


def without_port(text: str) -> str:
    """Return the text without what is different on every machine."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", text).strip()


@pytest.mark.hub
def test_the_first_plan_of_the_readme_is_what_auger_says(surroundings, tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "auger"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m auger_reconcile "$@"\n')
    program.chmod(0o755)
    environ = {**surroundings, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    typed, answered = read_tour()
    done = subprocess.run(
        ["bash", "-e", "-c", typed],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert without_port(done.stdout) == without_port(answered)


def test_the_python_of_the_readme_uses_what_there_is():
    (program,) = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    compile(program, "README.md", "exec")
    (names,) = re.findall(r"^from auger\.api import (.+)$", program, re.M)
    assert set(names.split(", ")) <= set(auger.api.__all__)
