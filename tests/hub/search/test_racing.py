from auger_hub.search.racing import is_hopeless

BEST = [0.90, 0.92, 0.91, 0.90, 0.92]
BASELINE = [0.50, 0.50, 0.50, 0.50, 0.50]


def test_what_loses_half_of_the_gain_in_its_first_fold_stops() -> None:
    assert is_hopeless([0.69], BEST, BASELINE)
    assert not is_hopeless([0.71], BEST, BASELINE)


def test_more_folds_are_believed_sooner() -> None:
    assert is_hopeless([0.79, 0.80], BEST, BASELINE)
    assert not is_hopeless([0.82, 0.82], BEST, BASELINE)


def test_a_little_worse_is_no_reason_to_stop() -> None:
    assert not is_hopeless([0.88, 0.88, 0.88, 0.88], BEST, BASELINE)


def test_metrics_below_zero_are_compared_alike() -> None:
    assert is_hopeless([-8.0, -8.0], [-1.0] * 5, [-10.0] * 5)
    assert not is_hopeless([-2.0, -2.0], [-1.0] * 5, [-10.0] * 5)


def test_where_the_best_is_no_better_than_the_baseline_nothing_stops() -> None:
    assert not is_hopeless([0.1, 0.1], BASELINE, BASELINE)


def test_the_last_fold_is_never_too_late_to_keep() -> None:
    assert not is_hopeless([0.5] * 5, BEST, BASELINE)
