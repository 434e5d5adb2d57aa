"""Which questions the page of a trial says that it answers."""

from __future__ import annotations

from typing import Any

import pytest

from auger_hub.pages.drawings.explanation import sections_of

ASKED = ("importance", "residuals", "backtests", "segments", "dependence", "hyperparameters")
SHOWN: dict[str, Any] = {name: [] for name in (*ASKED, "worst_rows")} | {"classes": None}


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({}, []),
        ({"importance": [1]}, ["columns"]),
        ({"classes": {"labels": ["a"]}, "segments": [1]}, ["confusion", "segments"]),
        ({"residuals": {"told": 1}, "backtests": {"folds": []}}, ["errors", "backtests"]),
    ],
)
def test_only_what_is_known_has_a_section(members: dict[str, Any], names: list[str]) -> None:
    assert [name for name, _ in sections_of({**SHOWN, **members})] == names
