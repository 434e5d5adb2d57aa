"""Each part of an explanation equals the library's value on the same predictions."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.inspection import partial_dependence, permutation_importance

from auger_hub.explain.allowance import Allowance
from auger_hub.explain.backtests import describe_backtests
from auger_hub.explain.classes import describe_classes, gain_of
from auger_hub.explain.dependence import draw_dependence, grid_of
from auger_hub.explain.explanation import explain_trial
from auger_hub.explain.fold_models import FoldModels
from auger_hub.explain.hyperparameters import hyperparameter_importance
from auger_hub.explain.values import describe_values
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.scores.board import mean_scores
from auger_hub.search.trials.cross_validation import cross_validate
from auger_hub.search.trials.trial import Candidate, TrialData
from tests.hub.search.tables import iris, monthly, task_for

pytestmark = pytest.mark.search

EXACT = 1e-9
OPTIONS = {"scoring": "accuracy", "crossValidationFolds": 3}
SERIES = {"scoring": "neg_mase", "crossValidationFolds": 3}
LINEAR = Candidate.new("sklearn.linear_model.LogisticRegression", {})
TREE = Candidate.new("lightgbm.LGBMRegressor", {})


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> TrialData:
    folder = tmp_path_factory.mktemp("flowers")
    return make_trial_data(task_for(folder, iris(), "species", options=OPTIONS))


@pytest.fixture(scope="module")
def explained(flowers: TrialData) -> dict[str, Any]:
    return explain_trial(flowers, LINEAR, alike=[], allowance=Allowance(50))


@pytest.fixture(scope="module")
def models(flowers: TrialData) -> FoldModels:
    return FoldModels(flowers, LINEAR)


def noisy() -> pd.DataFrame:
    random = np.random.default_rng(3)
    table = pd.DataFrame(random.normal(size=(120, 2)), columns=["useful", "noise"])
    table["kind"] = random.choice(["a", "b", "c"], size=120)
    table.loc[::10, "useful"] = np.nan
    table["value"] = 3 * table["useful"].fillna(0) + (table["kind"] == "b") * 2
    return table


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> TrialData:
    options = {"scoring": "r2", "crossValidationFolds": 3}
    folder = tmp_path_factory.mktemp("numbers")
    task = task_for(folder, noisy(), "value", model_type="regression", options=options)
    return make_trial_data(task)


def test_the_scores_are_those_of_the_board(flowers: TrialData, explained: dict[str, Any]) -> None:
    board = mean_scores(cross_validate(flowers, LINEAR).fold_scores)
    assert explained["scores"] == pytest.approx(board, abs=EXACT)


def test_importance_is_scikit_learns_of_each_fold(
    flowers: TrialData, models: FoldModels, explained: dict[str, Any]
) -> None:
    drops = []
    for number, fold in enumerate(models.folds):
        found = permutation_importance(
            fold.model,
            flowers.features.iloc[fold.test],
            flowers.target[fold.test],
            scoring="accuracy",
            n_repeats=explained["importance"]["repeats"],
            random_state=flowers.info["seed"] + number,
        )
        drops.append(found.importances)
    table = np.concatenate(drops, axis=1)
    told = {one["column"]: one for one in explained["importance"]["columns"]}
    for name, row in zip(flowers.features.columns, table, strict=True):
        assert told[name]["mean"] == pytest.approx(row.mean(), abs=EXACT)
        assert told[name]["std"] == pytest.approx(row.std(), abs=EXACT)


def test_confusion_and_curves_are_scikit_learns(
    models: FoldModels, explained: dict[str, Any]
) -> None:
    truth, shown = models.truth, models.shown
    classes = explained["classes"]
    assert classes["confusion"] == sk.confusion_matrix(truth, shown.argmax(axis=1)).tolist()
    for k, curve in enumerate(classes["curves"]):
        assert curve["auc"] == pytest.approx(sk.roc_auc_score(truth == k, shown[:, k]), abs=EXACT)
        false, true, _ = sk.roc_curve(truth == k, shown[:, k])
        assert curve["roc"] == pytest.approx(np.c_[false, true], abs=EXACT)
        found, meant = calibration_curve(truth == k, shown[:, k], n_bins=10, strategy="quantile")
        assert curve["calibration"] == pytest.approx(np.c_[meant, found], abs=EXACT)
        precision, recall, _ = sk.precision_recall_curve(truth == k, shown[:, k])
        assert curve["precision_recall"] == pytest.approx(np.c_[recall, precision], abs=EXACT)
        brier = sk.brier_score_loss(truth == k, shown[:, k])
        assert curve["brier"] == pytest.approx(brier, abs=EXACT)
        average = sk.average_precision_score(truth == k, shown[:, k])
        assert curve["average_precision"] == pytest.approx(average, abs=EXACT)


def test_thresholds_of_two_classes_count_as_scikit_learn_does() -> None:
    random = np.random.default_rng(1)
    truth = random.integers(2, size=200)
    share = np.clip(truth * 0.4 + random.random(200) * 0.6, 0, 1)
    told = describe_classes(truth, np.c_[1 - share, share], ["no", "yes"])
    for row in told["thresholds"]["rows"]:
        called = share >= row["threshold"]
        assert [[row["tn"], row["fp"]], [row["fn"], row["tp"]]] == sk.confusion_matrix(
            truth, called
        ).tolist()
        assert row["f1"] == pytest.approx(sk.f1_score(truth, called, zero_division=0), abs=EXACT)
    best = max(row["f1"] for row in told["thresholds"]["rows"])
    chosen = {row["threshold"]: row["f1"] for row in told["thresholds"]["rows"]}
    assert chosen[told["thresholds"]["best_f1"]] == best


def test_all_of_a_class_is_found_in_all_of_the_rows() -> None:
    truth, share = np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.3, 0.2, 0.1])
    assert gain_of(truth, share)[4] == [0.4, 1.0]
    assert gain_of(truth, share)[-1] == [1.0, 1.0]


def test_the_column_that_matters_comes_first_and_noise_last(numbers: TrialData) -> None:
    told = explain_trial(numbers, TREE, alike=[], allowance=Allowance(50))
    names = [one["column"] for one in told["importance"]["columns"]]
    assert (names[0], names[-1]) == ("useful", "noise")
    assert abs(told["importance"]["columns"][-1]["mean"]) < 0.2


def test_residuals_are_what_is_left(numbers: TrialData) -> None:
    models = FoldModels(numbers, TREE)
    told = describe_values(models.truth, models.shown, seed=1)
    left = models.truth - models.shown
    assert told["residuals"]["mean"] == pytest.approx(left.mean(), abs=EXACT)
    assert told["residuals"]["std"] == pytest.approx(np.std(left), abs=EXACT)
    assert told["residuals"]["quantiles"]["50"] == pytest.approx(np.median(left), abs=EXACT)
    assert sum(told["residuals"]["histogram"]["counts"]) == len(left)
    assert told["points"] == pytest.approx(np.c_[models.truth, models.shown], abs=EXACT)


def test_the_worst_rows_come_worst_first_with_their_values(numbers: TrialData) -> None:
    told = explain_trial(numbers, TREE, alike=[], allowance=Allowance(50))["worst_rows"]
    losses = [row["loss"] for row in told]
    assert losses == sorted(losses, reverse=True)
    first = told[0]
    assert first["loss"] == pytest.approx(abs(first["actual"] - first["predicted"]), abs=EXACT)
    assert first["actual"] == pytest.approx(noisy()["value"][first["row"]], abs=EXACT)
    assert first["values"]["kind"] == noisy()["kind"][first["row"]]


def test_errors_by_segment_average_to_the_error_of_all(numbers: TrialData) -> None:
    told = explain_trial(numbers, TREE, alike=[], allowance=Allowance(50))
    kinds = next(one for one in told["segments"] if one["column"] == "kind")["segments"]
    assert {one["value"] for one in kinds} == {"a", "b", "c"}
    mean = sum(one["error"] * one["rows"] for one in kinds) / sum(one["rows"] for one in kinds)
    models = FoldModels(numbers, TREE)
    assert mean == pytest.approx(sk.mean_absolute_error(models.truth, models.shown), abs=EXACT)
    useful = next(one for one in told["segments"] if one["column"] == "useful")["segments"]
    assert [one["value"] == "missing" for one in useful] == [False] * 4 + [True]


def test_partial_dependence_is_scikit_learns_by_brute_force(
    flowers: TrialData, models: FoldModels
) -> None:
    (curve,) = draw_dependence(models, ["petal width (cm)"])
    grid = grid_of(flowers.features["petal width (cm)"])
    means = np.zeros((3, len(grid)))
    for fold in models.folds:
        found = partial_dependence(
            fold.model,
            flowers.features.iloc[fold.test],
            ["petal width (cm)"],
            custom_values={"petal width (cm)": np.array(grid)},
            method="brute",
            response_method="predict_proba",
        )
        means += found["average"] * len(fold.test) / len(models.rows)
    assert list(curve["classes"].values()) == pytest.approx(means, abs=EXACT)


def test_an_ensemble_is_explained_like_a_trial(flowers: TrialData) -> None:
    members = [{"algorithm_name": LINEAR.algorithm_name, "algorithm_params": {}}]
    members += [
        {
            "algorithm_name": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
            "algorithm_params": {},
        }
    ]
    params = {"pipelines": ["A", "B"], "weights": [0.75, 0.25], "members": members}
    job = Candidate.new("sklearn.ensemble.VotingClassifier", params)
    models = FoldModels(flowers, job)
    parts = [FoldModels(flowers, Candidate.new(**member)).shown for member in members]
    assert models.shown == pytest.approx(0.75 * parts[0] + 0.25 * parts[1], abs=EXACT)


def test_the_hyperparameter_that_decides_is_the_important_one() -> None:
    random = np.random.default_rng(2)
    trials: list[tuple[dict[str, Any], float]] = []
    for _ in range(30):
        params = {"C": float(random.random()), "depth": int(random.integers(1, 9)), "same": "x"}
        trials.append((params, params["C"] * 10 + random.normal(scale=0.1)))
    told = hyperparameter_importance(trials, seed=1)
    assert set(told) == {"C", "depth"}
    assert told["C"] > 0.9
    assert sum(told.values()) == pytest.approx(1)


@pytest.mark.parametrize("trials", [[], [({"C": 1.0}, 0.5)] * 3, [({"C": 1.0}, 0.5)] * 9])
def test_of_few_or_equal_trials_no_hyperparameter_is_told(trials: list[Any]) -> None:
    assert hyperparameter_importance(trials, seed=1) == {}


def test_without_time_only_what_predictions_tell_is_told(numbers: TrialData) -> None:
    told = explain_trial(numbers, TREE, alike=[], allowance=Allowance(1e-6))
    assert (told["folds"], told["importance"]["columns"], told["dependence"]) == (1, [], [])
    (notice,) = told["notices"]
    assert notice["code"] == "explanation-cut-short"
    assert "1 of 3 folds were fitted" in notice["text"]
    assert "which columns matter was not measured" in notice["text"]
    assert told["values"]["points"]


def test_with_time_for_everything_nothing_is_told(explained: dict[str, Any]) -> None:
    assert explained["notices"] == []
    assert {one["repeats"] for one in explained["importance"]["columns"]} == {5}


def test_the_score_of_several_series_is_the_one_of_the_board(tmp_path: Path) -> None:
    table = pd.concat([monthly(60).assign(shop="a"), monthly(60).assign(shop="b")])
    table.loc[table["shop"] == "b", "sales"] *= 40
    options = {**SERIES, "series": ["shop"], "horizon": 3}
    task = task_for(tmp_path, table, "sales", model_type="timeseries", options=options)
    data = make_trial_data(task)
    ridge = Candidate.new("sklearn.linear_model.Ridge", {"lags": 12, "difference": True})
    board = mean_scores(cross_validate(data, ridge).fold_scores)
    assert data.series is not None
    assert FoldModels(data, ridge).scores() == pytest.approx(board, abs=EXACT)


def test_a_series_is_explained_without_curves_of_its_time(tmp_path: Path) -> None:
    task = task_for(tmp_path, monthly(), "sales", model_type="timeseries", options=SERIES)
    told = explain_trial(
        make_trial_data(task),
        Candidate.new("sklearn.linear_model.Ridge", {"lags": 12, "difference": True}),
        alike=[],
        allowance=Allowance(20),
    )
    assert told["dependence"] == []
    assert told["values"]["points"]
    assert told["worst_rows"][0]["loss"] > 0


def test_backtests_are_the_errors_of_the_forecasts_by_fold_and_by_step(tmp_path: Path) -> None:
    data = make_trial_data(
        task_for(tmp_path, monthly(), "sales", model_type="timeseries", options=SERIES)
    )
    models = FoldModels(data, Candidate.new("sklearn.linear_model.Ridge", {}))
    told = describe_backtests(models)
    for fold, one in zip(models.folds, told["folds"], strict=True):
        error = sk.mean_absolute_error(data.target[fold.test], fold.shown)
        assert one["error"] == pytest.approx(error, abs=EXACT)
        assert one["score"] == models.score_one(fold, fold.test, fold.shown)
    last = told["steps"][0]["last"]
    first = [np.abs(data.target[one.test] - one.shown)[:last] for one in models.folds]
    assert told["steps"][0]["error"] == pytest.approx(np.mean(first), abs=EXACT)
    assert sum(one["rows"] for one in told["steps"]) == len(models.truth)
    assert told["lines"][0]["forecast"] == models.shown.tolist()
