"""The same input makes the same plan, byte by byte: in whatever order a hub or Python tells it."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.plan import Plan
from auger_reconcile.planner.saved.document import to_document

from .declared import declare
from .driver import Driver
from .test_laws import STEPS, Step, live_through
from .wire import Wire
from .world import World
from .worlds import Document, documents, hubs, options

ROOT = Path(__file__).parents[2]
SEARCH = {"dataset": "d.csv", "max_n_trials": 2, "exclude": ["id", "age"]}
SHOP: Document = {
    "name": "shop",
    "datasets": {"d.csv": {"content": "x"}, "e_f.csv": {"content": "y"}},
    "experiments": {"exp": SEARCH, "g_h": {**SEARCH, "metric": "accuracy"}},
    "models": {"prod": {"experiment": "exp"}, "canary": {"experiment": "g_h"}},
}


class Shuffled(Wire):
    """A hub that lists its objects in another order each time."""

    chance = random.Random(7)

    def list_all(self, collection: str, filters: Mapping[str, Any] | None = None) -> Any:
        items = super().list_all(collection, filters)
        self.chance.shuffle(items)
        return items

    iter_all = list_all


def to_bytes(plan: Plan) -> bytes:
    return json.dumps(to_document(plan), default=str).encode()


@given(
    world=hubs(),
    steps=STEPS,
    document=documents(),
    options=options(),
    seed=st.integers(0, 9),
)
def test_the_order_in_which_a_hub_lists_changes_no_byte_of_a_plan(  # noqa: PLR0917 - by Hypothesis
    folder: Path,
    world: World,
    steps: list[Step],
    document: Document,
    options: PlanOptions,
    seed: int,
) -> None:
    live_through(world, steps, folder)
    world.settle()
    desired = declare(document, folder=folder)
    shuffled = Shuffled(world)
    shuffled.chance = random.Random(seed)
    first = Driver(Wire(world), folder, options).plan(desired)
    second = Driver(shuffled, folder, options).plan(desired)
    assert to_bytes(first) == to_bytes(second)


def plan_of_the_shop(folder: Path) -> bytes:
    """Return the plan that prunes a shop with a history, for another process."""
    world = World()
    changed = {**SHOP, "datasets": {"d.csv": {"content": "y"}, "d-1.csv": {"content": "z"}}}
    live_through(world, [SHOP, ("another client uploads", 2)], folder)
    desired = declare({**changed, "revision_history": 0}, folder=folder)
    return to_bytes(Driver(Wire(world), folder, PlanOptions(prune=True)).plan(desired))


@pytest.mark.process
@pytest.mark.parametrize("seed", ["4711", pytest.param("0", marks=pytest.mark.slow)])
def test_the_seed_of_dictionaries_changes_no_byte_of_a_plan(folder: Path, seed: str) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from tests.laws.test_determinism import plan_of_the_shop as plan; "
        "sys.stdout.buffer.write(plan(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    env = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)
    assert done.stdout == plan_of_the_shop(folder)
    assert b"delete" in done.stdout
