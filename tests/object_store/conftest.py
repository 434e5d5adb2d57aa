from collections.abc import Iterator
from pathlib import Path

import pytest

from .store import Store, serve_store, surround


@pytest.fixture(scope="session")
def running_store() -> Iterator[Store]:
    with serve_store() as store:
        yield store


@pytest.fixture
def store(running_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    surround(monkeypatch, running_store, tmp_path)
    return running_store
