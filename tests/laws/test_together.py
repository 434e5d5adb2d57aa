"""Several users of one project at once: what they do ends in the world that one would have made."""

import copy
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.applier.result import Started
from auger_reconcile.errors import AugerError

from .declared import declare
from .driver import Driver
from .test_laws import (
    PARALLEL,
    STEPS,
    Step,
    apply_expecting_nothing_strange,
    count_made,
    live_through,
    told,
)
from .wire import Wire
from .world import World
from .worlds import Document, documents, hubs

MADE_ONCE = ("projects", "project_files", "experiments", "pipelines")


def apply_in_the_middle(
    mine: Driver, document: Document, *, at: int, meanwhile: Callable[[], Any], parallelism: int
) -> None:
    """Apply, while another user does something as the n-th action begins."""
    begun: list[Started] = []

    def note(event: Any) -> None:
        if isinstance(event, Started):
            begun.append(event)
            if len(begun) == at + 1:
                meanwhile()

    plan = mine.plan(declare(document, folder=mine.folder))
    with suppress(AugerError):
        mine.apply(plan, on_event=note, parallelism=parallelism)
    if len(begun) <= at:
        meanwhile()


@given(world=hubs(), steps=STEPS, document=documents(), at=st.integers(0, 6), parallelism=PARALLEL)
def test_two_applies_of_one_file_at_once_are_finished_by_a_third(  # noqa: PLR0917 - by Hypothesis
    folder: Path,
    world: World,
    steps: list[Step],
    document: Document,
    at: int,
    parallelism: int,
) -> None:
    live_through(world, steps, folder)
    world.fates.clear()
    expected = copy.deepcopy(world)
    whole = apply_expecting_nothing_strange(Driver(Wire(expected), folder), document)
    mine, theirs = Driver(Wire(world), folder), Driver(Wire(world), folder)

    def do_the_same() -> None:  # which may meet what the first one does at that moment
        with suppress(AugerError):
            theirs.apply(theirs.plan(declare(document, folder=folder)))

    apply_in_the_middle(mine, document, at=at, meanwhile=do_the_same, parallelism=parallelism)
    if whole.is_complete:
        apply_expecting_nothing_strange(mine, document)
        assert told(mine.plan(declare(document, folder=folder))) == []
        made, wanted = count_made(world), count_made(expected)
        assert all(made.get(name, 0) <= wanted.get(name, 0) for name in MADE_ONCE)


@given(
    world=hubs(),
    steps=STEPS,
    mine=documents(),
    theirs=documents(),
    at=st.integers(0, 6),
    parallelism=PARALLEL,
)
def test_the_last_of_two_different_files_wins(  # noqa: PLR0917 - by Hypothesis
    folder: Path,
    world: World,
    steps: list[Step],
    mine: Document,
    theirs: Document,
    at: int,
    parallelism: int,
) -> None:
    live_through(world, steps, folder)
    first, second = Driver(Wire(world), folder), Driver(Wire(world), folder)

    def disturb() -> None:
        with suppress(AugerError):
            second.apply(second.plan(declare(theirs, folder=folder)))

    apply_in_the_middle(first, mine, at=at, meanwhile=disturb, parallelism=parallelism)
    result = apply_expecting_nothing_strange(first, mine)
    if result.is_complete:
        assert told(first.plan(declare(mine, folder=folder))) == []
