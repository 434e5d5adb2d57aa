"""`python -m auger_reconcile.hub.work KIND ROW_ID`: a child process of the hub.

Every child starts here, and not in the module with its work: `multiprocessing` imports the main
module again in each process of a trial, unless it is called `__main__.py`.
"""

from __future__ import annotations

import sys
from importlib import import_module


def main(kind: str) -> int:
    """Do the work of that kind; return the exit code."""
    return int(import_module(f"auger_reconcile.hub.work.{kind}_child").main())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
