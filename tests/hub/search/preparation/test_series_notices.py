"""What is told of a run of series besides its times."""

import sys
from pathlib import Path

import pytest

from auger_hub.search.algorithms.registry import missing_packages
from auger_hub.search.preparation.series_notices import notices_of_series
from auger_hub.search.run import read_settings
from tests.hub.search.tables import monthly, task_for


def test_models_whose_package_is_not_installed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    frame = monthly()
    settings = read_settings(task_for(tmp_path, frame, "sales", "timeseries"))
    told = notices_of_series(settings, frame, frame, frame["sales"].to_numpy(), None)
    (one,) = (one for one in told if one.code == "algorithms-missing" and "statsmodels" in one.text)
    names = missing_packages("timeseries")["statsmodels"]
    assert one.count == len(names) > 0
    assert all(name in one.text for name in names)
