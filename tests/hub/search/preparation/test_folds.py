from dataclasses import replace

import numpy as np
import pytest

from auger_hub.search.preparation.folds import count_folds, make_folds
from auger_hub.search.task import BadTask, Settings

CLASSES = Settings("classification", "y", ("x",), {}, "accuracy")
VALUES = replace(CLASSES, model_type="regression", scoring="r2")
LABELS = np.repeat([0, 1, 2], [50, 30, 20])


def test_each_row_is_tested_once() -> None:
    folds = make_folds(CLASSES, 5, LABELS, seed=1)
    tested = np.sort(np.concatenate([test for _, test in folds]))
    assert tested.tolist() == list(range(100))


def test_no_row_is_trained_on_and_tested() -> None:
    folds = make_folds(VALUES, 5, np.arange(23.0), seed=1)
    assert all(not set(train) & set(test) for train, test in folds)


def test_classes_keep_their_share_in_each_fold() -> None:
    counts = [
        np.bincount(LABELS[test]).tolist() for _, test in make_folds(CLASSES, 5, LABELS, seed=1)
    ]
    assert counts == [[10, 6, 4]] * 5


def test_time_order_never_trains_on_what_follows() -> None:
    folds = make_folds(replace(VALUES, in_time_order=True), 4, np.arange(50.0), seed=1)
    assert len(folds) == 4
    assert all(train.max() < test.min() for train, test in folds)


def test_groups_stay_together() -> None:
    groups = np.repeat(["a", "b", "c", "d"], 25)
    folds = make_folds(CLASSES, 4, LABELS, seed=1, groups=groups)
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)


def test_unshuffled_folds_are_blocks() -> None:
    folds = make_folds(replace(VALUES, shuffle=False), 4, np.arange(20.0), seed=1)
    assert folds[0][1].tolist() == [0, 1, 2, 3, 4]


def test_one_fold_is_a_single_split_of_the_wanted_size() -> None:
    folds = make_folds(replace(VALUES, validation_share=0.3), 1, np.arange(100.0), seed=1)
    assert [(len(train), len(test)) for train, test in folds] == [(70, 30)]


def test_a_rare_class_lowers_the_folds_and_says_so() -> None:
    folds, notes = count_folds(CLASSES, np.repeat([0, 1], [50, 4]))
    assert folds == 4
    assert notes == ["4 instead of 5 folds: the rarest class or the rows are too few."]


def test_a_single_row_lowers_the_folds_to_three_at_most() -> None:
    assert count_folds(CLASSES, np.repeat([0, 1], [50, 1]))[0] == 3


def test_enough_rows_keep_the_folds_asked_for() -> None:
    assert count_folds(CLASSES, LABELS) == (5, [])


def test_the_only_row_of_a_class_is_never_tested() -> None:
    labels = np.repeat([0, 1, 2], [20, 20, 1])
    folds = make_folds(CLASSES, 3, labels, seed=1)
    assert all(40 in train and 40 not in test for train, test in folds)


def test_a_handful_of_rows_is_refused() -> None:
    with pytest.raises(BadTask, match="Only 4 rows"):
        count_folds(VALUES, np.arange(4.0))


@pytest.mark.parametrize(
    ("settings", "groups"),
    [(CLASSES, None), (replace(CLASSES, validation_share=0.0), None), (CLASSES, np.zeros(100))],
    ids=["a row for three classes", "no row to test", "one group"],
)
def test_a_split_that_cannot_be_made_is_refused(settings: Settings, groups: object) -> None:
    settings = replace(settings, validation_share=min(settings.validation_share, 0.01))
    with pytest.raises(BadTask, match="cannot be split for training and testing"):
        make_folds(settings, 1, LABELS, seed=1, groups=groups)  # type: ignore[arg-type]
