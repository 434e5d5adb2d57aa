from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.sampling import ROUNDS
from auger_hub.search.trials.cross_validation import cross_validate
from auger_hub.search.trials.trial import Candidate
from tests.hub.search.tables import iris, mixed, monthly, task_for

pytestmark = pytest.mark.search

LIGHTGBM = "lightgbm.LGBMClassifier"
LINEAR = "sklearn.linear_model.LogisticRegression"


def test_every_fold_has_scores_times_and_predictions(tmp_path: Path) -> None:
    evaluation = cross_validate(
        make_trial_data(task_for(tmp_path, iris(), "species")), Candidate.new(LINEAR, {})
    )
    assert len(evaluation.fold_scores) == len(evaluation.fold_times) == 5
    assert [shown.shape for shown in evaluation.predictions] == [(30, 3)] * 5


def test_a_class_missing_from_the_training_rows_has_probability_zero(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, iris(), "species"))
    split = replace(data, folds=[(np.arange(100), np.arange(100, 150))])
    shown = cross_validate(split, Candidate.new(LINEAR, {})).predictions[0]
    assert shown.shape == (50, 3)
    assert (shown[:, 2] == 0).all()


def test_a_model_that_did_not_converge_is_scored_without_a_warning(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, iris(), "species"))
    evaluation = cross_validate(data, Candidate.new(LINEAR, {"max_iter": 1}))
    assert evaluation.fold_scores[0]["accuracy"] > 0


def test_boosting_without_time_is_measured_on_all_folds_by_the_rounds_of_the_first(
    tmp_path: Path,
) -> None:
    data = make_trial_data(task_for(tmp_path, iris(), "species"))
    params = {"n_estimators": 30, "early_stopping_rounds": 5}
    cut = cross_validate(data, Candidate.new(LIGHTGBM, params, seconds=0.0))
    assert (cut.cut_after, len(cut.fold_scores)) == (1, 5)
    again = cross_validate(data, Candidate.new(LIGHTGBM, {**params, ROUNDS: 1}))
    assert (again.cut_after, again.fold_scores) == (None, cut.fold_scores)


def test_series_are_forecast_fold_after_fold(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, monthly(), "sales", "timeseries"))
    evaluation = cross_validate(data, Candidate.new("sklearn.linear_model.Ridge", {"lags": 12}))
    assert [len(shown) for shown in evaluation.predictions] == [16] * 5
    assert evaluation.fold_scores[-1]["neg_mase"] > -0.5


def test_the_clock_does_not_stop_a_forecaster_which_fits_several_models(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, monthly(), "sales", "timeseries"))
    name, params = "lightgbm.LGBMRegressor", {"lags": 12, "n_estimators": 5}
    free = cross_validate(data, Candidate.new(name, params))
    cut = cross_validate(data, Candidate.new(name, params, seconds=0.0))
    assert (cut.cut_after, cut.fold_scores) == (None, free.fold_scores)


@pytest.mark.parametrize("name", ["sklearn.linear_model.Ridge", "lightgbm.LGBMRegressor"])
def test_no_forecast_depends_on_what_comes_after_its_training_rows(
    tmp_path: Path, name: str
) -> None:
    shuffled = monthly().sample(frac=1, random_state=3)
    data = make_trial_data(task_for(tmp_path, shuffled, "sales", "timeseries"))
    candidate = Candidate.new(name, {"lags": 12})
    known = cross_validate(data, candidate).predictions
    months = pd.to_datetime(data.features["month"])
    for number, (train, test) in enumerate(data.folds):
        assert months[train].max() < months[test].min()
        changed = data.target.copy()
        changed[months > months[train].max()] *= -3
        split = replace(data, target=changed, folds=[(train, test)])
        np.testing.assert_array_equal(
            cross_validate(split, candidate).predictions[0], known[number]
        )


def test_no_prediction_depends_on_the_targets_of_its_test_rows(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, mixed(), "bought"))
    candidate = Candidate.new(LINEAR, {})
    known = cross_validate(data, candidate).predictions
    for number, (train, test) in enumerate(data.folds):
        changed = data.target.copy()
        changed[test] = 1 - changed[test]
        split = replace(data, target=changed, folds=[(train, test)])
        np.testing.assert_array_equal(
            cross_validate(split, candidate).predictions[0], known[number]
        )
