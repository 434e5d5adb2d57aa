"""How many worlds there are.

`HYPOTHESIS_PROFILE` is `quick`, `ci`, `deep` (as `make slow` has it), `laws` (10,000), or `search`
(new ones).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from .declared import content_hash

CONTENTS = ("x", "y", "z", "unreadable")

settings.register_profile(
    "ci",
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=8)
settings.register_profile("deep", settings.get_profile("ci"), max_examples=100)
settings.register_profile("laws", settings.get_profile("ci"), max_examples=10_000)
settings.register_profile(
    "search",
    settings.get_profile("ci"),
    phases=[Phase.generate],
    max_examples=1_000,
    derandomize=False,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of auger.yaml with its data."""
    path = tmp_path_factory.mktemp("repository")
    for content in CONTENTS:
        (path / f"{content}.csv").write_text(content)
        assert content_hash(content)
    return path
