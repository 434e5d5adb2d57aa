import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auger_hub.data.notices import Notice
from auger_hub.search import run
from auger_hub.search.algorithms.registry import baseline_for
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.run import BadTask, SearchTask, TrialResult, prepare, run_search
from auger_hub.search.sampling import ROWS
from auger_hub.search.scores.board import Board
from auger_hub.search.scores.expectation import Expectation
from auger_hub.search.task import read_settings
from auger_hub.search.trials.cross_validation import cross_validate, evaluate_folds
from auger_hub.search.trials.trial import Candidate
from tests.hub.search.tables import iris, mixed, monthly, sloped_steps, task_for

pytestmark = pytest.mark.search

FOLDS = 3
LINEAR = "sklearn.linear_model.LogisticRegression"
QUICK = ["LogisticRegression", "LinearDiscriminantAnalysis", "KNeighborsClassifier"]


def search(task: SearchTask, finished: tuple[TrialResult, ...] = ()) -> list[TrialResult]:
    """Return the board, in the order in which the trials came."""
    board: list[TrialResult] = []
    end = run_search(task, finished, report=board.append, should_stop=lambda: False)
    assert end == "completed"
    return board


def quick_task(folder: Path, **options: Any) -> SearchTask:
    few = {"max_n_trials": 6, "allowed_algorithms": QUICK, "crossValidationFolds": FOLDS}
    options = {**few, "scoring": "accuracy", **options}
    return task_for(folder, iris(), "species", options=options)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> list[TrialResult]:
    return search(quick_task(tmp_path_factory.mktemp("board")))


def what(results: list[TrialResult]) -> list[tuple[str, dict[str, Any], float | None]]:
    return [(r.algorithm_name, r.algorithm_params, r.score) for r in results if not r.ensemble]


def test_the_baseline_is_first(board: list[TrialResult]) -> None:
    assert board[0].algorithm_name == "sklearn.dummy.DummyClassifier"
    assert board[0].optimizer_name == ""
    assert board[0].score == pytest.approx(1 / 3, abs=0.02)  # no fold has equal thirds


def test_baseline_and_ensemble_come_on_top_of_the_trials_asked_for(
    board: list[TrialResult],
) -> None:
    assert len([r for r in board if r.optimizer_name]) == 6
    assert len([r for r in board if not r.optimizer_name and not r.ensemble]) == 1


def test_a_trial_tells_all_that_the_board_shows(board: list[TrialResult]) -> None:
    trial = board[1]
    assert trial.score == pytest.approx(sum(trial.fold_scores) / FOLDS)
    assert trial.score == trial.all_scores["accuracy"]
    assert {"f1_macro", "neg_log_loss"} <= set(trial.all_scores)
    assert len(trial.fold_times) == FOLDS
    assert trial.evaluation_time > 0
    assert (trial.error, trial.failure, trial.optimizer_name) == (
        None,
        None,
        "optuna.samplers.TPESampler",
    )


def test_ids_are_fifteen_hex_characters_of_their_own(board: list[TrialResult]) -> None:
    uids = {result.uid for result in board}
    assert len(uids) == len(board)
    assert all(len(uid) == 15 and set(uid) <= set("0123456789ABCDEF") for uid in uids)


def test_iris_is_learned(board: list[TrialResult]) -> None:
    assert max(result.score or 0 for result in board) >= 0.96


def test_the_same_seed_gives_the_same_board(board: list[TrialResult], tmp_path: Path) -> None:
    assert what(search(quick_task(tmp_path))) == what(board)


@pytest.mark.slow
def test_a_restart_goes_on_where_it_was(board: list[TrialResult], tmp_path: Path) -> None:
    before = {one.uid: one for one in board[:4]}
    found = search(quick_task(tmp_path), tuple(before.values()))
    rest = [one for one in found if one.uid not in before]
    assert len([one for one in rest if one.optimizer_name]) == 3
    assert not any(r.algorithm_name.startswith("sklearn.dummy") for r in rest)


def test_a_good_enough_score_ends_the_search(tmp_path: Path) -> None:
    found = search(quick_task(tmp_path, exit_score=0.5, use_ensemble=False))
    assert len(found) == 2


def test_an_ensemble_that_comes_too_late_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(monotonic=time.monotonic)

    def end_the_time(*_: Any) -> None:  # while the members of an ensemble are chosen
        clock.monotonic = lambda: time.monotonic() + 10_000

    monkeypatch.setattr(run, "time", clock)
    monkeypatch.setattr(run, "_call", end_the_time)
    told: list[Notice] = []
    task = quick_task(tmp_path, max_n_trials=2)
    run_search(task, [], report=lambda _: None, should_stop=lambda: False, notify=told.append)
    assert [one.code for one in told] == ["ensemble-missing"]


@pytest.mark.slow
def test_the_total_time_ends_the_search(tmp_path: Path) -> None:
    began = time.monotonic()
    search(quick_task(tmp_path, max_n_trials=10_000, max_total_time_mins=0.1))
    assert time.monotonic() - began < 10


def test_a_budget_that_reading_used_up_leaves_the_baseline(tmp_path: Path) -> None:
    found = search(quick_task(tmp_path, max_n_trials=10_000, max_total_time_mins=0.0001))
    assert [one.algorithm_name for one in found] == ["sklearn.dummy.DummyClassifier"]
    assert found[0].score is not None


@pytest.mark.slow
def test_the_same_seed_gives_the_same_board_of_boosting_and_forests(tmp_path: Path) -> None:
    only = ["LGBMClassifier", "CatBoostClassifier", "ExtraTreesClassifier"]
    few = {"max_n_trials": 5, "allowed_algorithms": only, "crossValidationFolds": 2}
    few |= {"scoring": "roc_auc", "use_ensemble": False}
    boards = [search(task_for(tmp_path, mixed(120), "bought", options=few)) for _ in range(2)]
    assert what(boards[0]) == what(boards[1])


@pytest.mark.slow
def test_a_large_table_has_a_model_of_a_part_of_its_rows_first(tmp_path: Path) -> None:
    frame = sloped_steps(40_000)
    only = ["RandomForestRegressor"]
    options = {"max_n_trials": 1, "max_total_time_mins": 1, "allowed_algorithms": only}
    options |= {"crossValidationFolds": 2, "use_ensemble": False}
    (_, trial) = search(task_for(tmp_path, frame, "y", "regression", options=options))
    assert trial.algorithm_params[ROWS] == 5_000
    assert trial.score is not None
    assert trial.score > 0.8


@pytest.mark.slow
def test_scores_are_means_over_folds_and_once_a_run_tells_what_to_expect(tmp_path: Path) -> None:
    asked = {"scoring": "neg_log_loss", "max_n_trials": 8}
    found: list[TrialResult] = []
    told: list[Expectation] = []
    report = (found.append, told.append)
    task = quick_task(tmp_path, **asked)
    run_search(task, [], report=report[0], conclude=report[1], should_stop=lambda: False)
    for one in found:
        assert one.score == one.all_scores["neg_log_loss"]
        assert one.score == pytest.approx(sum(one.fold_scores) / FOLDS)
    scores = [one.score for one in found if one.score is not None]
    (expected,) = told
    assert expected.best == max(scores)
    assert min(scores) <= expected.score <= expected.best
    assert expected.low < expected.score < expected.high <= 0
    assert (expected.metric, expected.trials) == ("neg_log_loss", 9)


@pytest.mark.slow
def test_a_restart_at_the_end_tells_what_to_expect_as_well(
    board: list[TrialResult], tmp_path: Path
) -> None:
    more: list[TrialResult] = []
    told: list[Expectation] = []
    task = quick_task(tmp_path)
    run_search(task, board, report=more.append, conclude=told.append, should_stop=lambda: False)
    assert more == []
    assert told[0].best == max(one.score for one in board if one.score is not None)


def test_a_stop_keeps_what_finished(tmp_path: Path) -> None:
    board: list[TrialResult] = []
    task = quick_task(tmp_path, max_n_trials=10_000)
    ended = run_search(task, [], report=board.append, should_stop=lambda: len(board) >= 3)
    assert ended == "interrupted"
    assert len({one.uid for one in board}) >= 3


def test_a_stop_at_once_reads_nothing(tmp_path: Path) -> None:
    board: list[TrialResult] = []
    assert (
        run_search(quick_task(tmp_path), [], report=board.append, should_stop=lambda: True)
        == "interrupted"
    )
    assert board == []


def test_trials_over_their_time_fail_and_the_run_goes_on(tmp_path: Path) -> None:
    slow = ["HistGradientBoostingClassifier"]
    task = quick_task(tmp_path, max_eval_time_mins=0.0001, max_n_trials=2, allowed_algorithms=slow)
    found = [result for result in search(task) if "Boosting" in result.algorithm_name]
    assert [r.failure for r in found] == ["timeout"] * 2
    assert all(r.score is None and "limit of one trial" in str(r.error) for r in found)


@pytest.mark.slow
def test_a_mixed_table_is_learned_by_two_workers(tmp_path: Path) -> None:
    few = {"max_n_trials": 4, "crossValidationFolds": FOLDS, "max_total_time_mins": 1}
    options = {**few, "scoring": "roc_auc"}
    task = replace(task_for(tmp_path, mixed(), "bought", options=options), workers=2)
    assert max(result.score or 0 for result in search(task)) > 0.85


@pytest.mark.slow
def test_rare_classes_and_few_rows_are_searched_all_the_same(tmp_path: Path) -> None:
    frame = iris().iloc[[*range(12), *range(50, 58), 100, 101]]
    options = {"max_n_trials": 8, "scoring": "f1_macro", "use_ensemble": False}
    found = search(task_for(tmp_path, frame, "species", options=options))
    assert [result.error for result in found if result.failure] == []


def test_an_ensemble_tells_how_to_build_it_again(tmp_path: Path) -> None:
    options = {"max_n_trials": 4, "allowed_algorithms": ["Ridge", "KNeighborsRegressor"]}
    found = search(task_for(tmp_path, sloped_steps(), "y", "regression", options=options))
    (ensemble,) = [result for result in found if result.ensemble]
    params = ensemble.algorithm_params
    known = {result.uid: result for result in found}
    assert ensemble.algorithm_name == "sklearn.ensemble.VotingRegressor"
    assert sum(params["weights"]) == pytest.approx(1)
    assert [member["algorithm_params"] for member in params["members"]] == [
        known[uid].algorithm_params for uid in params["pipelines"]
    ]


def test_a_series_is_forecast_better_than_by_repetition(tmp_path: Path) -> None:
    options = {"max_n_trials": 2, "scoring": "neg_mase", "allowed_algorithms": ["Ridge"]}
    found = search(task_for(tmp_path, monthly(), "sales", "timeseries", options=options))
    assert found[0].algorithm_name.endswith("SeasonalNaive")
    assert max(result.score or -9 for result in found[1:]) > (found[0].score or -9)


def test_a_task_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    task = quick_task(tmp_path, scoring="roc_auc")
    with pytest.raises(BadTask, match="does not apply"):
        prepare(task)
    with pytest.raises(BadTask, match="does not apply"):
        run_search(task, [], report=print, should_stop=lambda: False)


def test_an_algorithm_that_is_not_there_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match="No algorithm is left"):
        prepare(quick_task(tmp_path, allowed_algorithms=["GaussianNB"]))


class _Ending(SimpleNamespace):
    """A pool whose trials are ended when their last fold was told, and not their end."""

    def cut_off(self, reason: str) -> list[Any]:
        return [
            (one, replace(evaluation, error=reason, failure="timeout"), 1.0)
            for one, evaluation in self.told
        ]

    def close(self) -> None:
        """Nothing runs."""


def test_a_trial_of_which_all_folds_are_there_counts_when_the_time_is_over(tmp_path: Path) -> None:
    task = quick_task(tmp_path)
    data = make_trial_data(task)
    board = Board("accuracy", (), lambda _: None)
    names = [baseline_for("classification").name, LINEAR, LINEAR]
    first, whole, part = (Candidate.new(name, {}, "optuna") for name in names)
    board.add(replace(first, optimizer_name=""), cross_validate(data, first), 1.0)
    folds = list(evaluate_folds(data, whole))
    told = [(whole, cross_validate(data, whole)), (part, folds[0])]
    running = run.Search(read_settings(task), data.info, _Ending(told=told), board)
    running._take_unfinished()
    found = {one.uid: one for one in board.searched}
    assert (found[whole.uid].failure, found[whole.uid].error) == (None, None)
    assert found[part.uid].failure == "timeout"
    assert "1 of 3 folds" in str(found[part.uid].error)
    assert whole.uid in board.predictions()
