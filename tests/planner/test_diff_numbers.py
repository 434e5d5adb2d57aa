"""A number of the hub means what the file says, whatever its type and its last digit."""

import pytest

from auger_reconcile.planner.diff import is_same


@pytest.mark.parametrize("observed", [3, 3.0, 3.0000000000000004, 2.9999999999999996])
def test_a_whole_number_is_the_same_as_the_float_beside_it(observed: float):
    assert is_same(3, observed)


def test_numbers_within_lists_are_compared_likewise():
    assert is_same([1, 2], [1.0000000000000002, 2.0])
    assert not is_same([1, 2], [1.001, 2.0])
