import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.trials.pool import LocalExecutor, TrialPool
from auger_hub.search.trials.process_call import prepare_calls
from auger_hub.search.trials.trial import Candidate, Evaluation
from tests.hub.search.tables import iris, task_for

pytestmark = pytest.mark.search

LINEAR = "sklearn.linear_model.LogisticRegression"
FOREST = "sklearn.ensemble.ExtraTreesClassifier"
NETWORK = "sklearn.neural_network.MLPClassifier"
ENDLESS = {"n_estimators": 10_000_000}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trial")
    path = folder / "data.pickle"
    make_trial_data(task_for(folder, iris(), "species")).store(path)
    prepare_calls()
    return path


def pool_of(
    stored: Path, workers: int = 1, seconds: float = 20, memory_mb: int | None = None
) -> TrialPool:
    return TrialPool(LocalExecutor(stored, memory_mb), lambda: workers, seconds)


def collect(pool: TrialPool, seconds: float = 20) -> list[tuple[Candidate, Evaluation, float]]:
    ended: list[tuple[Candidate, Evaluation, float]] = []
    deadline = time.monotonic() + seconds
    while not pool.is_empty:
        assert time.monotonic() < deadline
        ended += pool.collect()
    return ended


def outcome_of(stored: Path, name: str, params: dict[str, Any], **limits: Any) -> Evaluation:
    with pool_of(stored, **limits) as pool:
        pool.start(Candidate.new(name, params))
        ((_, evaluation, _),) = collect(pool)
    return evaluation


def test_a_trial_is_cross_validated(stored: Path) -> None:
    evaluation = outcome_of(stored, LINEAR, {})
    assert evaluation.error is None
    assert [len(shown) for shown in evaluation.predictions] == [30] * 5
    assert len(evaluation.fold_times) == 5
    assert min(fold["accuracy"] for fold in evaluation.fold_scores) > 0.8


def test_a_trial_is_stopped_at_its_limit(stored: Path) -> None:
    began = time.monotonic()
    evaluation = outcome_of(stored, FOREST, ENDLESS, seconds=0.5)
    assert evaluation.failure == "timeout"
    assert evaluation.error == "stopped after 0.5 seconds, the limit of one trial"
    assert time.monotonic() - began < 5


def test_a_judge_stops_a_trial_between_its_folds(stored: Path) -> None:
    def judge(_: Candidate, so_far: Evaluation) -> str | None:
        return "enough is known" if len(so_far.fold_times) == 2 else None

    with TrialPool(LocalExecutor(stored, None), lambda: 1, 20, judge) as pool:
        pool.start(Candidate.new(LINEAR, {}))
        ((_, evaluation, _),) = collect(pool)
    assert (evaluation.failure, evaluation.error) == ("stopped", "enough is known")
    assert len(evaluation.fold_scores) == len(evaluation.predictions) == 2


@pytest.mark.slow
def test_of_a_trial_that_is_cut_off_the_finished_folds_are_left(stored: Path) -> None:
    seen: list[int] = []

    def watch(_: Candidate, so_far: Evaluation) -> None:
        seen.append(len(so_far.fold_times))

    with TrialPool(LocalExecutor(stored, None), lambda: 1, 60, watch) as pool:
        pool.start(Candidate.new(FOREST, {"n_estimators": 2_000}))
        while not seen:
            pool.collect()
        ((_, evaluation, _),) = pool.cut_off("the time is over")
        assert pool.is_empty
    assert (evaluation.failure, evaluation.error) == ("timeout", "the time is over")
    assert 1 <= len(evaluation.fold_scores) < 5


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is limited on Linux only")
def test_a_trial_over_its_memory_has_failed(stored: Path) -> None:
    evaluation = outcome_of(stored, NETWORK, {"hidden_layer_sizes": [5000, 5000]}, memory_mb=100)
    assert evaluation.failure == "memory"


def test_what_a_library_raises_is_the_trials_failure(stored: Path) -> None:
    evaluation = outcome_of(stored, LINEAR, {"C": -1.0})
    assert evaluation.failure == "error"
    assert "'C' parameter" in str(evaluation.error)


def test_a_trial_whose_process_dies_is_tried_once_more(stored: Path) -> None:
    with pool_of(stored) as pool:
        pool.start(Candidate.new(LINEAR, {}))
        kill_trials()
        ((_, evaluation, _),) = collect(pool)
    assert evaluation.error is None


def test_a_trial_whose_process_dies_twice_has_failed(stored: Path) -> None:
    with pool_of(stored) as pool:
        pool.start(Candidate.new(FOREST, ENDLESS))
        kill_trials()
        assert pool.collect() == []
        kill_trials()
        ((_, evaluation, _),) = collect(pool)
    assert evaluation.failure == "memory"
    assert evaluation.error == "killed by the system, most likely for memory"


def test_trials_run_at_the_same_time_up_to_the_number_of_workers(stored: Path) -> None:
    with pool_of(stored, 2) as pool:
        pool.start(Candidate.new(FOREST, ENDLESS))
        assert not pool.is_full
        pool.start(Candidate.new(FOREST, ENDLESS))
        assert pool.is_full


def test_closing_kills_what_runs(stored: Path) -> None:
    pool = pool_of(stored)
    pool.start(Candidate.new(FOREST, ENDLESS))
    (process,) = trials()
    pool.close()
    assert psutil.wait_procs([process], timeout=10)[1] == []


def trials() -> list[psutil.Process]:
    """Return the processes of the trials: forks of the fork server, which is a child of ours."""
    alive = [one for one in psutil.Process().children() if one.status() != psutil.STATUS_ZOMBIE]
    servers = [one for one in alive if "auger_hub.fork_server" in one.cmdline()]
    return [fork for server in servers for fork in server.children()]


def kill_trials() -> None:
    for process in trials():
        process.kill()
