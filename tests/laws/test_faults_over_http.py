"""Law 3 over real HTTP: whatever happens to whichever request, one more apply makes it whole.

`make test` lets every request of one scenario, and every third of the others, meet one fault in
turn; with AUGER_SOAK=1 every request meets every fault, alone and lasting, and a SIGKILL of the
client before and after the hub acted.
"""

import copy
import itertools
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.applier.result import ApplyResult, Outcome, Status
from auger_reconcile.client.http.transport import Exchange
from auger_reconcile.errors import AugerError
from auger_reconcile.resources._base import Verb

from .faults import FAULTS, HIDDEN, SLOW
from .scenarios import SCENARIOS, User, apply_in_child, begin
from .server import TOKEN, Asked, WorldServer, serve
from .test_laws import count_made, told
from .world import World
from .worlds import alive, exports, portrait, portray_exports

pytestmark = pytest.mark.slow

SOAK = bool(os.environ.get("AUGER_SOAK"))
IMPATIENT = 0.3  # seconds without an answer, where there will be none
WHOLE = "create everything"  # each of its requests meets something even in a short test
MANY = 4  # actions at once
LASTING = 10_000  # requests: to the end of an apply
LAGGING = 40  # requests: into the second apply, and over before it gives up
PRELOADED = (
    "auger_reconcile.applier.apply",
    "auger_reconcile.client.http.download",
    "auger_reconcile.client.http.upload",
    "auger_reconcile.config.edit.select",
    "auger_reconcile.config.load",
    "auger_reconcile.planner.build",
    "auger_reconcile.planner.one_resource",
    "deepdiff",
)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(list(PRELOADED))


@dataclass
class Stage:
    """One scenario: where it begins, and where it ends when nothing goes wrong.

    Attributes:
        requests: how many an undisturbed apply sends.
        looks: what there is in the end.
        uploads: how often bytes are sent.
    """

    name: str
    folder: Path
    plays: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.start = self.folder / "start"
        self.start.mkdir()
        self.world = begin(SCENARIOS[self.name], self.start)
        with self.play() as (server, user):
            assert user.apply().is_complete
            self.requests = len(server.asked)
            self.looks = look(server.world, user.folder)
            self.made = server.world.made
            self.uploads = self.made["uploads"]

    @contextmanager
    def play(self, **settings: Any) -> Iterator[tuple[WorldServer, User]]:
        """Serve a copy of the world for a user with a copy of the folder."""
        folder = self.folder / f"{next(self.plays)}"
        shutil.copytree(self.start, folder)
        with serve(copy.deepcopy(self.world)) as server:
            yield server, User(SCENARIOS[self.name], folder, server.url, **settings)
            assert server.bugs == []
        shutil.rmtree(folder)

    def make_whole(self, server: WorldServer, user: User) -> None:
        """Apply once more; it has to end where an undisturbed apply ends."""
        server.wait_until_quiet()
        server.spare()
        wasted = bytes_without_data_set(server.world, self.world)
        user = replace(user, timeout=30.0)
        result = user.apply()
        assert result.is_complete, [(one.action.id, one.error) for one in result.outcomes]
        assert told(user.plan()) == []
        assert look(server.world, user.folder) == self.looks
        assert server.world.made["uploads"] == self.uploads + len(wasted)


def look(world: World, folder: Path) -> tuple[Any, ...]:
    """Return everything that a person sees in the end, at the hub and on the disk."""
    text = (folder / "auger.yaml").read_bytes()
    return portrait(world), count_made(world), portray_exports(folder, world), text


def bytes_without_data_set(world: World, before: World) -> set[str]:
    """Return the keys of what was uploaded meanwhile and is no data set."""
    urls = [row["url"] for row in world.rows.get("project_files", {}).values()]
    new = world.stored.keys() - before.stored.keys()
    return {key for key in new if not any(url.endswith(key) for url in urls)}


@pytest.fixture(scope="module", params=SCENARIOS)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(request.param, tmp_path_factory.mktemp("stage"))


def meet(stage: Stage, fate: "Fate") -> None:
    """Let requests meet a fault; look what is told of it, and what one more apply makes of it."""
    timeout = IMPATIENT if fate.fault in SLOW else 30.0
    told_of: list[Exchange] = []
    settings = {"parallelism": fate.parallelism, "on_exchange": told_of.append}
    with stage.play(timeout=timeout, **settings) as (server, user):
        server.spoil(FAULTS[fate.fault], fate.first, fate.count)
        is_complete = attempt(user, server.world)
        method, _ = server.asked[fate.first]
        # On a busy machine more than this one request may be too late for the impatient.
        is_alone = fate.count == 1 and sum(one.status is None for one in told_of) <= 1
        if is_alone and fate.fault in HIDDEN and method == "GET":
            assert is_complete
        stage.make_whole(server, user)


def attempt(user: User, world: World) -> bool:
    """Apply, hold what is told against the truth, and return whether all is told to be done."""
    try:
        result = user.apply()
    except AugerError as error:
        check_words(error)
        return False
    check_honesty(result, world, user.folder)
    return result.is_complete


def kill(stage: Stage, first: int, *, has_acted: bool) -> None:
    """Kill a client at the n-th request, and look what one more apply makes of it."""
    with stage.play() as (server, user):
        arguments = (stage.name, user.folder, server.url)
        client = FORKS.Process(target=apply_in_child, args=arguments)
        is_known = threading.Event()

        def die(asked: Asked) -> None:
            if has_acted:
                asked.act()
            assert is_known.wait(30)
            client.kill()

        server.spoil(die, first)
        client.start()
        is_known.set()
        client.join(60)
        assert client.exitcode == -signal.SIGKILL
        client.close()
        stage.make_whole(server, user)


def check_words(error: AugerError) -> None:
    """An error says in words what went wrong, and never the token."""
    assert isinstance(error, AugerError)
    text = f"{error} {error.hint}"
    assert str(error).strip()
    assert TOKEN not in text
    assert "bug in auger_reconcile" not in text, text


def check_honesty(result: ApplyResult, world: World, folder: Path) -> None:
    """What is told to be done is done, and what is not has a reason."""
    for outcome in result.outcomes:
        if outcome.status is Status.APPLIED:
            assert is_true(outcome, world, folder), outcome
        elif outcome.error:
            check_words(outcome.error)
        else:
            assert outcome.note.startswith("needs "), outcome


def is_true(outcome: Outcome, world: World, folder: Path) -> bool:
    """Say whether an action that is told to be applied has had its effect."""
    action, there = outcome.action, alive(world) | exports(folder)
    match action.verb:
        case Verb.CREATE if outcome.object is None:
            return False
        case Verb.CREATE:
            return str(outcome.object.id).rpartition("/")[2] in there
        case Verb.DELETE:
            gone = str(action.object.id).rpartition("/")[2] not in there
            return gone is not outcome.note.startswith("kept")
        case Verb.SELECT:
            return f"name: {action.name}" in (folder / "auger.yaml").read_text()
    statuses = {
        row["status"]
        for rows in world.rows.values()
        for row in rows.values()
        if str(row["id"]) in told_ids(outcome.object)
    }
    active = action.verb is Verb.START
    expected = {"running", "completed"} if active else {"undeployed", "interrupted"}
    return bool(statuses) and statuses <= expected


def told_ids(found: Any) -> set[str]:
    """Return the ids of what has the status of an object: its own, or those of its runs."""
    runs = getattr(found, "runs", None)
    return {str(found.id)} if runs is None else {str(run.id) for run in runs}


@dataclass(frozen=True)
class Fate:
    """What requests meet: the first one, how many, and how many actions go on at once."""

    fault: str
    first: int
    count: int
    parallelism: int


def fates(stage: Stage) -> Iterator[Fate]:
    """Yield what the requests of a scenario are to meet: one fault each in turn, or everything."""
    if SOAK:
        for first, fault in itertools.product(range(stage.requests), FAULTS):
            yield Fate(fault, first, 1, MANY if first % 2 else 1)
            if fault not in SLOW or first % 5 == 0:
                yield Fate(fault, first, LASTING, 1 if first % 2 else MANY)
        return
    turn = list(SCENARIOS).index(stage.name)
    faults = itertools.islice(itertools.cycle(FAULTS), turn, None)
    step = 1 if stage.name == WHOLE else 3
    for first, fault in zip(range(turn % step, stage.requests, step), faults, strict=False):
        lasts = first % 4 == 3 and fault not in SLOW
        yield Fate(fault, first, LASTING if lasts else 1, MANY if first % 2 else 1)


def kills(stage: Stage) -> Iterator[tuple[int, bool]]:
    """Yield at which request the client is killed, and whether the hub has acted by then."""
    if SOAK:
        yield from itertools.product(range(stage.requests), (False, True))
        return
    turn = list(SCENARIOS).index(stage.name)
    yield from ((first, first % 2 == 0) for first in range(turn % 4, stage.requests, 4))


def test_an_apply_is_made_whole_by_the_next_whatever_requests_meet(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = 0
    for tried, fate in enumerate(fates(stage), start=1):  # noqa: B007 - counts
        meet(stage, fate)
    say(capsys, f"{stage.name}: {tried} faults at {stage.requests} requests")
    assert tried >= stage.requests // 3


def test_a_client_killed_at_any_request_is_made_whole_by_the_next(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = 0
    for tried, (first, has_acted) in enumerate(kills(stage), start=1):  # noqa: B007 - counts
        kill(stage, first, has_acted=has_acted)
    say(capsys, f"{stage.name}: {tried} kills at {stage.requests} requests")
    assert tried >= stage.requests // 4


def test_two_applies_on_a_hub_whose_reads_lag_start_no_run_twice(stage: Stage) -> None:
    for first in range(0, stage.requests, 1 if SOAK else 15):
        with stage.play() as (server, user):
            server.spoil(FAULTS["stale"], first, LAGGING)
            attempt(user, server.world)
            attempt(user, server.world)
            server.wait_until_quiet()
            server.spare()
            assert user.apply().is_complete
            assert told(user.plan()) == []
            for name in ("projects", "project_files", "experiments", "starts of runs"):
                assert server.world.made[name] == stage.made[name], (first, name)


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Tell who waits for a soak how far it is."""
    if SOAK:
        with capsys.disabled():
            print(f"\n{text}", flush=True)  # noqa: T201
