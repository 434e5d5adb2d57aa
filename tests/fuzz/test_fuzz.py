"""Hostile input of every kind: a few hundred of each here, and many more with AUGER_FUZZ=25000."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .targets import TARGETS

SEEDS = int(os.environ.get("AUGER_FUZZ", "150"))  # of each target
FIRST = int(os.environ.get("AUGER_FUZZ_FROM", "0"))
MOST_TOLD = 20
# Seeds that once found a fault, by target.
KEPT: dict[str, tuple[int, ...]] = {
    "answers": (
        *(4, 26, 43, 54, 60, 66, 86, 89, 95, 131, 136, 155, 161, 193, 237, 243, 245, 247, 249),
        *(250, 342, 386, 472, 490, 1258),
    ),
    "plan": (23, 69, 113, 131, 132, 142, 185, 287, 329, 337, 396, 397, 418, 1054),
}


def failing(target: str, seeds: range, folder: Path) -> dict[int, str]:
    """Return the seeds that end in something else than a result or an AugerError."""
    found: dict[int, str] = {}
    for seed in seeds:
        try:
            TARGETS[target](seed, folder)
        except Exception as error:
            found[seed] = f"{type(error).__name__}: {error}"[:200]
        except pytest.fail.Exception as error:
            found[seed] = str(error)
        if len(found) == MOST_TOLD:
            break
    return found


@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", TARGETS)
def test_hostile_input_is_refused_in_words(target: str, tmp_path: Path) -> None:
    assert failing(target, range(FIRST, FIRST + SEEDS), tmp_path) == {}


@pytest.mark.parametrize(
    ("target", "seed"), [(target, seed) for target, seeds in KEPT.items() for seed in seeds]
)
def test_a_seed_that_once_found_a_fault_finds_none(target: str, seed: int, tmp_path: Path) -> None:
    TARGETS[target](seed, tmp_path)
