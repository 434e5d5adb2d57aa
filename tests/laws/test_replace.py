"""The laws hold for what is asked for again although it satisfies."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.address import Address
from auger_reconcile.planner.build import PlanOptions

from .declared import declare
from .driver import Driver
from .test_laws import STEPS, Step, apply_expecting_nothing_strange, live_through, told
from .wire import Wire
from .world import World
from .worlds import Document, documents, hubs

ADDRESSES = [
    *("dataset.d.csv", "dataset.d-1.csv", "dataset.e_f.csv"),
    *("experiment.exp", "experiment.exp-1", "experiment.g_h", "model.prod", "model.canary"),
]
SOME = st.lists(st.sampled_from(ADDRESSES).map(Address.parse), min_size=1, max_size=2).map(tuple)


@pytest.fixture
def data(folder: Path) -> Iterator[Path]:
    yield folder
    shutil.rmtree(folder / "models", ignore_errors=True)


@given(world=hubs(), steps=STEPS, document=documents(), repeats=SOME)
def test_after_a_replacement_the_next_plan_is_empty(
    data: Path,
    world: World,
    steps: list[Step],
    document: Document,
    repeats: tuple[Address, ...],
) -> None:
    live_through(world, [*steps, document], data)
    driver = Driver(Wire(world), data, PlanOptions(repeats=repeats))
    result = apply_expecting_nothing_strange(driver, document)
    driver.options = PlanOptions()
    if result.is_complete:
        assert told(driver.plan(declare(document, folder=data))) == []
