"""Lanes of the tests, and the end of every process that a run of them leaves behind.

`make quick` runs what is neither `hub` nor `search` nor `slow`, `make test` all but `slow`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FIRST_LANES = "not slow"  # as in pyproject.toml


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Run a file that is named whole, whatever its lane; watch over what the run starts."""
    names = [argument.partition("::")[0] for argument in config.invocation_params.args]
    if config.option.markexpr == FIRST_LANES and any(name.endswith(".py") for name in names):
        config.option.markexpr = ""
    if "PYTEST_XDIST_WORKER" not in os.environ and not config.option.collectonly:
        folder = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        end_leftovers(folder)


def end_leftovers(folder: Path) -> None:
    """Start what ends the hubs below the folder, in whatever way this process ends."""
    program = Path(__file__).with_name("leftovers.py")
    watcher = subprocess.Popen(
        [sys.executable, str(program), str(os.getpid()), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    watcher.returncode = 0  # nobody waits for it: it outlives this process


@pytest.fixture(scope="session")
def hub_lane() -> None:
    """Every fixture that starts a hub asks for this: whatever uses one is in the lane `hub`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a hub by the fixtures that they need."""
    for item in items:
        if "hub_lane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.hub)
