from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.trials.cross_validation import evaluate_folds
from auger_hub.search.trials.fold_tables import FoldTables
from auger_hub.search.trials.trial import Candidate, TrialData
from tests.hub.search.tables import mixed, task_for

pytestmark = pytest.mark.search
LINEAR = "sklearn.linear_model.LogisticRegression"
TREES = "sklearn.ensemble.ExtraTreesClassifier"


@pytest.fixture
def data(tmp_path: Path) -> TrialData:
    frame = mixed().assign(floor=[n % 5 for n in range(300)])
    task = task_for(tmp_path, frame, "bought", datatypes={"floor": "categorical"})
    return make_trial_data(task)


def steps(data: TrialData, name: str, **choices: Any) -> Any:
    return build_pipeline(data.info, name, {"preprocessing": choices})[1:-1]


def test_what_was_prepared_is_prepared_once(data: TrialData, tmp_path: Path) -> None:
    tables, train = FoldTables(data, tmp_path / "data.pickle"), data.folds[0][0]
    first = tables.prepare(steps(data, LINEAR), 0, train)
    unlike = FoldTables(replace(data, clean=None), tmp_path / "data.pickle")
    again = unlike.prepare(steps(data, LINEAR), 0, train)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "choices"),
    [
        (TREES, {}),
        (LINEAR, {"scaler": "minmax"}),
        (LINEAR, {"codes": "onehot"}),
        (TREES, {"categories": "target"}),
    ],
)
def test_another_way_of_preparing_is_another_table(
    data: TrialData, tmp_path: Path, name: str, choices: dict[str, str]
) -> None:
    tables, train = FoldTables(data, tmp_path / "data.pickle"), data.folds[0][0]
    made, _ = tables.prepare(steps(data, LINEAR), 0, train)
    other, _ = tables.prepare(steps(data, name, **choices), 0, train)
    assert made.shape != other.shape or not np.array_equal(made, other)


@pytest.fixture
def written(tmp_path: Path) -> TrialData:
    """Rows with a column of texts beside the others."""
    frame = mixed()
    words = ["good", "bad", "cold", "soup", "room", "clean", "late", "warm", "food", "staff"]
    random = np.random.default_rng(0)
    frame["note"] = [" ".join(random.choice(words, 6)) for _ in range(len(frame))]
    return make_trial_data(task_for(tmp_path, frame, "bought"))


@pytest.mark.parametrize("name", [LINEAR, pytest.param(TREES, marks=pytest.mark.slow)])
def test_topics_that_are_shared_are_those_of_the_pipeline(
    written: TrialData, tmp_path: Path, name: str
) -> None:
    train, test = written.folds[0]
    whole = steps(written, name)
    expected = whole.fit_transform(written.clean.iloc[train], written.target[train])
    made, shown = FoldTables(written, tmp_path / "data.pickle").prepare(
        steps(written, name), 0, train
    )
    np.testing.assert_allclose(made, expected, atol=1e-9)
    np.testing.assert_allclose(shown, whole.transform(written.clean.iloc[test]), atol=1e-9)


def test_topics_are_made_once_for_all_families(written: TrialData, tmp_path: Path) -> None:
    tables, train = FoldTables(written, tmp_path / "data.pickle"), written.folds[0][0]
    tables.prepare(steps(written, LINEAR), 0, train)
    tables.prepare(steps(written, TREES), 0, train)
    files = list((tmp_path / "data.folds").glob("*.train.npy"))
    assert len(files) == 3  # two families, and the topics


def test_every_fold_has_tables_of_its_own(data: TrialData, tmp_path: Path) -> None:
    tables = FoldTables(data, tmp_path / "data.pickle")
    first, _ = tables.prepare(steps(data, LINEAR), 0, data.folds[0][0])
    second, _ = tables.prepare(steps(data, LINEAR), 1, data.folds[1][0])
    assert not np.array_equal(first, second)


def test_a_trial_scores_the_same_with_and_without_them(data: TrialData, tmp_path: Path) -> None:
    candidate = Candidate.new(LINEAR, {})
    runs = [
        [one.fold_scores[0] for one in evaluate_folds(data, candidate, path)]
        for path in (None, tmp_path / "data.pickle", tmp_path / "data.pickle")
    ]
    assert runs[0] == runs[1] == runs[2]


def test_a_place_that_cannot_be_written_costs_no_trial(data: TrialData, tmp_path: Path) -> None:
    path = tmp_path / "data.pickle"
    path.with_suffix(".folds").write_text("no folder")
    made, _ = FoldTables(data, path).prepare(steps(data, LINEAR), 0, data.folds[0][0])
    assert len(made) == len(data.folds[0][0])
