"""A folder with files, and the desired state they declare."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.config.load import Loaded, load_desired_state
from auger_reconcile.errors import ConfigError

Load = Callable[..., Loaded]
Codes = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write files into a folder and load it: `load("name: x", other="...", env="prod")`."""

    def write_and_load(text: str, *, files: dict[str, str] | None = None, **options: Any) -> Loaded:
        for name, content in {"auger.yaml": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return load_desired_state([tmp_path], **{"environ": {}, **options})

    return write_and_load


@pytest.fixture
def codes(load: Load) -> Codes:
    """Load what cannot be loaded and return `code line:column` of every error."""

    def load_and_list(text: str, **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(text, **options)
        return [
            f"{item.code} {item.span.line}:{item.span.column}" if item.span else item.code
            for item in caught.value.diagnostics
            if item.severity.value == "error"
        ]

    return load_and_list
