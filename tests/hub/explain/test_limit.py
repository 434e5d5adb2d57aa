"""However slow a model is, its explanation ends within its processor time, and says what it left.

The clock goes on by what fitting and predicting are said to cost, so that no machine decides.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.explain import fold_models
from auger_hub.explain.allowance import Allowance
from auger_hub.explain.explanation import explain_trial
from auger_hub.explain.reference import measure_reference
from auger_hub.models.predict import DESCRIPTION_FILE
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.trials.trial import Candidate, TrialData
from tests.hub.search.tables import task_for

pytestmark = pytest.mark.search

LINEAR = Candidate.new("sklearn.linear_model.Ridge", {})
SECONDS = 12.0  # a fifth of a minute
COLUMNS, ROWS, FOLDS = 8, 600, 5


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrialData:
    random = np.random.default_rng(1)
    table = pd.DataFrame(random.normal(size=(ROWS, COLUMNS))).add_prefix("x")
    table["y"] = 9 * table["x3"] + random.normal(size=ROWS)
    options = {"scoring": "r2", "crossValidationFolds": FOLDS}
    folder = tmp_path_factory.mktemp("slow")
    return make_trial_data(task_for(folder, table, "y", model_type="regression", options=options))


class Clock:
    """Goes on by `fit` seconds a model and `row` seconds a predicted row."""

    def __init__(self, patch: pytest.MonkeyPatch, *, fit: float, row: float) -> None:
        self.now = 100.0
        self._costs(patch, "fit_model", lambda *_: fit)
        self._costs(patch, "predict", lambda model, rows, *_: row * len(rows))

    def _costs(self, patch: pytest.MonkeyPatch, name: str, cost: Callable[..., float]) -> None:
        real = getattr(fold_models, name)

        def slow(*args: Any) -> Any:
            self.now += cost(*args)
            return real(*args)

        patch.setattr(fold_models, name, slow)

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("row", [1e-6, 1e-4, 1e-3, 5e-3])
@pytest.mark.parametrize("fit", [0.01, 1.0, 3.0, 5.0])
def test_an_explanation_ends_within_its_time(
    data: TrialData, monkeypatch: pytest.MonkeyPatch, fit: float, row: float
) -> None:
    clock = Clock(monkeypatch, fit=fit, row=row)
    told = explain_trial(data, LINEAR, alike=[], allowance=Allowance(SECONDS, clock=clock))
    assert clock.now - 100 <= SECONDS
    assert told["importance"]["columns"][0]["column"] == "x3"


def test_what_there_was_no_time_for_is_told(
    data: TrialData, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, fit=2.0, row=2e-3)
    told = explain_trial(data, LINEAR, alike=[], allowance=Allowance(SECONDS, clock=clock))
    (notice,) = told["notices"]
    assert f"{told['folds']} of {FOLDS} folds were fitted" in notice["text"]
    assert told["folds"] < FOLDS


def test_a_fast_model_is_explained_whole(data: TrialData, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, fit=0.01, row=1e-6)
    told = explain_trial(data, LINEAR, alike=[], allowance=Allowance(SECONDS, clock=clock))
    assert (told["folds"], told["importance"]["repeats"], told["notices"]) == (FOLDS, 5, [])
    assert len(told["dependence"]) == 5


@pytest.mark.parametrize(("fit", "folds"), [(0.1, 5), (4.0, 2), (60.0, 1)])
def test_what_a_model_is_compared_with_is_of_the_folds_that_can_be_fitted(
    data: TrialData, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fit: float, folds: int
) -> None:
    names = [str(name) for name in data.features.columns]
    kinds = dict(data.info["featureKinds"])
    description = {"needed": names, "kinds": kinds, "classes": None}
    (tmp_path / DESCRIPTION_FILE).write_text(pd.Series(description).to_json())
    allowance = Allowance(SECONDS, clock=Clock(monkeypatch, fit=fit, row=0))
    told = measure_reference(data, LINEAR, tmp_path, allowance)
    assert told["rows"] == sum(told["prediction"]) == ROWS // FOLDS * folds
