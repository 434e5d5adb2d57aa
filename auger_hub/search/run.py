"""Run one search from its task to its board: baseline first, then the race, then an ensemble.

`max_n_trials` counts the trials of the race; baseline and ensemble come on top of it, as on the
cloud (wire contract §2.11: more trials listed than `total_evaluations`). A stop keeps all that
finished. This process only decides and reports: data is read, models are fitted and ensembles are
chosen in processes of their own, so that each of them can be ended at any moment.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from auger_hub.search import racing
from auger_hub.search.algorithms.algorithm import Table
from auger_hub.search.algorithms.registry import (
    ENSEMBLES,
    baseline_for,
    find_algorithm,
    spaces_for,
    table_of,
)
from auger_hub.search.sampling import ROUNDS, ROWS, rungs
from auger_hub.search.scores.board import Board, Speed
from auger_hub.search.task import (
    BadTask,
    SearchTask,
    Settings,
    TrialResult,
    read_settings,
)
from auger_hub.search.trial_times import TrialTimes
from auger_hub.search.trials.cluster import Address, MovingExecutor
from auger_hub.search.trials.pool import Limits, LocalExecutor, TrialExecutor, TrialPool
from auger_hub.search.trials.process_call import ProcessDied, call_in_process, prepare_calls
from auger_hub.search.trials.scheduler import SchedulerExecutor
from auger_hub.search.trials.trial import Candidate, Evaluation, TrialData, stored_info

if TYPE_CHECKING:
    from auger_hub.data.notices import Notice
    from auger_hub.search.scores.ensemble import Blend, Predictions
    from auger_hub.search.scores.expectation import Expectation
    from auger_hub.search.study import Race, Room

__all__ = ["BadTask", "SearchTask", "TrialResult", "prepare", "run_search"]

T = TypeVar("T")
R = TypeVar("R")
_DATA_FILE = "data.pickle"  # in the folder of the task
OPTIMIZER = "optuna.samplers.TPESampler"
ENSEMBLE_SHARE = 0.05  # of the time of the run, at most,
EXPECTATION_SHARE = 0.02  # and of this when there is none
UNSURE = 1.5  # times what is left may be predicted for an algorithm that was not tried yet
FIRST_LOOK_SHARE = 0.2  # of the time of the run, for the first trial of an algorithm
LONGEST_SHARE = 0.15  # of it, for any trial that the clock can stop
ENOUGH_ROUNDS = 0.4  # of the time of a trial that stops by itself, when the clock may stop it
TRIAL_SECONDS = 0.4  # to start a trial, and to hand over what came of it
OVERRUN_SHARE, MOST_OVERRUN = 0.04, 2.5  # for telling what to expect, when time is over; seconds
FEWEST_SECONDS, PROCESS_SECONDS = 1.0, 0.3  # it gets at least; of these its process takes


def prepare(task: SearchTask) -> dict[str, Any]:
    """Return the members that the hub adds to `evaluation_options` (wire contract §2.11).

    Raises:
        BadTask: the task cannot be run; says why in one sentence.
    """
    _get_ready()
    settings = read_settings(task)
    if task.folder is None:
        info = call_in_process(_describe, task)
    else:  # what is read and prepared now is what the trials work on
        info = call_in_process(_store_data, task, task.folder / _DATA_FILE)
    assert info is not None, "nothing but its end ends it"
    info.pop("threads", None)  # of this machine now, and no part of the task
    spaces_for(settings, info)
    return info


def run_search(  # noqa: PLR0913 - the task, and what a search and its owner tell each other
    task: SearchTask,
    finished: Sequence[TrialResult],
    *,
    report: Callable[[TrialResult], None],
    should_stop: Callable[[], bool],
    conclude: Callable[[Expectation], None] | None = None,
    notify: Callable[[Notice], None] = lambda _: None,
    workers: Callable[[], int] | None = None,
    tell: Callable[[str | None], None] = lambda _: None,
) -> str:
    """Search until the budget is used, the wanted score is reached or a stop is asked for.

    Args:
        task: what to search for.
        finished: trials stored before a restart; they count.
        report: called for each finished trial, at once, failed ones included.
        should_stop: polled several times a second.
        conclude: called once at the end with what to expect of the best one on new rows.
        notify: called at the end with what the user should know of the board.
        workers: how many trials may run at the same time now; by default those of the task.
        tell: called with what is waited for when trials cannot run, and with None when they can.

    Returns:
        "completed" or "interrupted".

    Raises:
        BadTask: the task cannot be run.
    """
    began = time.monotonic()
    _get_ready()
    settings = read_settings(task)
    used = sum(result.evaluation_time for result in finished) / task.workers
    deadline = began + settings.max_total_seconds - used
    with tempfile.TemporaryDirectory(prefix="auger-run-", dir=task.folder) as folder:
        path = (task.folder or Path(folder)) / _DATA_FILE
        info = stored_info(path)
        if info is None:
            info = call_in_process(_store_data, task, path, is_over=should_stop)
        if info is None:
            return "interrupted"
        executor = _executor(task, settings, path, tell)
        count = workers or (lambda: task.workers)
        models = info["usedFolds"] if settings.deploy == "bag" else 1
        speed = Speed(settings.max_predict_ms, models)
        board = Board(info["scoring"], finished, report, speed)
        judge = _judge(board, info)
        with TrialPool(executor, count, settings.max_trial_seconds, judge) as pool:
            search = Search(settings, info, pool, board)
            search.run(deadline, should_stop)
            expected = search.conclude(path, deadline + pool.away_seconds, should_stop)
    if expected is not None and conclude is not None:
        conclude(expected)
    if search.is_ensemble_missing and not should_stop():
        notify(_no_ensemble())
    if settings.model_type == "timeseries" and board.is_baseline_best:
        notify(_naive_is_best(board, info["scoring"]))
    return "interrupted" if should_stop() else "completed"


def _get_ready() -> None:
    """Import what a search is made of, here and where its trials come from, at the same time.

    `prepare` does it as well: the time of a run begins after it.
    """
    prepare_calls()
    from auger_hub.search import study  # noqa: F401


class Search:
    """The running part: asks the race for trials, starts them, and puts them on the board."""

    def __init__(
        self, settings: Settings, info: Mapping[str, Any], pool: TrialPool, board: Board
    ) -> None:
        self._settings, self._pool, self._board = settings, pool, board
        self._race = _race(settings, info, board)
        self._baseline = _baseline(settings, info)
        folds = info["usedFolds"]
        self._times = TrialTimes(table_of(settings, info), folds)
        self._rungs = rungs(_training_rows(info["dataset_nrows"], folds))
        for result in board.searched:
            self._learn_times(result)
        self._numbers: dict[str, int] = {}
        self._left = settings.max_trials - len(board.searched)
        self.is_ensemble_missing = False
        """One was wanted, and the time of the run was over before it was chosen."""

    def run(self, deadline: float, should_stop: Callable[[], bool]) -> None:
        """Run the trials until there is no time, no budget or no wish for more.

        The baseline is evaluated even when reading the data took all the time there was. The time
        in which no trial could run because their place was away does not count.
        """
        share = ENSEMBLE_SHARE if self._settings.use_ensemble else EXPECTATION_SHARE
        last_trial = deadline - self._settings.max_total_seconds * share
        if self._board.baseline is None:
            self._pool.start(self._baseline)
        while not should_stop():
            now = time.monotonic() - self._pool.away_seconds
            if now >= last_trial and self._board.baseline is not None:
                break
            if self._board.baseline is not None:
                self._fill(last_trial + self._pool.away_seconds)
            if self._pool.is_empty:
                break
            for candidate, evaluation, seconds in self._pool.collect():
                self._add(candidate, evaluation, seconds)
        if not should_stop():
            self._take_unfinished()
        self._pool.close()

    def _fill(self, last_trial: float) -> None:
        """Start trials while there is room for them, budget left, and time for them to end."""

        def room_for(algorithm_name: str, is_known: bool) -> Room | None:  # noqa: FBT001
            left = min(last_trial - time.monotonic(), self._settings.max_trial_seconds)
            return self._room_for(algorithm_name, left, is_known=is_known)

        while not self._pool.is_full and self._left > 0 and not self._is_good_enough():
            proposal = self._race.ask(room_for)
            if proposal is None:
                return
            candidate = Candidate.new(
                proposal.algorithm_name, proposal.params, OPTIMIZER, seconds=proposal.seconds
            )
            self._numbers[candidate.uid] = proposal.number
            self._left -= 1
            self._pool.start(candidate)

    def _room_for(self, algorithm_name: str, left: float, *, is_known: bool) -> Room | None:
        """Return what a trial of an algorithm may be, so that it ends in time.

        A first look should take a part of the time only; how long it takes is not known well, so
        one may begin that is likely to end, rather than nothing. Before there is any model, one is
        tried whatever it takes.
        """
        from auger_hub.search.study import Room

        is_series = self._settings.model_type == "timeseries"
        is_stoppable = find_algorithm(algorithm_name).is_stoppable and not is_series
        share = LONGEST_SHARE if is_stoppable else FIRST_LOOK_SHARE
        first_look = share * self._settings.max_total_seconds
        allowed = left if is_known and not is_stoppable else min(left, first_look)
        limit = allowed - TRIAL_SECONDS if is_stoppable else None
        enough = ENOUGH_ROUNDS if is_stoppable else 1.0
        seconds = {rows: self._times.predict(algorithm_name, rows) for rows in self._rungs}
        for rows in self._rungs:
            if enough * seconds[rows] < allowed:
                return Room(rows, seconds=limit)
        fewest = self._rungs[-1]
        likely = left if is_known else UNSURE * left
        if self._has_model and enough * seconds[fewest] >= likely:
            return None
        return Room(fewest, is_dear=True, seconds=limit and left - TRIAL_SECONDS)

    def _learn_times(self, result: TrialResult) -> None:
        params = result.algorithm_params
        is_cut = ROUNDS in params
        rows = params.get(ROWS)
        self._times.learn(result.algorithm_name, result.fold_times, rows, is_cut=is_cut)

    def _add(self, candidate: Candidate, evaluation: Evaluation, seconds: float) -> None:
        """Put a trial on the board, and let the search know what came of it."""
        result = self._board.add(candidate, evaluation, seconds)
        self._learn_times(result)
        if candidate.uid in self._numbers:
            number = self._numbers.pop(candidate.uid)
            self._race.tell(candidate.algorithm_name, number, score_for_search(result))

    def _take_unfinished(self) -> None:
        """Keep what the finished folds of trials say that the end of the time cut off.

        The mean of some folds is not comparable to that of all; so it is on the board only when
        nothing else is, and says of how many folds it is.
        """
        folds = len(self._board.baseline.fold_times) if self._board.baseline else 0
        reason = "stopped when the time of the run was over"
        for candidate, evaluation, seconds in self._pool.cut_off(reason):
            if len(evaluation.fold_times) == folds:  # nothing was left but to hand it over
                self._add(candidate, replace(evaluation, error=None, failure=None), seconds)
                continue
            text = f"{reason}, with {len(evaluation.fold_times)} of {folds} folds measured"
            failure = evaluation.failure if self._has_model else None
            kept = replace(evaluation, error=text, failure=failure, predictions=())
            self._add(candidate, kept, seconds)

    @property
    def _has_model(self) -> bool:
        return any(result.score is not None for result in self._board.searched)

    def _is_good_enough(self) -> bool:
        wanted, best = self._settings.exit_score, self._board.best_score
        return wanted is not None and best is not None and best >= wanted

    def conclude(
        self, data_path: Path, deadline: float, should_stop: Callable[[], bool]
    ) -> Expectation | None:
        """Put an ensemble on the board when one helps; return what to expect of the best one.

        The ensemble has to be chosen in the time of the run. What to expect may take a moment
        more, but no longer; a run that is stopped goes without.
        """
        began = time.monotonic()
        self._predict_again(lambda: time.monotonic() > deadline or should_stop())
        predictions, scores = self._board.predictions(), self._board.scores
        blend = None
        if self._settings.use_ensemble:
            algorithms = {one.uid: one.algorithm_name for one in self._board.searched}
            limit = self._settings.max_predict_ms or float("inf")
            found = (predictions, algorithms, self._board.predict_ms, limit)
            blend = _call(
                _blend, data_path, found, lambda: time.monotonic() > deadline or should_stop()
            )
            is_late = time.monotonic() > deadline
            self.is_ensemble_missing = blend is None and is_late and len(predictions) > 1
        if blend is not None and not self._board.has_ensemble:
            name = ENSEMBLES[self._settings.model_type]
            self._board.add_ensemble(name, blend, seconds=time.monotonic() - began)
        end = deadline + min(MOST_OVERRUN, OVERRUN_SHARE * self._settings.max_total_seconds)
        end = max(end, time.monotonic() + FEWEST_SECONDS)
        told = (predictions, scores, blend, end - time.monotonic() - PROCESS_SECONDS)
        return _call(_expect, data_path, told, lambda: time.monotonic() > end or should_stop())

    def _predict_again(self, is_over: Callable[[], bool]) -> None:
        """Run the best trials of before a restart once more, for their predictions alone."""
        known = self._board.predictions()
        candidates = [
            Candidate(result.uid, result.algorithm_name, result.algorithm_params)
            for result in self._board.best()
            if result.uid not in known
        ]
        while (candidates or not self._pool.is_empty) and not is_over():
            while candidates and not self._pool.is_full:
                self._pool.start(candidates.pop())
            for candidate, evaluation, _ in self._pool.collect():
                self._board.keep_predictions(candidate, evaluation)


def _no_ensemble() -> Notice:
    from auger_hub.data.notices import Notice

    text = "No ensemble: the time of the run was over before its members were chosen."
    return Notice("ensemble-missing", text)


def _naive_is_best(board: Board, metric: str) -> Notice:
    from auger_hub.search.preparation.series_notices import naive_is_best

    baseline = board.baseline
    assert baseline is not None, "it is the best"
    others = [one.score for one in board.searched if one.score is not None]
    return naive_is_best(metric, baseline.score or 0.0, max(others, default=None))


def _executor(
    task: SearchTask, settings: Settings, data_path: Path, tell: Callable[[str | None], None]
) -> TrialExecutor:
    """Return where trials run: on the scheduler that was named, else as `MovingExecutor` says."""
    limits = Limits(settings.max_trial_seconds, task.memory_mb)
    if task.scheduler:
        return SchedulerExecutor(Address(task.scheduler), data_path, limits, tell)
    own = LocalExecutor(data_path, task.memory_mb)
    if task.cluster_file is None:
        return own
    return MovingExecutor(own, task.cluster_file, data_path, limits, task.workers)


def _describe(task: SearchTask) -> dict[str, Any]:
    from auger_hub.search.preparation.prepare import describe_task

    return describe_task(task)


def _store_data(task: SearchTask, path: Path) -> dict[str, Any]:
    from auger_hub.search.preparation.prepare import make_trial_data

    data = make_trial_data(task)
    data.store(path)
    return dict(data.info)


def _blend(
    data_path: Path,
    found: tuple[Mapping[str, Predictions], Mapping[str, str], Mapping[str, float], float],
) -> Blend | None:
    from auger_hub.search.scores.ensemble import Blender, Prices

    predictions, algorithms, milliseconds, limit = found
    prices = Prices(milliseconds, limit)
    return Blender(TrialData.load(data_path), predictions, algorithms, prices).blend()


def _expect(
    data_path: Path,
    found: tuple[Mapping[str, Predictions], Mapping[str, float], Blend | None, float],
) -> Expectation | None:
    from auger_hub.search.scores.board import mean_scores
    from auger_hub.search.scores.ensemble import Nested
    from auger_hub.search.scores.expectation import Candidates, expect
    from auger_hub.search.scores.settle import settle

    predictions, scores, blend, seconds = found
    end = time.monotonic() + seconds
    data = TrialData.load(data_path)
    predictions = {uid: settle(data, shown).by_chance for uid, shown in predictions.items()}
    if blend is None:
        return expect(data, Candidates(predictions, scores), end)
    score = mean_scores(blend.fold_scores)[data.info["scoring"]]
    nested = blend.nested
    if nested is not None:
        blended, single = settle(data, nested.blended), settle(data, nested.single)
        nested = Nested(blended.by_chance, single.by_chance)
    told = Candidates(predictions, scores, blend.predictions, score, nested)
    return expect(data, told, end)


def _call(
    function: Callable[[Path, T], R | None], path: Path, argument: T, is_over: Callable[[], bool]
) -> R | None:
    """Return the result; None when time is over, or memory: the board stands without it."""
    try:
        return call_in_process(function, path, argument, is_over=is_over)
    except ProcessDied:
        return None


def _race(settings: Settings, info: Mapping[str, Any], board: Board) -> Race:
    from auger_hub.search.study import Race

    spaces, table = spaces_for(settings, info), table_of(settings, info)
    costs = {
        name: 0.02 + 6e-7 * table.cells + find_algorithm(name).seconds(table) for name in spaces
    }
    race = Race(spaces, info["seed"], costs)
    for result in board.searched:
        race.restore(result.algorithm_name, result.algorithm_params, score_for_search(result))
    return race


def _judge(board: Board, info: Mapping[str, Any]) -> Callable[[Candidate, Evaluation], str | None]:
    """Return what stops hopeless trials, and says why."""
    scoring, rows = info["scoring"], info["dataset_nrows"]

    def judge(candidate: Candidate, so_far: Evaluation) -> str | None:
        scores = list(so_far.hopes)
        scores = scores or [fold[scoring] for fold in so_far.fold_scores if scoring in fold]
        best, baseline = board.best(1), board.baseline
        if rows < racing.FEWEST_ROWS or not candidate.optimizer_name or not best or not baseline:
            return None
        if not racing.is_hopeless(scores, best[0].fold_scores, baseline.fold_scores):
            return None
        mean = sum(scores) / len(scores)
        return (
            f"stopped after {len(scores)} of {len(best[0].fold_scores)} folds: {scoring} was"
            f" {mean:.4g} there, far from the best trial so far"
        )

    return judge


def _training_rows(rows: int, folds: int) -> int:
    """Return how many rows a fold learns from."""
    return rows - rows // max(folds, 2)


def score_for_search(result: TrialResult) -> float | None:
    """Return what the search learns from a trial: of a stopped one what its folds have shown."""
    if result.score is None and result.failure == "stopped" and result.fold_scores:
        return sum(result.fold_scores) / len(result.fold_scores)
    return result.score


def _baseline(settings: Settings, info: Mapping[str, Any]) -> Candidate:
    """Return what every trial has to beat."""
    algorithm = baseline_for(settings.model_type)
    space = algorithm.search(Table.of(info))
    return Candidate.new(algorithm.name, space.to_params(space.starts[0]))
