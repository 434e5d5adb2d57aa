from dataclasses import replace

import numpy as np
import pytest

from auger_hub.search.scores.board import KEPT, Board, Speed, mean_scores
from auger_hub.search.scores.ensemble import Blend
from auger_hub.search.task import TrialResult
from auger_hub.search.trials.trial import Candidate, Evaluation


def evaluation(*scores: float) -> Evaluation:
    shown = tuple(np.zeros(2) for _ in scores)
    return Evaluation(tuple({"r2": s} for s in scores), (0.1,) * len(scores), shown)


def board(*scores: float) -> tuple[Board, list[TrialResult]]:
    reported: list[TrialResult] = []
    filled = Board("r2", [], reported.append)
    for score in scores:
        filled.add(
            Candidate.new("sklearn.linear_model.Ridge", {}, "optuna"), evaluation(score), 0.1
        )
    return filled, reported


def test_a_score_is_the_mean_over_the_folds() -> None:
    filled, _ = board()
    result = filled.add(Candidate.new("a.B", {"x": 1}, "optuna"), evaluation(0.2, 0.4), 1.5)
    assert result.score == pytest.approx(0.3)
    assert (result.fold_scores, result.evaluation_time) == ([0.2, 0.4], 1.5)


def test_a_model_that_predicts_too_slowly_is_told_and_no_choice() -> None:
    reported: list[TrialResult] = []
    filled = Board("r2", [], reported.append, Speed(most_ms=5.0, models=5))
    one = replace(evaluation(0.9, 0.9), predict_times=(0.001, 0.003))  # of four rows
    slow = filled.add(Candidate.new("a.B", {}, "optuna"), replace(one, predict_times=(1.0,)), 0.1)
    quick = filled.add(Candidate.new("a.B", {}, "optuna"), one, 0.1)
    assert (slow.score, slow.failure) == (None, "slow")
    assert "ms a row" in str(slow.error)
    assert (quick.score, quick.predict_ms) == (0.9, pytest.approx(5.0))
    assert filled.predict_ms == {quick.uid: quick.predict_ms}


def test_every_trial_is_reported_once() -> None:
    _, reported = board(0.1, 0.2)
    assert [result.score for result in reported] == [0.1, 0.2]


def test_the_best_come_first_and_failures_not_at_all() -> None:
    filled, reported = board(0.1, 0.9, 0.5)
    filled.add(Candidate.new("a.B", {}, "optuna"), Evaluation(error="no", failure="error"), 0.1)
    assert [result.score for result in filled.best()] == [0.9, 0.5, 0.1]
    assert (reported[-1].score, reported[-1].failure) == (None, "error")


def test_a_metric_that_is_undefined_makes_the_trial_fail() -> None:
    filled, _ = board()
    result = filled.add(Candidate.new("a.B", {}), Evaluation(({"mda": 1.0},), (0.1,)), 0.1)
    assert (result.score, result.failure) == (None, "error")
    assert result.all_scores == {"mda": 1.0}


@pytest.mark.parametrize(
    ("room", "kept"), [(0, KEPT), (16 * (KEPT + 2), KEPT + 2), (1e6, KEPT + 5)]
)
def test_predictions_are_kept_of_the_best_that_there_is_room_for(
    room: float, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_hub.search.scores.board.ROOM", int(room))
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


def test_the_score_of_a_trial_is_the_value_of_the_metric_beside_it() -> None:
    filled, reported = board(0.1, 0.9)
    one, other = (result.uid for result in reported)
    blend = Blend({one: 0.5, other: 0.5}, ({"r2": 0.7}, {"r2": 0.66}))
    filled.add_ensemble("V", blend, seconds=0.2)
    assert [r.score for r in reported] == [r.all_scores["r2"] for r in reported]
    assert reported[-1].score == pytest.approx(0.68)
    assert filled.scores == {one: 0.1, other: 0.9}


def test_of_equals_the_earlier_one_comes_first() -> None:
    filled, reported = board(0.5, 0.7, 0.5, 0.7)
    first, second, third, fourth = reported
    assert filled.best() == [second, fourth, first, third]


def test_the_mean_leaves_out_what_a_fold_lacks() -> None:
    assert mean_scores([{"a": 1.0, "b": 2.0}, {"a": 3.0}]) == {"a": 2.0}
    assert mean_scores([]) == {}
