"""What is told of a run is told in every place alike: apply, plan, board, history, page and Python.

Each case is a table and settings that one kind of notice is told of, and no other.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from auger_reconcile.api import Experiment
from tests.contract.places import Place, declare, in_apply, in_plan, is_shown, texts
from tests.hub.pages.conftest import Browser, texts_of

ROWS = 60
Told = tuple[str, str | None, int | None]
Columns = Mapping[str, Sequence[Any]]


def noise(seed: int, rows: int = ROWS) -> list[str]:
    rng = random.Random(seed)
    return [f"{rng.uniform(1, 9):.4f}" for _ in range(rows)]


def classes(*labels: str, rows: int = ROWS) -> list[str]:
    rng = random.Random(7)
    return [rng.choice(labels) for _ in range(rows)]


def days(rows: int) -> list[str]:
    return [str(date(2022, 1, 3) + timedelta(n)) for n in range(rows)]


@dataclass(frozen=True)
class Case:
    """A table, a run on it, and what is told of the run beside what is told of its data."""

    name: str
    told: Sequence[Told]
    columns: Columns
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        names = list(self.columns)
        rows = zip(*self.columns.values(), strict=True)
        return "\n".join(map(",".join, [names, *rows])) + "\n"


def sort(**more: Sequence[str]) -> Columns:
    """A table to tell two classes of."""
    return {"x": noise(1), "z": noise(2), "y": classes("yes", "no"), **more}


def numbers(**more: Sequence[str]) -> Columns:
    return {"x": noise(1), "z": noise(2), "y": noise(3), **more}


REGRESSION = {"model_type": "regression"}
SERIES = {"model_type": "timeseries", "time_series": "day"}
STORES = {**SERIES, "series": ["store"]}
GAP = [*days(40), *days(64)[44:]]
UNEVEN = [str(date(2022, 1, 3) + timedelta(n * n)) for n in range(ROWS)]
OFTEN = ["a"] * 20 + ["b"] * 20 + ["c"] * 20
CASES = [
    Case("no target", [("rows-without-target", "y", 4)],
         sort(y=["", "", "", "", *classes("a", "b", rows=56)])),
    Case("no number to learn", [("rows-without-target", "y", 3)],
         numbers(y=[*noise(3, 57), "", "", ""]), REGRESSION),
    Case("same in all rows", [("column-left-out", "k", 1)], sort(k=["s"] * ROWS)),
    Case("no value at all", [("column-left-out", "k", 0)], sort(k=[""] * ROWS)),
    Case("another text in each row", [("column-left-out", "k", ROWS)],
         sort(k=[f"k{n:03}q" for n in range(ROWS)])),
    Case("numbers as classes", [("numbers-as-classes", "y", 16)],
         {"x": noise(1, 160), "z": noise(2, 160), "y": [str(n % 16) for n in range(160)]}),
    Case("a class called None", [("class-like-missing", "y", 30)], sort(y=["None", "b"] * 30)),
    Case("a rare class", [("rare-class", "y", 1), ("folds-lowered", None, None)],
         sort(y=[*["c"] * 4, *classes("a", "b", rows=56)]), {"cross_validation_folds": 5}),
    Case("uneven classes", [("imbalance", "y", 5)],
         {"x": noise(1, 150), "z": noise(2, 150), "y": [*["a"] * 5, *["b"] * 145]}),
    Case("too many folds", [("folds-lowered", None, None)], numbers(),
         {**REGRESSION, "cross_validation_folds": 40}),
    Case("an option that does nothing", [("options-ignored", None, None)], numbers(),
         {**REGRESSION, "apply_eval_set": True}),
    Case("a horizon of no series", [("options-ignored", None, None)], numbers(),
         {**REGRESSION, "horizon": 4}),
    Case("weights of classes", [("weights-ignored", None, None)], sort(),
         {"class_weight": "balanced"}),
    Case("a column that tells", [("leakage-suspected", "leak", None)],
         sort(leak=[{"yes": "won", "no": "lost"}[label] for label in classes("yes", "no")])),
    Case("no times", [("no-time-column", None, None)], numbers(), {"model_type": "timeseries"}),
    Case("rows without a time", [("rows-without-time", "day", 3)],
         {"day": [*days(57), "", "", ""], "y": noise(3)}, SERIES),
    Case("doubled times", [("doubled-times", "day", 2)],
         {"day": [*days(58), *days(2)], "y": noise(3)}, SERIES),
    Case("several series", [("panel-as-one-series", "day", 40)],
         {"day": days(20) * 3, "store": OFTEN, "y": noise(3)}, SERIES),
    Case("missing times", [("missing-times", "day", 4)], {"day": GAP, "y": noise(3)}, SERIES),
    Case("irregular times", [("irregular-times", "day", 1)],
         {"day": UNEVEN, "y": noise(3)}, SERIES),
    Case("a short series", [("short-series", "store", 1)],
         {"day": [*days(54), *days(54)[-6:]], "store": ["a"] * 54 + ["b"] * 6, "y": noise(3)},
         STORES),
    Case("a season again and again", [("naive-not-beaten", None, None)],
         {"day": days(84), "y": noise(3, 7) * 12}, SERIES),
]  # fmt: skip
GROUPS = [CASES[start : start + 6] for start in range(0, len(CASES), 6)]


def triples(notices: Sequence[Any]) -> set[Told]:
    told = [one if isinstance(one, dict) else one.to_json() for one in notices]
    return {(one["code"], one["column"], one["count"]) for one in told}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("cases", GROUPS, ids=[cases[0].name for cases in GROUPS])
def test_what_is_told_of_a_run_is_told_in_all_places(
    place: Place, browser: Browser, cases: Sequence[Case]
) -> None:
    data = {f"d{n}.csv": case.text for n, case in enumerate(cases)}
    runs = {
        f"e{n}": {
            "dataset": f"d{n}.csv",
            "target": "y",
            "model_type": "classification",
            **case.settings,
        }
        for n, case in enumerate(cases)
    }
    declare(place, data, runs)
    applied = in_apply(place, [f"experiment.{name}" for name in list(runs)[::2]])
    planned = in_plan(place)
    with place.open() as context:
        for name, case in zip(runs, cases, strict=True):
            (found,) = Experiment(context, experiment_name=name).history()
            notices = found["notices"]
            of_data = planned.get(f"dataset.{runs[name]['dataset']}", {})
            of_run = [one for one in notices if one["text"] not in of_data]
            assert triples(of_run) == set(case.told), case.name
            told = texts(notices)
            board = Experiment(context, experiment_name=name).board(found["id"])
            assert texts(board.account.notices) == told
            assert planned[f"experiment.{name}"] == told
            assert applied[f"experiment.{name}"] >= texts(of_run)
            of_experiment = Experiment(context, experiment_name=name).properties()["id"]
            page = texts_of(browser.get(f"/experiments/{of_experiment}").text)
            assert all(is_shown(text, page) for text in told)
            assert_shown(place, name, found["id"], told)


def assert_shown(place: Place, name: str, run: str, told: Counter[str]) -> None:
    """Look for the notices of a run on its board, and in the history of its experiment."""
    assert told_by(place.run("experiment", "leaderboard", run)) == told
    assert (
        texts(json.loads(place.run("experiment", "leaderboard", run, "--json"))["notices"]) == told
    )
    assert told_by(place.run("experiment", "history", name)) == told
    (found,) = json.loads(place.run("experiment", "history", name, "--json"))
    assert texts(found["notices"]) == told


def told_by(shown: str) -> Counter[str]:
    lines = map(str.strip, shown.splitlines())
    return Counter(line.removeprefix("notice: ") for line in lines if line.startswith("notice: "))
