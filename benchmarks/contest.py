"""Run contestants: each a program in an environment of its own, on the same tables and cores.

What `search_quality` and `series_quality` have in common: environments, calls, kept results, and
the options of the command line. A contestant is `contestants/run_TOOL.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

CONTESTANTS = Path(__file__).with_name("contestants")
GRACE = 300.0
"""Seconds beyond the time it was given after which a contestant is ended and has failed."""


@dataclass(frozen=True)
class Answer:
    """What came of a contestant.

    Attributes:
        table: its predictions; None when it failed.
        taken: seconds from the start of its process to its end.
        note: what it chose, or why it failed.
    """

    table: pd.DataFrame | None
    taken: float
    note: str


def bind(cores: int) -> None:
    """Keep this process, and all that it starts, to so many cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def python_of(tool: str, folder: Path, packages: Mapping[str, Sequence[str]]) -> Path:
    """Return the Python of a tool; make its environment when it is not there."""
    if tool not in packages:
        return Path(sys.executable)
    python = folder / tool / "bin" / "python"
    if not (folder / tool / "installed").exists():
        print(f"Installing {tool} into {folder / tool} ...", flush=True)
        venv.create(folder / tool, with_pip=True)
        subprocess.run([python, "-m", "pip", "--quiet", "install", *packages[tool]], check=True)
        (folder / tool / "installed").touch()
    return python


def ask(
    tool: str, python: Path, train: pd.DataFrame, test: pd.DataFrame, asked: Mapping[str, Any]
) -> Answer:
    """Let a tool learn from rows and predict others, within the `seconds` that it is asked."""
    seconds = asked["seconds"] + GRACE
    with tempfile.TemporaryDirectory(prefix="quality-") as folder:
        paths = [Path(folder) / f"{part}.csv" for part in ("train", "test", "out")]
        train.to_csv(paths[0], index=False)
        test.to_csv(paths[1], index=False)
        program = CONTESTANTS / f"run_{tool}.py"
        began = time.monotonic()
        try:
            done = subprocess.run(
                [python, "-W", "ignore", program, *paths, json.dumps(asked)],
                capture_output=True,
                check=True,
                text=True,
                cwd=folder,
                timeout=seconds,
            )
            table = pd.read_csv(paths[2])
            note = done.stdout.strip().rpartition("\n")[2]
        except subprocess.CalledProcessError as error:
            table, note = None, (error.stderr.strip().splitlines() or ["no reason"])[-1]
        except subprocess.TimeoutExpired:
            table, note = None, f"ended after {seconds:g} s"
    return Answer(table, time.monotonic() - began, note)


def read_results(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what was measured before."""
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def keep_result(path: Path, result: Mapping[str, Any]) -> None:
    """Append a result, so that an interrupted comparison goes on where it was."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")


def make_parser(
    description: str, kept: str, *, seconds: float, sets: Sequence[str], tools: Sequence[str]
) -> argparse.ArgumentParser:
    """Return the options that comparisons have; `kept` names their folder below the temporary."""
    folder = Path(tempfile.gettempdir()) / kept
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--sets", nargs="+", default=list(sets))
    parser.add_argument("--tools", nargs="+", default=list(tools), choices=list(tools))
    parser.add_argument("--environments", type=Path, default=folder)
    parser.add_argument("--results", type=Path, default=folder / "results.jsonl")
    parser.add_argument("--write", action="store_true", help="add the table to docs/performance.md")
    return parser


def parse(parser: argparse.ArgumentParser, sets: Sequence[str]) -> argparse.Namespace:
    """Return what the line says; make the folder of the results."""
    options = parser.parse_args()
    unknown = [name for name in options.sets if name not in sets]
    if unknown:
        parser.error(f"no set is called {unknown[0]}; there are {', '.join(sets)}")
    options.environments = options.environments.absolute()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    return options
