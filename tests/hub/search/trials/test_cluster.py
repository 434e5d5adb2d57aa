"""Trials on a scheduler and workers that somebody else has started, as real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.run import BadTask, TrialResult, run_search
from auger_hub.search.trials import cluster
from auger_hub.search.trials.cluster import Address, MovingExecutor
from auger_hub.search.trials.pool import Limits, LocalExecutor, TrialPool
from auger_hub.search.trials.scheduler import SchedulerExecutor
from auger_hub.search.trials.trial import Candidate
from tests.hub.client import wait_until
from tests.hub.search.tables import iris, task_for
from tests.hub.search.trials.test_pool import ENDLESS, FOREST, LINEAR, NETWORK, collect

pytestmark = pytest.mark.slow

PATIENT = Limits(60, None)


def dask(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with (folder / "dask.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers, one of them under a nanny, as `dask worker` does by itself."""
    folder = tmp_path_factory.mktemp("dask")
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    worker = ["worker", url, "--nthreads", "1", "--host", "127.0.0.1"]
    processes = [
        dask(folder, "scheduler", "--host", "127.0.0.1", "--port", url.rpartition(":")[2]),
        dask(folder, *worker, "--no-nanny"),
        dask(folder, *worker),
    ]
    yield url
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial")
    path = folder / "data.pickle"
    make_trial_data(task_for(folder, iris(), "species")).store(path)
    return path


def pool_on(scheduler: str, stored: Path, limits: Limits = PATIENT) -> TrialPool:
    executor = SchedulerExecutor(Address(scheduler), stored, limits)
    assert wait_until(lambda: not executor.is_away, 60)
    return TrialPool(executor, lambda: 2, limits.seconds)


def workers_of(scheduler: str) -> list[psutil.Process]:
    with closing(Address(scheduler).connect()) as client:
        return [psutil.Process(pid) for pid in client.run(os.getpid).values()]


def trials_of(worker: psutil.Process) -> list[psutil.Process]:
    """Return the trials that a worker runs: what its fork server has started."""
    return [trial for server in worker.children() for trial in server.children()]


def start_endless(pool: TrialPool, scheduler: str) -> psutil.Process:
    """Start a trial that would never end; return the worker that has it."""
    workers = workers_of(scheduler)
    pool.start(Candidate.new(FOREST, ENDLESS))
    assert wait_until(lambda: any(trials_of(worker) for worker in workers), 30)
    return next(worker for worker in workers if trials_of(worker))


def test_workers_that_share_no_disk_serve_a_whole_run(scheduler: str, tmp_path: Path) -> None:
    options = {
        "max_n_trials": 3,
        "scoring": "accuracy",
        "allowed_algorithms": ["KNeighborsClassifier"],
    }
    task = task_for(tmp_path, iris(), "species", options=options, workers=2, scheduler=scheduler)
    board: list[TrialResult] = []
    run_search(task, [], report=board.append, should_stop=lambda: False)
    assert [result.failure for result in board] == [None] * len(board)
    assert len(board) >= 4


class Elsewhere:
    """A scheduler and a worker, which a test starts and kills as it likes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.url = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        port = self.url.rpartition(":")[2]
        worker = ["worker", self.url, "--nthreads", "1", "--host", "127.0.0.1", "--no-nanny"]
        self._processes = [
            dask(self._folder, "scheduler", "--host", "127.0.0.1", "--port", port),
            dask(self._folder, *worker),
        ]

    def kill(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def elsewhere(process_lane: None, tmp_path: Path) -> Iterator[Elsewhere]:
    found = Elsewhere(tmp_path)
    yield found
    found.kill()


def test_a_scheduler_that_is_away_is_waited_for(elsewhere: Elsewhere, stored: Path) -> None:
    told: list[str | None] = []
    executor = SchedulerExecutor(Address(elsewhere.url), stored, PATIENT, told.append)
    with TrialPool(executor, lambda: 1, 60) as pool:
        pool.start(Candidate.new(LINEAR, {}))
        assert wait_until(lambda: not pool.collect() and len(told) > 1)
        assert told[1] == f"waits for the scheduler {elsewhere.url}: it does not answer"
        assert (pool.is_full, pool.is_empty) == (True, False)
        elsewhere.start()
        ((_, evaluation, _),) = collect(pool, 60)
        assert evaluation.failure is None
        assert (told[-1], pool.is_full) == (None, False)
        waited = pool.away_seconds
        assert waited > 0
        assert pool.away_seconds == waited


def test_a_scheduler_that_dies_again_and_again_costs_no_trial(
    elsewhere: Elsewhere, stored: Path
) -> None:
    elsewhere.start()
    with pool_on(elsewhere.url, stored) as pool:
        pool.start(Candidate.new(FOREST, ENDLESS))
        for _ in range(3):
            assert wait_until(lambda: pool.collect() == [] and begins(elsewhere.url), 100)
            elsewhere.kill()
            assert wait_until(lambda: pool.collect() == [] and pool._executor.is_away)  # type: ignore[attr-defined]
            elsewhere.start()
        assert wait_until(lambda: pool.collect() == [] and begins(elsewhere.url), 100)


def test_a_run_that_begins_without_a_scheduler_tries_all_it_was_asked_for(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    options = {"max_n_trials": 2, "scoring": "accuracy"}
    task = task_for(tmp_path, iris(), "species", options=options, scheduler=elsewhere.url)
    board: list[TrialResult] = []

    def tell(message: str | None) -> None:
        if message is not None and "does not answer" in message:
            elsewhere.start()

    run_search(task, [], report=board.append, should_stop=lambda: False, tell=tell)
    again: list[TrialResult] = []
    run_search(task, board[:1], report=again.append, should_stop=lambda: False)
    assert [one.algorithm_name for one in again] == [one.algorithm_name for one in board[1:]]
    assert len(again) >= 2


def begins(scheduler: str) -> bool:
    return any(trials_of(worker) for worker in workers_of(scheduler))


def test_what_a_worker_refuses_ends_the_run(
    scheduler: str, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_ready(_number: int) -> int:
        raise ModuleNotFoundError("No module named 'auger_hub'")

    monkeypatch.setattr("auger_hub.search.trials.dask_task.get_ready", get_ready)
    executor = SchedulerExecutor(Address(scheduler), stored, PATIENT)
    with pytest.raises(BadTask, match=r"No worker of tcp://.* can run trials: ModuleNotFound"):
        wait_until(lambda: not executor.is_away, 60)
    executor.close()


@pytest.mark.soak
def test_a_worker_keeps_the_time_limit(scheduler: str, stored: Path) -> None:
    with pool_on(scheduler, stored, Limits(1, None)) as pool:
        pool.start(Candidate.new(FOREST, ENDLESS))
        ((_, evaluation, seconds),) = collect(pool, 60)
    assert evaluation.failure == "timeout"
    assert seconds >= 1


@pytest.mark.soak
def test_a_worker_keeps_the_memory_limit(scheduler: str, stored: Path) -> None:
    with pool_on(scheduler, stored, Limits(60, 100)) as pool:
        pool.start(Candidate.new(NETWORK, {"hidden_layer_sizes": [5000, 5000]}))
        ((_, evaluation, _),) = collect(pool, 60)
    assert evaluation.failure == "memory"


def test_a_stop_ends_what_a_worker_runs(scheduler: str, stored: Path) -> None:
    with pool_on(scheduler, stored) as pool:
        worker = start_endless(pool, scheduler)
    assert wait_until(lambda: not trials_of(worker), 20)


def test_a_client_that_is_gone_is_noticed_by_the_worker(scheduler: str, stored: Path) -> None:
    pool = pool_on(scheduler, stored)
    worker = start_endless(pool, scheduler)
    pool._executor.close()  # type: ignore[attr-defined]  # as the system does with a killed process
    assert wait_until(lambda: not trials_of(worker), 20)
    pool.close()


def test_a_killed_worker_costs_one_retry(scheduler: str, stored: Path) -> None:
    with pool_on(scheduler, stored) as pool:
        worker = start_endless(pool, scheduler)
        others = [other for other in workers_of(scheduler) if other.pid != worker.pid]
        worker.kill()
        assert wait_until(lambda: bool(pool.collect() or trials_of(others[0])), 40)
        pool.start(Candidate.new(LINEAR, {}))
    assert not pool.collect()


@pytest.fixture
def moving(
    scheduler: str, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MovingExecutor:
    """A run that may join the cluster at once; where that is will be noted in the file."""
    monkeypatch.setattr(cluster, "STAY_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "RETRY_SECONDS", 0.0)
    note = tmp_path / "cluster.json"
    note.write_text(json.dumps({"url": scheduler}))
    return MovingExecutor(LocalExecutor(stored, None), note, stored, PATIENT, workers=1)


def begin_trial(pool: TrialPool) -> bool:
    pool.start(Candidate.new(LINEAR, {}))
    return all(evaluation.failure is None for _, evaluation, _ in collect(pool, 60))


@pytest.mark.soak
def test_a_run_begins_in_own_processes_and_moves_on(
    scheduler: str, stored: Path, moving: MovingExecutor
) -> None:
    with TrialPool(moving, lambda: 2, 60) as pool:
        assert begin_trial(pool)
        assert wait_until(lambda: begin_trial(pool) and moving.has_moved, 60)
        start_endless(pool, scheduler)


@pytest.mark.soak
def test_the_loss_of_a_cluster_costs_its_trials_one_retry_in_own_processes(
    scheduler: str, moving: MovingExecutor
) -> None:
    with TrialPool(moving, lambda: 1, 60) as pool:
        assert wait_until(lambda: begin_trial(pool) and moving.has_moved, 60)
        pool.start(Candidate.new(LINEAR, {}))
        moving._cluster_file.unlink()
        assert moving._cluster is not None
        moving._cluster.close()
        ((_, evaluation, _),) = collect(pool, 60)
    assert evaluation.failure is None
