"""Run one child process of the hub: `python -m auger_hub.processes KIND ROW_ID`.

Every child starts here, and not in the module with its work: `multiprocessing` imports the main
module again in each process of a trial, unless it is called `__main__.py`.
"""

from __future__ import annotations

import sys
from importlib import import_module

JOBS = {
    "compute": "auger_hub.runs.compute_job",
    "evaluate": "auger_hub.explain.evaluate_job",
    "explain": "auger_hub.explain.explain_job",
    "refer": "auger_hub.explain.reference_job",
    "export": "auger_hub.serving.export_job",
    "package": "auger_hub.serving.package_job",
    "profile": "auger_hub.background.profile_job",
    "run": "auger_hub.runs.run_job",
    "score": "auger_hub.review.score_job",
}
"""The module that does each kind of work; named, since all of them stand on this package."""


def main(kind: str) -> int:
    """Do the work of that kind; return the exit code."""
    return int(import_module(JOBS[kind]).main())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
