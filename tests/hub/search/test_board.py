import numpy as np
import pytest

from auger_hub.search.board import KEPT, Board, mean_scores, worth_of_choosing
from auger_hub.search.ensemble import Blend
from auger_hub.search.task import TrialResult
from auger_hub.search.trial import Evaluation, Job


def evaluation(*scores: float) -> Evaluation:
    shown = tuple(np.zeros(2) for _ in scores)
    return Evaluation(tuple({"r2": s} for s in scores), (0.1,) * len(scores), shown)


def board(*scores: float) -> tuple[Board, list[TrialResult]]:
    reported: list[TrialResult] = []
    filled = Board("r2", [], reported.append)
    for score in scores:
        filled.add(Job.new("sklearn.linear_model.Ridge", {}, "optuna"), evaluation(score), 0.1)
    return filled, reported


def test_a_score_is_the_mean_over_the_folds() -> None:
    filled, _ = board()
    result = filled.add(Job.new("a.B", {"x": 1}, "optuna"), evaluation(0.2, 0.4), 1.5)
    assert result.score == pytest.approx(0.3)
    assert (result.fold_scores, result.evaluation_time) == ([0.2, 0.4], 1.5)


def test_every_trial_is_reported_once() -> None:
    _, reported = board(0.1, 0.2)
    assert [result.score for result in reported] == [0.1, 0.2]


def test_the_best_come_first_and_failures_not_at_all() -> None:
    filled, reported = board(0.1, 0.9, 0.5)
    filled.add(Job.new("a.B", {}, "optuna"), Evaluation(error="no", failure="error"), 0.1)
    assert [result.score for result in filled.best()] == [0.9, 0.5, 0.1]
    assert (reported[-1].score, reported[-1].failure) == (None, "error")


def test_a_metric_that_is_undefined_makes_the_trial_fail() -> None:
    filled, _ = board()
    result = filled.add(Job.new("a.B", {}), Evaluation(({"mda": 1.0},), (0.1,)), 0.1)
    assert (result.score, result.failure) == (None, "error")
    assert result.all_scores == {"mda": 1.0}


@pytest.mark.parametrize(
    ("room", "kept"), [(0, KEPT), (16 * (KEPT + 2), KEPT + 2), (1e6, KEPT + 5)]
)
def test_predictions_are_kept_of_the_best_that_there_is_room_for(
    room: float, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_hub.search.board.ROOM", int(room))
    filled, _ = board(*np.linspace(0, 1, KEPT + 5))
    assert list(filled.predictions()) == [result.uid for result in filled.best(kept)]
    assert len(filled._predictions) == kept


def test_an_ensemble_names_its_members_and_is_no_trial_of_the_search() -> None:
    filled, reported = board(0.1, 0.9)
    worse, better = (result.uid for result in reported)
    filled.add_ensemble("V", Blend({worse: 0.25, better: 0.75}, ({"r2": 0.95},)), seconds=0.2)
    assert reported[-1].ensemble
    assert reported[-1].algorithm_params["pipelines"] == [better, worse]
    assert reported[-1].algorithm_params["weights"] == [0.75, 0.25]
    assert len(filled.searched) == 2
    assert filled.has_ensemble


def test_the_mean_leaves_out_what_a_fold_lacks() -> None:
    assert mean_scores([{"a": 1.0, "b": 2.0}, {"a": 3.0}]) == {"a": 2.0}
    assert mean_scores([]) == {}


def test_choosing_is_worth_what_the_best_of_the_other_folds_scores() -> None:
    assert worth_of_choosing([[0.9, 0.5, 0.7], [0.5, 0.8, 0.5]]) == pytest.approx(1.7 / 3)
    assert worth_of_choosing([[0.9, 0.9], [0.2, 0.3]]) == pytest.approx(0.9)
    assert worth_of_choosing([[0.3, 0.5]]) == pytest.approx(0.4)


@pytest.mark.parametrize("trials", [[], [[0.5]], [[0.5], [0.9]]])
def test_a_single_fold_says_nothing_about_choosing(trials: list[list[float]]) -> None:
    assert worth_of_choosing(trials) == float("inf")


def test_choosing_among_equals_is_worth_nothing_of_their_luck() -> None:
    random = np.random.default_rng(7)
    boards = random.normal(0.8, 0.05, size=(400, 20, 5))  # 20 trials that are equally good
    promised = np.mean([board.mean(axis=1).max() for board in boards])
    worth = [worth_of_choosing(board.tolist()) for board in boards]
    error = np.std(worth) / np.sqrt(len(worth))
    assert promised > 0.83
    assert np.mean(worth) == pytest.approx(0.8, abs=3 * error)


def test_the_end_takes_off_what_is_luck_and_keeps_the_order() -> None:
    filled, reported = board()
    folds = [(0.9, 0.5, 0.5), (0.5, 0.8, 0.5), (0.5, 0.5, 0.7), (0.4, 0.4, 0.4)]
    for each in folds:
        filled.add(Job.new("sklearn.linear_model.Ridge", {}, "optuna"), evaluation(*each), 0.1)
    before = list(reported)
    filled.settle()
    after = {result.uid: result for result in reported}
    scores = [after[result.uid].score or 0.0 for result in before]
    worth = worth_of_choosing(folds)
    assert scores == pytest.approx([worth, worth, worth, 0.4], abs=1e-3)
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert [after[result.uid].fold_scores for result in before] == [list(each) for each in folds]


def test_trials_of_before_a_restart_are_settled_anew() -> None:
    first, reported = board()
    first.add(Job.new("a.B", {}, "optuna"), evaluation(0.9, 0.1), 0.1)
    told: list[TrialResult] = []
    Board("r2", reported, told.append).settle()
    assert told == reported


def test_an_ensemble_keeps_the_score_that_was_measured_in_this_way() -> None:
    filled, reported = board()
    for each in [(0.9, 0.5), (0.5, 0.8)]:
        filled.add(Job.new("a.B", {}, "optuna"), evaluation(*each), 0.1)
    one, other = (result.uid for result in reported)
    blend = Blend({one: 0.5, other: 0.5}, ({"r2": 0.7}, {"r2": 0.66}))
    filled.add_ensemble("V", blend, seconds=0.2)
    filled.settle()
    best = max({result.uid: result for result in reported}.values(), key=lambda r: r.score or 0.0)
    assert best.ensemble
    assert best.score == pytest.approx(0.68)
