"""Drift is measured as the cited definitions say, and tested as SciPy does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auger_hub.review.drift import compare


def counts(*numbers: int) -> list[int]:
    return list(numbers)


def test_the_same_shares_have_not_drifted() -> None:
    found = compare(counts(500, 300, 200), counts(50, 30, 20), is_ordered=True)
    assert found is not None
    assert found.index == 0
    assert found.p_value > 0.99


def test_the_index_of_many_rows_is_the_population_stability_index() -> None:
    before, after = np.array([500_000, 500_000]), np.array([800_000, 200_000])
    p, q = after / after.sum(), before / before.sum()
    found = compare(before.tolist(), after.tolist(), is_ordered=False)
    assert found is not None
    assert found.index == pytest.approx(float(((p - q) * np.log(p / q)).sum()), abs=1e-4)


def test_small_samples_of_one_distribution_have_no_index_on_average() -> None:
    random = np.random.default_rng(0)
    before = random.multinomial(2_000, [0.1] * 10).tolist()
    found = [
        compare(before, random.multinomial(100, [0.1] * 10).tolist(), is_ordered=True)
        for _ in range(200)
    ]
    assert np.mean([one.index for one in found if one]) < 0.05


def test_the_test_of_numbers_is_that_of_scipy() -> None:
    before, after = [40, 30, 20, 10], [10, 30, 25, 35]
    samples = [np.repeat(range(4), count) for count in (before, after)]
    distance = stats.ks_2samp(*samples).statistic
    found = compare(before, after, is_ordered=True)
    assert found is not None
    expected = stats.kstwobign.sf(distance * np.sqrt(50))
    assert found.p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("bins", [2, 3, 4, 7, 12])
def test_the_test_of_texts_is_that_of_scipy(bins: int) -> None:
    random = np.random.default_rng(bins)
    before, after = random.integers(5, 60, bins).tolist(), random.integers(5, 60, bins).tolist()
    found = compare(before, after, is_ordered=False)
    assert found is not None
    expected = stats.chi2_contingency([before, after], correction=False).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_nothing_is_said_without_rows() -> None:
    assert compare([1, 2], [0, 0], is_ordered=True) is None


def test_a_column_of_one_value_has_not_drifted() -> None:
    found = compare([9, 0], [5, 0], is_ordered=False)
    assert found is not None
    assert (found.index, found.p_value) == (0.0, 1.0)
