"""A threshold is chosen by the metric, and what it gains is measured on other rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.sampling import THRESHOLD
from auger_hub.search.scores.at_once import of_confusions
from auger_hub.search.scores.metrics import Outcome
from auger_hub.search.scores.settle import settle
from auger_hub.search.scores.threshold import best_score, decide
from auger_hub.search.trials.cross_validation import cross_validate
from auger_hub.search.trials.trial import Candidate, TrialData
from tests.hub.search.tables import iris, task_for

pytestmark = pytest.mark.search

LINEAR = "sklearn.linear_model.LogisticRegression"


def rare(rows: int = 900) -> pd.DataFrame:
    """One row in eight is of a class that can be told only vaguely."""
    random = np.random.default_rng(4)
    x = random.normal(size=rows)
    is_rare = random.random(rows) < 1 / (1 + np.exp(2.9 - 1.3 * x))
    label = np.where(is_rare, "rare", "often")
    return pd.DataFrame({"x": x, "w": random.choice([0.3, 3.0], rows), "label": label})


def data_for(folder: Path, scoring: str, **options: object) -> TrialData:
    given = {"scoring": scoring, "featureColumns": ["x"], **options}
    return make_trial_data(task_for(folder, rare(), "label", options=given))


def fold_f1(data: TrialData, fold: int, shown: np.ndarray, threshold: float) -> float:
    truth = data.target[data.folds[fold][1]]
    return float(sk.f1_score(truth, shown[:, 1] >= threshold, zero_division=0))


def test_f1_of_a_rare_class_is_decided_far_below_one_half(tmp_path: Path) -> None:
    data = data_for(tmp_path, "f1")
    found = cross_validate(data, Candidate.new(LINEAR, {}))
    assert 0.1 < found.settled[THRESHOLD] < 0.4
    halves = [fold_f1(data, n, shown, 0.5) for n, shown in enumerate(found.predictions)]
    assert np.mean([fold["f1"] for fold in found.fold_scores]) > np.mean(halves) + 0.05


def test_a_fold_is_decided_by_the_threshold_of_the_other_folds(tmp_path: Path) -> None:
    data = data_for(tmp_path, "f1")
    found = cross_validate(data, Candidate.new(LINEAR, {}))
    decision = decide(data, found.predictions)
    assert decision is not None
    told = zip(found.predictions, decision.of_folds, strict=True)
    scores = [fold_f1(data, n, shown, threshold) for n, (shown, threshold) in enumerate(told)]
    assert [fold["f1"] for fold in found.fold_scores] == pytest.approx(scores)
    changed = [np.flip(found.predictions[0], axis=1), *found.predictions[1:]]
    other = decide(data, changed)
    assert other is None or other.of_folds[0] == decision.of_folds[0]


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_log_loss", "precision", "recall"])
def test_other_metrics_have_no_best_threshold(tmp_path: Path, scoring: str) -> None:
    found = cross_validate(data_for(tmp_path, scoring), Candidate.new(LINEAR, {}))
    assert THRESHOLD not in found.settled
    assert found.hopes == ()


def test_neither_have_three_classes_nor_what_always_says_the_same(tmp_path: Path) -> None:
    dummy = Candidate.new("sklearn.dummy.DummyClassifier", {})
    assert not cross_validate(data_for(tmp_path, "f1"), dummy).settled
    flowers = make_trial_data(task_for(tmp_path, iris(), "species"))
    assert not cross_validate(flowers, Candidate.new(LINEAR, {})).settled


def test_a_gain_that_may_be_luck_is_left_alone(tmp_path: Path) -> None:
    """A model that knows nothing: whatever threshold is chosen gains as often as it loses."""
    data = data_for(tmp_path, "balanced_accuracy")
    random = np.random.default_rng(0)
    decided = 0
    for _ in range(40):
        chances = [random.random(len(test)) for _, test in data.folds]
        found = decide(data, [np.column_stack([1 - one, one]) for one in chances])
        decided += found is not None
    assert decided <= 20


def test_rows_count_by_their_weights(tmp_path: Path) -> None:
    data = data_for(tmp_path, "f1", sample_weight="w")
    plain = data_for(tmp_path, "f1")
    shown = cross_validate(plain, Candidate.new(LINEAR, {})).predictions
    heavy, light = decide(data, shown), decide(plain, shown)
    assert heavy is not None
    assert light is not None
    assert heavy.threshold != light.threshold
    weights, truth = data.weights, data.target
    assert weights is not None
    test = data.folds[0][1]
    told = sk.f1_score(truth[test], shown[0][:, 1] >= 0.2, sample_weight=weights[test])
    outcome = Outcome.of_fold(data, data.folds[0], shown[0]).at(0.2)
    assert sk.f1_score(outcome.truth, outcome.predicted, sample_weight=outcome.weights) == told


def test_moved_probabilities_decide_as_the_thresholds_do(tmp_path: Path) -> None:
    data = data_for(tmp_path, "f1")
    found = cross_validate(data, Candidate.new(LINEAR, {}))
    decision = decide(data, found.predictions)
    assert decision is not None
    for shown, moved, threshold in zip(
        found.predictions,
        settle(data, found.predictions).by_chance,
        decision.of_folds,
        strict=True,
    ):
        assert (moved.argmax(axis=1) == (shown[:, 1] >= threshold)).all()
        assert moved.sum(axis=1) == pytest.approx(1)


def test_a_trial_with_a_threshold_is_repeated_with_the_same_scores(tmp_path: Path) -> None:
    data = data_for(tmp_path, "f1_macro")
    found = cross_validate(data, Candidate.new(LINEAR, {}))
    again = cross_validate(data, Candidate.new(LINEAR, {THRESHOLD: found.settled.get(THRESHOLD)}))
    assert (again.fold_scores, again.settled) == (found.fold_scores, found.settled)


def test_what_a_fold_may_hope_for_is_never_below_its_score(tmp_path: Path) -> None:
    data = data_for(tmp_path, "f1_macro")
    found = cross_validate(data, Candidate.new(LINEAR, {}))
    scores = [fold["f1_macro"] for fold in found.fold_scores]
    assert len(found.hopes) == 5
    assert (np.array(found.hopes) >= np.array(scores) - 0.03).all()
    assert best_score(data, 0, np.empty((0, 2))) is None


@pytest.mark.parametrize("metric", ["accuracy", "f1_micro", "f1", "matthews_corrcoef"])
def test_a_confusion_scores_as_the_rows_do(metric: str) -> None:
    truth = np.array([0, 1, 1, 0, 1, 0, 0])
    said = np.array([0, 1, 0, 0, 1, 1, 0])
    expected = {
        "accuracy": sk.accuracy_score(truth, said),
        "f1_micro": sk.f1_score(truth, said, average="micro"),
        "f1": sk.f1_score(truth, said),
        "matthews_corrcoef": sk.matthews_corrcoef(truth, said),
    }
    scorer = of_confusions(metric)
    assert scorer is not None
    table = sk.confusion_matrix(truth, said)[None].astype(float)
    assert scorer(table)[0] == pytest.approx(expected[metric])
