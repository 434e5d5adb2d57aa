import pytest

from auger_hub.search.algorithms.algorithm import Table
from auger_hub.search.algorithms.registry import all_algorithms
from auger_hub.search.trial_times import TrialTimes

LIGHTGBM = "lightgbm.LGBMRegressor"
RIDGE = "sklearn.linear_model.Ridge"
SVR = "sklearn.svm.SVR"


def test_what_an_algorithm_took_is_what_it_will_take() -> None:
    times = TrialTimes(Table(1_000, 10), folds=5)
    times.learn(RIDGE, [2.0, 2.0])
    assert times.predict(RIDGE) == pytest.approx(5 * 2.0 * 1.2, rel=0.05)


def test_a_trial_that_the_clock_has_cut_says_only_that_it_takes_longer() -> None:
    times = TrialTimes(Table(1_000, 10), folds=5)
    before = times.predict(LIGHTGBM)
    times.learn(LIGHTGBM, [1e-3] * 5, is_cut=True)
    assert times.predict(LIGHTGBM) == before
    times.learn(LIGHTGBM, [9.0] * 5, is_cut=True)
    times.learn(LIGHTGBM, [9.0] * 5, is_cut=True)
    assert times.predict(LIGHTGBM) > 5 * 9.0


def test_one_algorithm_shows_how_fast_the_machine_is_for_others() -> None:
    table = Table(5_000, 20)
    slow, quick = TrialTimes(table, folds=5), TrialTimes(table, folds=5)
    slow.learn(RIDGE, [4.0])
    quick.learn(RIDGE, [0.01])
    assert slow.predict(SVR) > 20 * quick.predict(SVR)


def test_a_baseline_says_nothing_about_the_machine() -> None:
    times = TrialTimes(Table(5_000, 20), folds=5)
    before = times.predict(SVR)
    times.learn("sklearn.dummy.DummyRegressor", [30.0])
    assert times.predict(SVR) == before


@pytest.mark.parametrize("name", [n for n, a in all_algorithms().items() if not a.is_baseline])
def test_more_rows_and_columns_take_longer(name: str) -> None:
    small, large = (
        TrialTimes(Table(rows, features, classes=2), folds=5).predict(name)
        for rows, features in ((2_000, 10), (20_000, 100))
    )
    assert large > 2 * small


def test_a_trial_of_a_part_is_predicted_from_one_of_all_rows() -> None:
    times = TrialTimes(Table(200_000, 20), folds=5)
    times.learn(SVR, [40.0])
    assert times.predict(SVR, 50_000) < times.predict(SVR) / 3
    times.learn(SVR, [40.0], 50_000)
    assert times.predict(SVR, 50_000) > 100


def test_a_first_fold_that_prepared_for_all_says_little_about_others() -> None:
    cold, warm = (TrialTimes(Table(5_000, 20), folds=5) for _ in range(2))
    cold.learn(RIDGE, [4.0, 0.1, 0.1, 0.1, 0.1])
    warm.learn(RIDGE, [0.1, 0.1, 0.1, 0.1, 0.1])
    assert cold.predict(SVR) == warm.predict(SVR)
    assert cold.predict(RIDGE) > warm.predict(RIDGE)
