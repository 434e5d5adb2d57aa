"""Hostile input of every kind: a few hundred of each here, and many more with AUGER_FUZZ=25000."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .targets import TARGETS

SEEDS = int(os.environ.get("AUGER_FUZZ", "75"))  # of each target
FIRST = int(os.environ.get("AUGER_FUZZ_FROM", "0"))
MOST_TOLD = 20


def failing(target: str, seeds: range, folder: Path) -> dict[int, str]:
    """Return the seeds that end in something else than a result or an AugerError."""
    found: dict[int, str] = {}
    for seed in seeds:
        try:
            TARGETS[target](seed, folder)
        except Exception as error:  # noqa: BLE001 - any of them is what is looked for
            found[seed] = f"{type(error).__name__}: {error}"[:200]
        except pytest.fail.Exception as error:
            found[seed] = str(error)
        if len(found) == MOST_TOLD:
            break
    return found


# Hypothesis looks at every garbage collection, also of one so deep that a call more is too many.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <function gc_cumulative_time")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", TARGETS)
def test_hostile_input_is_refused_in_words(target: str, tmp_path: Path) -> None:
    assert failing(target, range(FIRST, FIRST + SEEDS), tmp_path) == {}
