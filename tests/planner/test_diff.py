from typing import Any

import pytest

from auger_reconcile.planner.diff import diff_settings, is_same
from auger_reconcile.resources.experiment import ExperimentSpec


@pytest.mark.parametrize(
    ("desired", "observed"),
    [
        (1, 1.0),
        (True, 1),
        (0.1 + 0.2, 0.3),
        (0.959746046242497, 0.9597460462424966),
        (None, []),
        ("", None),
        ([], {}),
        ({"a": 1}, {"a": 1, "filled in": 2}),
        ({"a": {"b": [1.0]}}, {"a": {"b": [1]}}),
        ({"a": [0.1 + 0.2, True]}, {"a": [0.3, 1]}),
        ([1e15], [1e15 + 100]),
        ({"seed": True, "share": 0.1 + 0.2}, {"seed": 1, "share": 0.3}),
    ],
)
def test_values_that_mean_the_same_are_the_same(desired: Any, observed: Any) -> None:
    assert is_same(desired, observed)


@pytest.mark.parametrize(
    ("desired", "observed"),
    [
        (1, 2),
        ("1", 1),
        ("a", "b"),
        (0.1, 0.1001),
        (0, None),
        (False, None),
        ([1], []),
        ([1, 2], [2, 1]),
        ({"a": 1}, {}),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, None),
        ([], {"a": 1}),
        (None, 0),
        ("", False),
        ({"a": 1}, [1]),
        (1e-14, 3e-14),
        (1.0, 1.0 + 1e-10),
        ([1e-14], [3e-14]),
        (2**53, 2**53 + 1),
        ({"seed": 2**53}, {"seed": 2**53 + 1}),
        ([1], ["1"]),
        (0.5, "0.5"),
        ([None], [0]),
    ],
)
def test_values_that_differ_differ(desired: Any, observed: Any) -> None:
    assert not is_same(desired, observed)


def test_order_is_ignored_where_it_has_no_meaning() -> None:
    assert is_same(["a", "b"], ["b", "a"], ignore_order=True)
    assert not is_same(["a", "b"], ["b", "c"], ignore_order=True)
    assert is_same([1, 2.0], [2, 1.0], ignore_order=True)


def test_what_the_hub_does_not_tell_is_no_difference() -> None:
    changes = diff_settings(
        ExperimentSpec, {"metric": "r2", "max_n_trials": 3}, {"max_n_trials": 5}
    )
    assert [(change.path, change.before, change.after) for change in changes] == [
        ("max_n_trials", 5, 3)
    ]


def test_what_is_not_declared_is_no_difference() -> None:
    assert diff_settings(ExperimentSpec, {}, {"metric": "r2"}) == ()


def test_traits_of_the_settings_tell_which_order_matters() -> None:
    one, other = {"exclude": ["a", "b"]}, {"exclude": ["b", "a"]}
    assert diff_settings(ExperimentSpec, one, other) == ()
