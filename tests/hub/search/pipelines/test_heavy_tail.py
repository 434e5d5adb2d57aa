from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.search.algorithms.registry import spaces_for
from auger_hub.search.pipelines.heavy_tail import SignedLog, has_heavy_tail
from auger_hub.search.pipelines.pipeline import build_pipeline
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.task import read_settings
from tests.hub.search.tables import sloped_steps, task_for

pytestmark = pytest.mark.search
RIDGE = "sklearn.linear_model.Ridge"


def prices() -> pd.DataFrame:
    table = sloped_steps()
    return table.assign(y=np.exp(table["y"] / 3) * 1e5)


def test_a_few_huge_values_make_a_heavy_tail() -> None:
    assert has_heavy_tail(prices()["y"].to_numpy())


@pytest.mark.parametrize(
    "target", [sloped_steps()["y"].to_numpy(), np.array([0.0, 1.0] * 50), np.full(20, 3.0)]
)
def test_other_targets_have_none(target: Any) -> None:
    assert not has_heavy_tail(target)


def test_values_come_back_from_their_logarithms() -> None:
    values = np.array([-3e4, -1.0, 0.0, 0.5, 2.0, 7e6])
    log = SignedLog().fit(values)
    np.testing.assert_allclose(log.inverse_transform(log.transform(values)), values)


def test_no_prediction_is_far_beyond_what_was_seen() -> None:
    log = SignedLog().fit(np.array([1.0, 2.0, 300.0]))
    assert log.inverse_transform(np.array([1e3]))[0] < 1e4


def test_where_the_tail_is_heavy_both_targets_are_tried(tmp_path: Path) -> None:
    task = task_for(tmp_path, prices(), "y", "regression")
    info = make_trial_data(task).info
    starts = spaces_for(read_settings(task), info)[RIDGE].starts
    assert [start["preprocessing.target"] for start in starts[:2]] == ["plain", "log"]


def test_a_model_of_the_logarithm_tells_values(tmp_path: Path) -> None:
    data = make_trial_data(task_for(tmp_path, prices(), "y", "regression"))
    scores = {}
    for target in ("plain", "log"):
        model = build_pipeline(data.info, RIDGE, {"preprocessing": {"target": target}})
        shown = model.fit(data.features, data.target).predict(data.features)
        scores[target] = np.corrcoef(shown, data.target)[0, 1]
    assert scores["log"] > scores["plain"] + 0.05
