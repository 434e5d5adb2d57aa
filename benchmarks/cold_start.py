"""How long `auger --help` takes, beside `python -c "import click"`, which no click program beats.

Run: python benchmarks/cold_start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "import click": [sys.executable, "-c", "import click"],
    "auger --help": [sys.executable, "-m", "auger_reconcile", "--help"],
}


def measure(runs: int = RUNS) -> dict[str, float]:
    """Return the median seconds of each command; they alternate, so that noise meets both."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def main() -> None:
    """Measure and print."""
    medians = measure()
    for name, median in medians.items():
        print(f"{name:14} {median * 1000:6.1f} ms")
    print(f"{'ratio':14} {medians['auger --help'] / medians['import click']:6.2f}")


if __name__ == "__main__":
    main()
