from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score

from auger_hub.search.scores import ensemble
from auger_hub.search.scores.ensemble import Blender, Prices, _is_no_worse
from auger_hub.search.trials.trial import TrialData

pytestmark = pytest.mark.search

ROWS, FOLDS = 200, 4


def series(noises: list[float], seed: int = 0) -> tuple[TrialData, dict[str, Any]]:
    """A target, and trials that see it through noise of their own."""
    random = np.random.default_rng(seed)
    target = random.normal(size=ROWS)
    tests = np.array_split(np.arange(ROWS), FOLDS)
    folds = [(np.setdiff1d(np.arange(ROWS), test), test) for test in tests]
    predictions = {}
    for number, noise in enumerate(noises):
        shown = target + random.normal(scale=noise, size=ROWS)
        predictions[f"T{number}"] = tuple(shown[test] for test in tests)
    info = {"model_type": "regression", "scoring": "r2"}
    return TrialData(None, target, folds, info), predictions


def test_trials_with_independent_errors_are_blended() -> None:
    blend = Blender(*series([0.5, 0.5, 0.5])).blend()
    assert blend is not None
    assert len(blend.weights) == 3
    assert sum(blend.weights.values()) == 1


def test_the_better_trial_weighs_more() -> None:
    blend = Blender(*series([0.4, 0.8])).blend()
    assert blend is not None
    assert blend.weights["T0"] > blend.weights["T1"]


def test_every_metric_is_measured_on_every_fold() -> None:
    blend = Blender(*series([0.5, 0.5])).blend()
    assert blend is not None
    assert len(blend.fold_scores) == FOLDS
    assert {"r2", "neg_rmse", "mda"} <= set(blend.fold_scores[0])


def test_no_ensemble_when_one_trial_says_it_all() -> None:
    assert Blender(*series([0.01, 3.0])).blend() is None


def test_one_trial_or_one_fold_makes_no_ensemble() -> None:
    assert Blender(*series([0.5])).blend() is None
    data, predictions = series([0.5, 0.5])
    single = TrialData(None, data.target, data.folds[:1], data.info)
    assert Blender(single, {uid: shown[:1] for uid, shown in predictions.items()}).blend() is None


def test_whether_it_helps_is_not_flattered_by_its_own_weights() -> None:
    """Of pure noise, weights chosen on a fold look good on it; measured elsewhere they do not."""
    gains = []
    for seed in range(4):
        data, predictions = series([20.0] * 5, seed)
        blend = Blender(data, predictions).blend()
        assert blend is not None
        assert blend.nested is not None
        chosen_here = np.mean([scores["r2"] for scores in blend.fold_scores])
        honest = np.mean([r2(data, shown, fold) for fold, shown in enumerate(blend.nested.blended)])
        gains.append(chosen_here - honest)
    assert np.mean(gains) > 0


def test_its_score_is_that_of_its_predictions_in_each_fold() -> None:
    data, predictions = series([0.5, 0.6, 0.7])
    blend = Blender(data, predictions).blend()
    assert blend is not None
    told = [scores["r2"] for scores in blend.fold_scores]
    assert told == [r2(data, shown, fold) for fold, shown in enumerate(blend.predictions)]
    members = [np.array(predictions[uid][0]) * share for uid, share in blend.weights.items()]
    assert blend.predictions[0] == pytest.approx(sum(members))


def test_members_are_chosen_by_some_of_many_rows_and_scored_by_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ensemble, "MOST_ROWS", ROWS // FOLDS // 2)
    data, predictions = series([0.5, 0.6, 0.7])
    blender = Blender(data, predictions)
    assert {fold.shape[1] for fold in blender._seen} == {ROWS // FOLDS // 2}
    blend = blender.blend()
    assert blend is not None
    told = [scores["r2"] for scores in blend.fold_scores]
    assert told == [r2(data, shown, fold) for fold, shown in enumerate(blend.predictions)]


def r2(data: TrialData, shown: Any, fold: int) -> float:
    return float(r2_score(data.target[data.folds[fold][1]], shown))


@pytest.mark.slow
def test_the_score_is_not_flattered_by_its_candidates() -> None:
    """Nor may those be the best of all folds: of pure noise, that alone looks good."""
    excess = []
    for seed in range(4):
        data, predictions = series([5.0] * 30, seed)
        truth = np.random.default_rng(1000 + seed).normal(size=ROWS)  # which no trial has seen
        best_first = sorted(
            predictions, key=lambda uid: -np.corrcoef(np.concatenate(predictions[uid]), truth)[0, 1]
        )
        blind = TrialData(None, truth, data.folds, data.info)
        blender = Blender(blind, {uid: predictions[uid] for uid in best_first})
        for fold, (_, test) in enumerate(data.folds):
            chosen = blender._choose([other for other in range(FOLDS) if other != fold])
            shown = np.average(blender._shown[fold], axis=0, weights=np.array(chosen))
            excess.append(np.corrcoef(shown, truth[test])[0, 1])
    assert abs(np.mean(excess)) < 3 * np.std(excess) / np.sqrt(len(excess))


def test_other_algorithms_are_chosen_from_before_many_trials_of_one() -> None:
    data, values = series([0.3] * 20 + [0.9])
    algorithms = {**dict.fromkeys(values, "many"), "T20": "other"}
    blender = Blender(data, values, algorithms)
    assert 20 in blender._pool(range(FOLDS))
    assert 20 not in Blender(data, values)._pool(range(FOLDS))


def test_an_ensemble_costs_no_more_than_it_may() -> None:
    data, values = series([0.5, 0.5, 0.5, 0.5])
    blend = Blender(data, values, prices=Prices(dict.fromkeys(values, 2.0), 5.0)).blend()
    assert blend is not None
    assert len(blend.weights) == 2


def test_an_ensemble_that_loses_by_luck_alone_is_kept() -> None:
    assert _is_no_worse([0.50, 0.52, 0.47], [0.51, 0.49, 0.50])
    assert not _is_no_worse([0.50, 0.52, 0.47], [0.60, 0.61, 0.58])


def test_probabilities_are_averaged() -> None:
    data, values = series([1.5, 1.5, 1.5])
    labels = (data.target > 0).astype(int)
    info = {"model_type": "classification", "scoring": "roc_auc", "targetClasses": ["no", "yes"]}
    shown = {
        uid: tuple(np.stack([1 / (1 + np.exp(v)), 1 / (1 + np.exp(-v))], axis=1) for v in folds)
        for uid, folds in values.items()
    }
    blend = Blender(TrialData(None, labels, data.folds, info), shown).blend()
    assert blend is not None
    assert "neg_log_loss" in blend.fold_scores[0]
