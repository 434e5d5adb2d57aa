from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auger_hub.search.scores.ensemble import Blender
from auger_hub.search.scores.expectation import Candidates, Expectation, _Scorer, expect
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.trials.trial import TrialData

FOLDS = 5
Shown = Mapping[str, tuple[np.ndarray[Any, Any], ...]]


def task(scoring: str, target: Any, **info: Any) -> TrialData:
    rows = np.arange(len(target))
    folds = [(np.setdiff1d(rows, test), test) for test in np.array_split(rows, FOLDS)]
    kind = "classification" if target.dtype.kind == "i" else "regression"
    told = {"model_type": kind, "scoring": scoring, "seed": 3, **info}
    if kind == "classification":
        told["targetClasses"] = list(range(int(target.max()) + 1))
    return TrialData(None, target, folds, told)


def split(data: TrialData, shown: Any) -> tuple[np.ndarray[Any, Any], ...]:
    return tuple(shown[test] for _, test in data.folds)


def board_scores(data: TrialData, predictions: Shown) -> dict[str, float]:
    """The mean over the folds, as a board has it."""
    name = data.info["scoring"]
    known = metrics_for(data.info["model_type"], len(data.info.get("targetClasses", ())))
    functions = {name: known[name]}
    return {
        uid: float(
            np.mean(
                [
                    all_scores(Outcome.of(data.target[test], fold, data.target[train]), functions)[
                        name
                    ]
                    for fold, (train, test) in zip(shown, data.folds, strict=True)
                ]
            )
        )
        for uid, shown in predictions.items()
    }


def expected(data: TrialData, predictions: Shown) -> Expectation:
    scores = board_scores(data, predictions)
    best_first = dict(sorted(predictions.items(), key=lambda one: -scores[one[0]]))
    told = expect(data, Candidates(best_first, scores))
    assert told is not None
    return told


def guesses(seed: int, rows: int, hits: list[float]) -> tuple[TrialData, Shown]:
    """Two classes, and trials that are right with a probability of their own, by luck alone."""
    random = np.random.default_rng(seed)
    target = random.integers(2, size=rows)
    data = task("accuracy", target)
    shown = {}
    for number, hit in enumerate(hits):
        is_right = random.random(rows) < hit
        label = np.where(is_right, target, 1 - target)
        shown[f"T{number}"] = split(data, np.eye(2)[label])
    return data, shown


@pytest.mark.search
def test_of_equals_the_luck_of_the_best_is_taken_off() -> None:
    """Twenty trials that are right in 8 of 10 rows: the best promises more, the estimate not."""
    told = [expected(*guesses(seed, 100, [0.8] * 20)) for seed in range(16)]
    assert np.mean([one.best for one in told]) > 0.86
    estimates = [one.score for one in told]
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(0.8, abs=3 * error + 0.005)


def test_a_trial_that_is_really_better_keeps_its_score() -> None:
    one = expected(*guesses(1, 400, [0.95, 0.6, 0.6, 0.6]))
    assert one.score == pytest.approx(one.best, abs=1e-9)
    assert one.low < one.score < one.high


@pytest.mark.search
def test_the_interval_holds_what_new_rows_tell() -> None:
    """The best trial is right in 8 of 10 rows; as many new rows tell 0.8 give or take."""
    random = np.random.default_rng(0)
    told = [expected(*guesses(seed, 100, [0.8] * 5)) for seed in range(24)]
    fresh = random.binomial(100, 0.8, size=len(told)) / 100
    held = [one.low <= new <= one.high for one, new in zip(told, fresh, strict=True)]
    assert 0.85 < np.mean(held) <= 1


def test_the_estimate_is_never_outside_of_the_range_of_the_trials() -> None:
    for seed in range(10):
        data, shown = guesses(seed, 30, [0.6] * 8)
        scores = board_scores(data, shown)
        one = expected(data, shown)
        assert min(scores.values()) <= one.score <= max(scores.values()) == one.best
        assert one.low <= one.score <= one.high <= 1.0


def test_trials_that_predict_alike_are_one_choice_whatever_their_order() -> None:
    """Equal predictions tie in every sample: nothing was chosen, so nothing is taken off."""
    data, shown = guesses(2, 60, [0.7])
    alike = {f"T{number}": shown["T0"] for number in range(6)}
    one = expected(data, alike)
    assert one.score == pytest.approx(one.best, abs=1e-12)
    assert (one.trials, one.metric, one.level) == (6, "accuracy", 0.95)


def test_ties_are_averaged_so_their_order_decides_nothing() -> None:
    data, shown = guesses(4, 40, [0.7] * 6)
    scores = board_scores(data, shown)
    order = sorted(shown, key=lambda uid: (-scores[uid], uid))
    other = sorted(shown, key=lambda uid: (-scores[uid], uid[::-1], -int(uid[1:])))
    told = [
        expect(data, Candidates({uid: shown[uid] for uid in o}, scores)) for o in (order, other)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("scoring", ["r2", "neg_rmse", "neg_mase", "mda"])
def test_a_series_is_drawn_in_blocks_and_on_the_scale_of_its_folds(scoring: str) -> None:
    random = np.random.default_rng(5)
    target = np.cumsum(random.normal(size=200))
    data = task(scoring, target, timeColumn="day")
    shown = {f"T{n}": split(data, target + random.normal(scale=0.5, size=200)) for n in range(4)}
    one = expected(data, shown)
    assert one.best == pytest.approx(max(board_scores(data, shown).values()))
    assert one.low <= one.score <= one.best


def test_neighbours_whose_errors_are_alike_widen_the_interval() -> None:
    random = np.random.default_rng(6)
    target = random.normal(size=400)
    drift = np.repeat(random.normal(size=40), 10)  # ten neighbours are wrong in the same way
    plain = task("neg_mean_absolute_error", target)
    ordered = task("neg_mean_absolute_error", target, timeColumn="day")
    widths = []
    for data in (plain, ordered):
        one = expected(data, {"T0": split(data, target + drift)})
        widths.append(one.high - one.low)
    assert widths[1] > 1.5 * widths[0]


@pytest.mark.search
def test_an_ensemble_is_expected_at_what_other_folds_chose() -> None:
    random = np.random.default_rng(8)
    target = random.normal(size=150)
    data = task("r2", target)
    shown = {f"T{n}": split(data, target + random.normal(size=150)) for n in range(12)}
    scores = board_scores(data, shown)
    order = dict(sorted(shown.items(), key=lambda one: -scores[one[0]]))
    blend = Blender(data, order).blend()
    assert blend is not None
    assert blend.nested is not None
    flat, nested = (
        board_scores(data, {"E": each})["E"] for each in (blend.predictions, blend.nested.blended)
    )
    told = expect(data, Candidates(order, scores, blend.predictions, flat, blend.nested))
    assert told is not None
    assert told.best == flat
    assert abs(told.score - nested) < 0.02


def test_nothing_is_said_of_trials_whose_predictions_are_lost() -> None:
    data, _ = guesses(1, 40, [0.7])
    assert expect(data, Candidates({}, {"T0": 0.7})) is None
    assert expect(data, Candidates({}, {})) is None


def test_the_same_trials_tell_the_same() -> None:
    assert expected(*guesses(1, 50, [0.7] * 5)) == expected(*guesses(1, 50, [0.7] * 5))


def test_of_many_rows_a_part_is_looked_at() -> None:
    one = expected(*guesses(1, 30_000, [0.8, 0.79]))
    assert 0.77 < one.low < one.score < one.high < 0.83


@pytest.mark.parametrize("scoring", ["f1_macro", "accuracy", "f1"])
def test_weighted_rows_score_the_same_one_by_one_and_many_at_once(scoring: str) -> None:
    random = np.random.default_rng(1)
    target = random.integers(0, 2, 200)
    data = replace(task(scoring, target), weights=random.uniform(0.1, 4, 200))
    shown = random.dirichlet([1, 1], (3, 200))
    scorer = _Scorer(data)
    taken = np.array([scorer.take(split(data, one)) for one in shown])
    rows = random.integers(0, 200, 150)
    told = scorer.score_each(taken, rows)
    for n, one in enumerate(shown):
        weights = data.weights
        assert weights is not None
        outcome = Outcome.of(target[rows], one[rows], target, weights[rows])
        function = {scoring: metrics_for("classification", 2)[scoring]}
        assert told[n] == pytest.approx(all_scores(outcome, function)[scoring])
