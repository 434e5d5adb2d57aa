"""Lanes of the tests, and the end of every process that a run of them leaves behind.

`make quick` runs what is neither `hub` nor `process` nor `search` nor `slow`, `make test` all but
`slow`.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.object_store.store import Store, serve_store, surround

settings.register_profile("unhurried", deadline=None)  # on a loaded machine anything takes long
settings.load_profile("unhurried")

HUB = Path(__file__).parent / "hub"
LANES = ("hub", "process", "search", "slow")
SHARING = ("tests/hub/routes/", "tests/hub/pages/", "tests/api/test_")
FIRST_LANES = "not slow"  # as in pyproject.toml
LEARNING = (  # what imports DuckDB, pandas or scikit-learn
    *(HUB / name for name in ("data", "explain", "models", "review", "search", "serving")),
    HUB / "test_old_home.py",
    HUB / "routes" / "test_evaluations.py",
    HUB.parent / "api" / "test_model.py",
    HUB.parent / "contract" / "test_notices.py",
    HUB.parent / "contract" / "test_same_rows.py",
    HUB.parent / "house_rules" / "test_metrics.py",
    HUB.parent / "house_rules" / "test_vocabulary.py",
)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Run a file that is named whole, whatever its lane; watch over what the run starts."""
    names = [argument.partition("::")[0] for argument in config.invocation_params.args]
    if config.option.markexpr == FIRST_LANES and any(name.endswith(".py") for name in names):
        config.option.markexpr = ""
    os.environ.pop("CI", None)  # in which auger refuses what it does at a desk
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or some hundred processes compile the same
    hear_signals()
    if not config.option.collectonly:
        folder = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        if "PYTEST_XDIST_WORKER" not in os.environ:
            end_leftovers(folder)
        # Whatever the tests start is then known by it, see leftovers.py.
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Give files that share a finished run or a model to one worker, which makes it once."""
    return ByFolder(config, log)


class ByFolder(LoadFileScheduling):
    """Gives every file to one worker, and the folders that share fixtures whole."""

    def _split_scope(self, nodeid: str) -> str:
        shared = [folder for folder in SHARING if nodeid.startswith(folder)]
        return shared[0] if shared else super()._split_scope(nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let nothing look for reference cycles while tests are collected, which all stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Look for reference cycles once in the end, and not six times among all that was collected."""
    gc.collect()
    gc.freeze()


def hear_signals() -> None:
    """Let the commands that tests start hear what this process was told to ignore.

    `nohup` and a shell's `&` have a program ignore signals, and what it starts inherits that. A
    handler is not inherited.
    """
    for name in {"SIGINT", "SIGHUP", "SIGQUIT"} & set(dir(signal)):
        if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
            signal.signal(getattr(signal, name), lambda *_: None)


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


@pytest.fixture(scope="session")
def process_lane() -> None:
    """Asked for by what starts processes that are no hub, or waits for clocks."""


@pytest.fixture(scope="session")
def search_lane() -> None:
    """Every fixture that fits models asks for this: whatever uses one is in the lane `search`."""


@pytest.fixture(scope="session")
def slow_lane() -> None:
    """Asked for by what takes seconds for each test, such as a hub of a test's own."""


@pytest.fixture(scope="session")
def running_store(process_lane: None) -> Iterator[Store]:
    """Serve one store that speaks S3 to all tests."""
    with serve_store() as store:
        yield store


@pytest.fixture
def store(running_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """Return that store, which this process finds by its environment."""
    surround(monkeypatch, running_store, tmp_path)
    return running_store


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests into lanes by the fixtures that they need, before any lane is selected."""
    for item in items:
        for lane in LANES:
            if f"{lane}_lane" in getattr(item, "fixturenames", ()):
                item.add_marker(lane)
        if item.get_closest_marker("soak"):
            item.add_marker("slow")
        if imports_learning(item.path):
            item.add_marker("search")


@cache
def imports_learning(path: Path) -> bool:
    """Return whether a file of tests imports the learning stack."""
    return any(path.is_relative_to(one) for one in LEARNING)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Spare `make quick` the seconds in which the learning stack is imported."""
    is_spared = collection_path in LEARNING and "not search" in config.option.markexpr
    return True if is_spared else None
