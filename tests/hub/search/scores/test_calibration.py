"""Probabilities are calibrated where the metric asks for it, measured on other rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from auger_hub.models.exports.onnx import lines_after
from auger_hub.search.pipelines.calibrated import apply_calibration
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.sampling import CALIBRATION
from auger_hub.search.scores import calibration
from auger_hub.search.scores.calibration import calibrate
from auger_hub.search.scores.settle import settle
from auger_hub.search.scores.unseen_rows import put_together, rows_of_fold
from auger_hub.search.trials.cross_validation import cross_validate
from auger_hub.search.trials.trial import Candidate, TrialData
from tests.hub.search.tables import iris, mixed, task_for

pytestmark = pytest.mark.search


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> TrialData:
    options = {"scoring": "neg_log_loss"}
    folder = tmp_path_factory.mktemp("bought")
    return make_trial_data(task_for(folder, mixed(2_500), "bought", options=options))


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> TrialData:
    options = {"scoring": "neg_log_loss"}
    folder = tmp_path_factory.mktemp("flowers")
    return make_trial_data(task_for(folder, iris(), "species", options=options))


def drawn(data: TrialData, sureness: float, *, seed: int = 0) -> list[np.ndarray]:
    """Return probabilities that classes were drawn by, each odds raised to a power."""
    random = np.random.default_rng(seed)
    classes = len(data.info["targetClasses"])
    told = []
    for _, test in data.folds:
        logs = random.normal(size=(len(test), classes)) + np.log(np.bincount(data.target))
        logs[np.arange(len(test)), data.target[test]] += 1.0
        shown = np.exp(sureness * logs)
        told.append(shown / shown.sum(axis=1, keepdims=True))
    return told


def log_loss(data: TrialData, predictions: tuple[np.ndarray, ...] | list[np.ndarray]) -> float:
    truth = np.concatenate([data.target[test] for _, test in data.folds])
    return float(sk.log_loss(truth, np.concatenate(predictions)))


@pytest.mark.parametrize("which", ["bought", "flowers"])
def test_a_model_that_is_too_sure_is_made_less_so(
    which: str, request: pytest.FixtureRequest
) -> None:
    data: TrialData = request.getfixturevalue(which)
    sure = drawn(data, 3.0)
    found = calibrate(data, sure)
    assert found is not None
    assert log_loss(data, found.predictions) < log_loss(data, sure) - 0.1
    for shown in found.predictions:
        assert shown.sum(axis=1) == pytest.approx(1)
    methods = {"bought": ("sigmoid", "isotonic"), "flowers": ("temperature",)}
    assert found.told["method"] in methods[which]


def test_a_fold_is_calibrated_by_its_other_folds(bought: TrialData) -> None:
    sure = drawn(bought, 3.0)
    turned = replace(bought, target=bought.target.copy())
    first = bought.folds[0][1]
    turned.target[first] = 1 - turned.target[first]
    before, after = calibrate(bought, sure), calibrate(turned, sure)
    assert before is not None
    assert after is None or np.array_equal(before.predictions[0], after.predictions[0])


def test_what_is_calibrated_is_left_alone(bought: TrialData) -> None:
    kept = [calibrate(bought, drawn(bought, 1.0, seed=seed)) is None for seed in range(8)]
    assert sum(kept) >= 4


@pytest.mark.parametrize("scoring", ["roc_auc", "f1", "accuracy"])
def test_other_metrics_do_not_ask_for_it(bought: TrialData, scoring: str) -> None:
    other = replace(bought, info={**bought.info, "scoring": scoring})
    assert calibrate(other, drawn(bought, 3.0)) is None


def test_a_trial_keeps_its_calibration_and_is_repeated_with_the_same_scores(
    tmp_path: Path,
) -> None:
    frame = mixed(900)
    task = task_for(tmp_path, frame, "bought", options={"scoring": "neg_brier"})
    data = make_trial_data(task)
    neighbours, params = "sklearn.neighbors.KNeighborsClassifier", {"n_neighbors": 2}
    found = cross_validate(data, Candidate.new(neighbours, params))
    assert found.settled[CALIBRATION]["method"] == "sigmoid"
    again = cross_validate(data, Candidate.new(neighbours, {**params, **found.settled}))
    assert (again.fold_scores, again.settled) == (found.fold_scores, found.settled)
    raw = [fold["neg_brier"] for fold in settle_nothing(data, found.predictions)]
    assert np.mean([fold["neg_brier"] for fold in found.fold_scores]) > np.mean(raw)


def settle_nothing(data: TrialData, shown: tuple[np.ndarray, ...]) -> tuple[dict[str, float], ...]:
    settled = settle(data, shown)
    return replace(settled, predictions=shown).scores(data)


@pytest.mark.parametrize("weight", [None, 3.0])
def test_every_method_is_the_same_in_the_lines_of_an_export(
    bought: TrialData, flowers: TrialData, weight: float | None
) -> None:
    for data, fits in (
        (bought, (calibration._sigmoid, calibration._isotonic)),
        (flowers, (calibration._temperature,)),
    ):
        shown = drawn(data, 2.0)
        told = zip(data.folds, shown, strict=True)
        rows = put_together([rows_of_fold(data, test, each) for (_, test), each in told])
        if weight is not None:
            rows = replace(rows, weights=np.where(rows.truth == 0, weight, 1.0))
        for fit in fits:
            found = fit(rows)
            classes = data.info["targetClasses"]
            description = {"classes": classes, "calibration": found}
            names = {"np": np, "answers": [None, rows.shown]}
            exec(lines_after(description), names)
            expected = apply_calibration(rows.shown, found)
            assert names["probabilities"] == pytest.approx(expected)
            assert names["predicted"] == [classes[n] for n in expected.argmax(axis=1)]
