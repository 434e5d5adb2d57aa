"""Whether what to expect of the best of a board is what new rows tell, and its interval holds it.

    python -m benchmarks.board_honesty [--splits 20] [--trials 20] [--sets NAME...]
        [--results FILE] [--write]

Twenty times, half of a data set's rows are held out, a search runs on the other half, and the best
entry of its board is fitted on all of that half and scored on the rows it has never seen. The mean
of those scores has to be within one standard error of the mean of what was to be expected, and 90
to 99 of 100 intervals have to hold the score of their split. It is ten ways
to divide the rows, each with either half held out, so that an easy half counts once for and once
against the board (Dietterich, "Approximate statistical tests for comparing supervised
classification learning algorithms", 1998, divides so five times). Beside it stands one fixed
pipeline that no search has chosen: what its folds promise too much is the luck of the splits that
is left. Each split is appended to a file: an interrupted measurement goes on where it was.

Prints a table; the exit code is 1 when too much was expected or the intervals are wrong.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

from auger_hub.search.pipelines.pipeline import build_pipeline, split_features_target
from auger_hub.search.preparation.prepare import make_trial_data
from auger_hub.search.run import SearchTask, prepare
from auger_hub.search.scores.board import mean_scores
from auger_hub.search.scores.metrics import Outcome, all_scores, metrics_for
from auger_hub.search.trials.cross_validation import cross_validate, predict
from auger_hub.search.trials.trial import Candidate
from benchmarks.figure import Figure, Section, write_page
from benchmarks.own_search import find_best, search

TARGET = "target"


@dataclass(frozen=True)
class DataSet:
    """A table with its target, and what is asked about it."""

    load: Callable[[], pd.DataFrame]
    model_type: str
    metric: str


def _digits() -> pd.DataFrame:
    """Return 600 digits: as many rows as a small table has."""
    return datasets.load_digits(as_frame=True).frame.iloc[:600]


def _friedman() -> pd.DataFrame:
    rows, target = datasets.make_friedman1(400, noise=2.0, random_state=0)
    return pd.DataFrame(rows, columns=[f"x{i}" for i in range(rows.shape[1])]).assign(
        **{TARGET: target}
    )


def _cars() -> pd.DataFrame:
    """Return 398 cars with their names, origins and gaps; `pip install vega_datasets` has them."""
    from vega_datasets import local_data  # noqa: PLC0415 - no dependency of ours

    cars = local_data.cars().rename(columns={"Miles_per_Gallon": TARGET})
    return cars.dropna(subset=[TARGET])


SETS = {
    "cancer": DataSet(
        lambda: datasets.load_breast_cancer(as_frame=True).frame, "classification", "roc_auc"
    ),
    "diabetes": DataSet(lambda: datasets.load_diabetes(as_frame=True).frame, "regression", "r2"),
    "wine": DataSet(lambda: datasets.load_wine(as_frame=True).frame, "classification", "accuracy"),
    "digits": DataSet(_digits, "classification", "f1_macro"),
    "friedman": DataSet(_friedman, "regression", "neg_mean_absolute_error"),
    "cars": DataSet(_cars, "regression", "r2"),
}


FIXED = {
    "classification": ("sklearn.linear_model.LogisticRegression", {}),
    "regression": ("sklearn.linear_model.Ridge", {}),
}
"""What no search has chosen."""


@dataclass(frozen=True)
class Promise:
    """What a board said of its best entry, and what that was worth on unseen rows.

    Attributes:
        fixed_board: what the folds said of the fixed pipeline.
        fixed_held_out: what that was worth.
    """

    data: str
    seed: int
    trials: int
    board: float
    expected: float
    low: float
    high: float
    held_out: float
    fixed_board: float
    fixed_held_out: float


def main() -> int:
    """Measure what is missing, and tell of all."""
    options = _parse()
    known = {(one.data, one.seed, one.trials): one for one in read_promises(options.results)}
    asked = [
        (name, seed, options.trials) for name in options.sets for seed in range(options.splits)
    ]
    for key in asked:
        if key not in known:
            known[key] = keep_promise(*key)
            with options.results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(known[key])) + "\n")
    section = summarize([known[key] for key in asked])
    print(section.text)
    if options.write:
        write_page(section)
    return 0 if all(figure.is_met is not False for figure in section.figures) else 1


def keep_promise(name: str, seed: int, trials: int) -> Promise:
    """Search on half of the rows and score the best entry on the other half."""
    data = SETS[name]
    known, unseen = divide(data.load(), data.model_type, seed)
    with tempfile.TemporaryDirectory() as folder:
        task = _task(Path(folder), known, data, trials, seed)
        board, expected = search(task)
        best = find_best(board)
        assert best.score is not None, "a baseline at least is scored"
        assert expected is not None, "the predictions of all trials are kept"
        worth = _Worth(task, known, unseen)
        algorithm, params = FIXED[data.model_type]
        return Promise(
            data=name,
            seed=seed,
            trials=trials,
            board=best.score,
            expected=expected.score,
            low=expected.low,
            high=expected.high,
            held_out=worth.held_out(best.algorithm_name, best.algorithm_params),
            fixed_board=worth.board(algorithm, params),
            fixed_held_out=worth.held_out(algorithm, params),
        )


def divide(frame: pd.DataFrame, model_type: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two halves of the rows; an odd seed gives those of the even one before it, swapped."""
    strata = frame[TARGET] if model_type == "classification" else None
    one, other = train_test_split(frame, test_size=0.5, random_state=seed // 2, stratify=strata)
    return (other, one) if seed % 2 else (one, other)


def _task(folder: Path, known: pd.DataFrame, data: DataSet, trials: int, seed: int) -> SearchTask:
    path = folder / "known.csv"
    known.to_csv(path, index=False)
    columns = [{"column_name": n, "use": n != TARGET, "isTarget": n == TARGET} for n in known]
    options = {"scoring": data.metric, "max_n_trials": trials}
    return SearchTask(path, columns, options, data.model_type, seed, workers=2)


class _Worth:
    """Scores a pipeline as a board does, and on the rows that were held out."""

    def __init__(self, task: SearchTask, known: pd.DataFrame, unseen: pd.DataFrame) -> None:
        self._task, self._known, self._unseen = task, known, unseen
        self._info = prepare(task)

    def board(self, algorithm: str, params: Mapping[str, Any]) -> float:
        evaluation = cross_validate(make_trial_data(self._task), Candidate.new(algorithm, params))
        assert evaluation.error is None, evaluation.error
        return mean_scores(evaluation.fold_scores)[self._info["scoring"]]

    def held_out(self, algorithm: str, params: Mapping[str, Any]) -> float:
        info = self._info
        features, target, _ = split_features_target(self._known, info)
        model = build_pipeline(info, algorithm, params).fit(features, target)
        rows, truth, _ = split_features_target(self._unseen, info)
        classes = len(info.get("targetClasses", ()))
        outcome = Outcome.of(truth, predict(model, rows, classes), target)
        return all_scores(outcome, metrics_for(self._task.model_type, classes))[info["scoring"]]


def summarize(promises: Sequence[Promise]) -> Section:
    """Tell by how many standard errors too much was expected, and how often intervals held."""
    table = pd.DataFrame([asdict(one) for one in promises])
    figures = []
    for name, rows in table.groupby("data", sort=False):
        excess = rows["expected"] - rows["held_out"]
        fixed = (rows["fixed_board"] - rows["fixed_held_out"]).mean()
        error = excess.std(ddof=1) / np.sqrt(len(rows))
        means = rows[["expected", "held_out", "board"]].mean()
        found = f"{means['expected']:.4f} expected, {means['held_out']:.4f} held out"
        beside = (
            f"standard error {error:.4f}; {means['board']:.4f} on the board; "
            f"a fixed pipeline {fixed:+.4f}"
        )
        what = f"{name} ({SETS[str(name)].metric})"
        figures.append(Figure(what, found, beside, float(excess.mean() / error), 1.0))
        figures.append(_coverage(str(name), rows))
    figures.append(_coverage("all", table))
    notes = [
        f"{table['seed'].nunique()} splits: the rows divided in halves, with either half searched.",
        f"{table['trials'].iloc[0]} trials and an ensemble. The ratio is what was expected of the",
        "best entry of the board beyond its held-out score, in standard errors; the fixed pipeline",
        "shows how much of it is the luck of the splits. Of intervals, the ratio is the share that",
        "missed the held-out score.",
    ]
    command = "python -m benchmarks.board_honesty"
    return Section("board_honesty", "Honest boards", figures, notes, command)


def _coverage(name: str, rows: pd.DataFrame) -> Figure:
    held = rows["held_out"].between(rows["low"], rows["high"])
    found = f"{int(held.sum())} of {len(rows)} held the score"
    width = (rows["high"] - rows["low"]).mean()
    return Figure(f"{name}: intervals", found, f"{width:.4f} wide", float(1 - held.mean()), 0.1)


def read_promises(path: Path) -> Iterator[Promise]:
    """Yield what was measured before."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Promise(**json.loads(line))


def _parse() -> argparse.Namespace:
    kept = Path(tempfile.gettempdir()) / "auger-board-expectations.jsonl"
    parser = argparse.ArgumentParser(description="Look whether boards expect too much.")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--trials", type=int, default=20)
    own = [name for name in SETS if name != "cars"]  # that need no other package
    parser.add_argument("--sets", nargs="+", default=own, choices=list(SETS))
    parser.add_argument("--results", type=Path, default=kept)
    parser.add_argument("--write", action="store_true", help="add the table to docs/performance.md")
    options: argparse.Namespace = parser.parse_args()
    return options


if __name__ == "__main__":
    raise SystemExit(main())
