from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of auger.yaml with its data."""
    for content in ("x", "y", "z", "unreadable"):
        (tmp_path / f"{content}.csv").write_text(content)
    return tmp_path
