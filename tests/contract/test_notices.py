"""What is told of data is told in every place alike: plan, apply, board, page, JSON and Python.

`AUGER_DEFECTS` says how many of the defects are tried; the soak asks for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest

from auger_hub.data.profile import profile_file
from auger_reconcile.api import DataSet, Experiment
from tests.contract.places import Place, declare, in_apply, in_plan, is_shown, texts
from tests.hub.data.defects import DEFECTS, Defect
from tests.hub.pages.conftest import Browser, texts_of

SAMPLE = int(os.environ.get("AUGER_DEFECTS", "12"))
SOME = DEFECTS[:: max(1, len(DEFECTS) // SAMPLE)]
TOGETHER = 10  # of which a terminal shows all: it shows twenty notices of a plan
GROUPS = [SOME[start : start + TOGETHER] for start in range(0, len(SOME), TOGETHER)]
BOARDS = 1  # run of each group, which repeats what was told of its data


def run_on(name: str, statistics: dict[str, Any]) -> dict[str, Any] | None:
    """Return the settings of a run on the last column of a table, None where it has one only."""
    columns = statistics["schema"]["columns"]
    if len(columns) < 2:
        return None
    kind = "regression" if columns[-1]["type"] == "number" else "classification"
    return {"dataset": name, "target": columns[-1]["name"], "model_type": kind}


@pytest.mark.slow
@pytest.mark.skipif("AUGER_DEFECTS" not in os.environ, reason="for the soak: minutes of searches")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("defects", GROUPS, ids=range(len(GROUPS)))
def test_a_defect_of_data_is_told_in_all_places(
    place: Place, browser: Browser, defects: Sequence[Defect]
) -> None:
    data = {f"d{n}.csv": defect.text for n, defect in enumerate(defects)}
    declare(place, data, {})
    statistics = {name: profile_file(place.folder / name) for name in data}
    all_runs = {f"e{n}": run_on(name, statistics[name]) for n, name in enumerate(data)}
    kinds = {defect.codes: f"e{n}" for n, defect in enumerate(defects) if all_runs[f"e{n}"]}
    runs = {name: all_runs[name] or {} for name in sorted(kinds.values())[:BOARDS]}
    declare(place, data, runs)
    expected = {f"dataset.{name}": texts(found["notices"]) for name, found in statistics.items()}
    codes = [sorted(one["code"] for one in found["notices"]) for found in statistics.values()]
    assert codes == [sorted(defect.codes) for defect in defects]

    applied = in_apply(place, [f"dataset.{name}" for name in list(data)[::2]])
    assert {at: told for at, told in applied.items() if at.startswith("dataset.")} == expected
    planned = in_plan(place)
    assert {at: told for at, told in planned.items() if at.startswith("dataset.")} == expected

    codes_of_data = {one["code"] for found in statistics.values() for one in found["notices"]}
    with place.open() as context:
        for name in data:
            one = DataSet(context, dataset_name=name)
            assert texts(one.notices) == expected[f"dataset.{name}"]
            page = texts_of(browser.get(f"/datasets/{one.properties()['id']}").text)
            assert all(is_shown(t, page) for t in expected[f"dataset.{name}"])
        for name, run in runs.items():
            (found,) = Experiment(context, experiment_name=name).history()
            board = Experiment(context, experiment_name=name).board(found["id"])
            wanted = expected[f"dataset.{run['dataset']}"]
            of_run = [one for one in found["notices"] if one["code"] in codes_of_data]
            assert texts(of_run) == wanted
            assert texts(board.account.notices) == texts(found["notices"])
            assert planned[f"experiment.{name}"] == texts(found["notices"])
            shown = place.run("experiment", "leaderboard", found["id"])
            assert all(f"notice: {text}" in shown for text in texts(found["notices"]))
