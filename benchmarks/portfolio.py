"""Choose the starting points of the search on public tables, and write them as data.

    python -m benchmarks.portfolio [--environments FOLDER] [--results FILE]

Each algorithm is measured at its hand-written starting points and at some random ones, on a part of
each table that the comparison (`benchmarks.search_quality`) does not use. From what was found, a
sequence is chosen greedily: the next point is the one by which the best so far loses the least on
the mean of all tables, as a share of what the best of all gained over the baseline. What was
measured is appended to a file, so that an interrupted run goes on where it was. What a
sequence loses on a table that had no part in choosing it is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd

from auger_hub.data.profile import profile_file
from auger_hub.search.algorithms.algorithm import Algorithm, Space, Table
from auger_hub.search.algorithms.registry import all_algorithms, baseline_for
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.study import to_optuna
from auger_hub.search.task import SearchTask
from auger_hub.search.trials.cross_validation import evaluate_folds
from auger_hub.search.trials.trial import Candidate, TrialData
from benchmarks.contestants.dump_tables import LEARNED_FROM
from benchmarks.search_quality import CONTESTANTS, TABLES, python_of

PORTFOLIO = Path("auger_hub/search/algorithms/portfolio.json")
MOST_ROWS = 3_600  # of a table; of them a quarter is tested
RANDOM_POINTS = 5
LENGTH = 16
MOST_SECONDS = 8.0  # of boosting, which then keeps the rounds that it has
CLASSES = 18  # of the tables, the first ones, have classes
Scores = Mapping[tuple[str, str], float]  # by algorithm and point, as JSON text


@dataclass(frozen=True)
class Measured:
    """What the points of all algorithms score on one table, beside its baseline."""

    name: str
    group: str
    baseline: float
    scores: Scores


def main() -> None:
    """Measure what is missing, then choose and write."""
    options = _parse()
    warnings.simplefilter("ignore")
    folder = options.environments / TABLES / "csv"
    folder.mkdir(parents=True, exist_ok=True)
    python = python_of(TABLES, options.environments)
    subprocess.run([python, CONTESTANTS / "dump_tables.py", folder, *LEARNED_FROM], check=True)
    known = {one.name: one for one in _read(options.results)}
    for number, name in enumerate(LEARNED_FROM):
        if name not in known:
            kind = "classification" if number < CLASSES else "regression"
            known[name] = measure(name, folder / f"{name}.csv", kind)
            with options.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_to_json(known[name])) + "\n")
            print(name, len(known[name].scores), flush=True)
    groups = sorted({one.group for one in known.values()})
    chosen = {group: [one for one in known.values() if one.group == group] for group in groups}
    told = {group: choose(tables) for group, tables in chosen.items()}
    for group, tables in chosen.items():
        print(group, f"{len(tables)} tables, mean loss left out: {_loss_left_out(tables):.3f}")
    shown = {
        group: [{"algorithm": name, "point": json.loads(point)} for name, point in points]
        for group, points in told.items()
    }
    PORTFOLIO.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")


def measure(name: str, path: Path, kind: str) -> Measured:
    """Measure the points of every algorithm on one split of a table."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.csv"
        table = pd.read_csv(path)
        table.sample(min(len(table), MOST_ROWS), random_state=0).to_csv(part, index=False)
        columns = [
            {**column, "isTarget": column["column_name"] == "target", "use": True}
            for column in profile_file(part)["stat_data"]
        ]
        metric = "neg_log_loss" if kind == "classification" else "r2"
        asked = {"scoring": metric, "crossValidationFolds": 1, "splitOptions": {"trainRatio": 0.75}}
        data = make_trial_data(SearchTask(part, columns, asked, kind, seed=0))
    size = Table.of(data.info)
    found = dict(_scores(data, size, kind))
    base = _score(data, baseline_for(kind).name, {})
    group = f"{kind}, {'small' if size.is_small else 'large'}"
    return Measured(name, group, base if base is not None else -np.inf, found)


def _scores(data: TrialData, size: Table, kind: str) -> Iterator[tuple[tuple[str, str], float]]:
    for algorithm in all_algorithms().values():
        if algorithm.task != kind or algorithm.is_baseline or not algorithm.fits(size):
            continue
        space = algorithm.search(size)
        for point in _points(algorithm, space):
            score = _score(data, algorithm.name, space.to_params(point))
            if score is not None:
                yield (algorithm.name, json.dumps(point, sort_keys=True)), score


def _points(algorithm: Algorithm, space: Space) -> list[dict[str, Any]]:
    """Return the points of an algorithm: the same ones for each table, as far as they fit it."""
    sampler = optuna.samplers.RandomSampler(seed=len(algorithm.name))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler)
    domains = {name: to_optuna(space.domains[name]) for name in sorted(space.domains)}
    drawn = [study.ask(domains).params for _ in range(RANDOM_POINTS)]
    return [dict(start) for start in space.starts] + [_rounded(point) for point in drawn]


def _rounded(point: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: float(f"{value:.2g}") if isinstance(value, float) else value
        for name, value in point.items()
    }


def _score(data: TrialData, algorithm: str, params: Mapping[str, Any]) -> float | None:
    try:
        folds = list(evaluate_folds(data, Candidate.new(algorithm, params, seconds=MOST_SECONDS)))
    except Exception:  # noqa: BLE001 - a point that cannot be fitted on a table is none for it
        return None
    return folds[0].fold_scores[0].get(data.info["scoring"])


def choose(tables: Sequence[Measured], length: int = LENGTH) -> list[tuple[str, str]]:
    """Return the points to try first, in their order."""
    losses = _losses(tables)
    chosen: list[tuple[str, str]] = []
    so_far = np.ones(len(tables))
    for _ in range(length):
        rest = [point for point in losses if point not in chosen]
        if not rest:
            break
        best = min(rest, key=lambda point: float(np.minimum(so_far, losses[point]).mean()))
        so_far = np.minimum(so_far, losses[best])
        chosen.append(best)
    return chosen


def _losses(tables: Sequence[Measured]) -> dict[tuple[str, str], np.ndarray[Any, Any]]:
    """Return for each point what it loses on each table, between 0 and 1."""
    points = dict.fromkeys(point for table in tables for point in table.scores)
    shown = {}
    for point in points:
        told = []
        for table in tables:
            best = max(table.scores.values())
            gain = max(best - table.baseline, 1e-9)
            told.append(min(1.0, (best - table.scores.get(point, -np.inf)) / gain))
        shown[point] = np.array(told)
    return shown


def _loss_left_out(tables: Sequence[Measured]) -> float:
    """Return what the sequence loses on a table that had no part in choosing it, on the mean."""
    lost = []
    for left_out in tables:
        chosen = choose([table for table in tables if table is not left_out])
        losses = _losses([left_out])
        lost.append(min((float(losses[p][0]) for p in chosen if p in losses), default=1.0))
    return float(np.mean(lost))


def _read(path: Path) -> Iterator[Measured]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            scores = {(name, point): score for name, point, score in told["scores"]}
            yield Measured(told["name"], told["group"], told["baseline"], scores)


def _to_json(table: Measured) -> dict[str, Any]:
    scores = [[*point, score] for point, score in table.scores.items()]
    return {**vars(table), "scores": scores}


def _parse() -> argparse.Namespace:
    kept = Path(tempfile.gettempdir()) / "auger-search-quality"
    parser = argparse.ArgumentParser(description="Choose the starting points of the search.")
    parser.add_argument("--environments", type=Path, default=kept)
    parser.add_argument("--results", type=Path, default=kept / "portfolio.jsonl")
    options = parser.parse_args()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    return options


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"{time.monotonic() - began:.0f} s")
