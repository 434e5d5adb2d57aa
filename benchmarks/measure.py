"""Measure what a process costs: processes run in turns, so that noise of the machine meets all."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAXRSS_PER_MB = 1_000_000 if sys.platform == "darwin" else 1000


@dataclass(frozen=True)
class Cost:
    """Medians of several rounds.

    Attributes:
        seconds: from start to exit.
        cpu: seconds of processor time, of its children as well.
        peak: most memory that it had, in MB.
    """

    seconds: float
    cpu: float
    peak: float = 0.0


def run_alternating(
    commands: Mapping[str, Sequence[str]],
    *,
    rounds: int = 9,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> dict[str, Cost]:
    """Run each command once a round; return what each costs.

    Raises:
        CalledProcessError: one of them failed.
    """
    taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(_run(command, cwd, env))
    return {
        name: Cost(*(statistics.median(column) for column in zip(*found, strict=True)))
        for name, found in taken.items()
    }


def _run(
    command: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None
) -> tuple[float, ...]:
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stderr=subprocess.PIPE, **quiet)  # type: ignore[call-overload]
    with process.stderr:
        told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=told)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _MAXRSS_PER_MB


def run_apart(module: str, *arguments: object) -> dict[str, Any]:
    """Run `main(arguments)` of a module of this folder in a process of its own; return its JSON."""
    code = f"import sys; from benchmarks.{module} import main; main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peak_memory() -> float:
    """Return the most memory that this process ever had, in MB."""
    try:  # ru_maxrss counts what the parent had before this program began
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1000
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / _MAXRSS_PER_MB


def tell(**facts: object) -> None:
    """Print what was found, for `run_apart`."""
    print(json.dumps(facts))
