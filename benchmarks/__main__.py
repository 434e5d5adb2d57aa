"""Run `python -m benchmarks [NAME...]`: measure, print, and write docs/performance.md."""

from __future__ import annotations

import importlib
import sys

from benchmarks.figure import write_page

NAMES = (
    "cold_start",
    "planning",
    "planning_beside",
    "applying",
    "uploading",
    "waiting",
    "hub",
    "hub_data",
    "pages",
    "controller_many",
)


def main() -> None:
    """Measure the named sections, or all."""
    names = sys.argv[1:] or NAMES
    if unknown := set(names) - set(NAMES):
        raise SystemExit(f"no such measurement: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in names:
        section = importlib.import_module(f"benchmarks.{name}").measure()
        print(section.text + "\n", flush=True)
        write_page(section)


if __name__ == "__main__":
    main()
