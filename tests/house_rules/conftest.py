"""The tree that the rules are about."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "auger_reconcile"
MADE_BY_TOOLS = {"__pycache__", "dist", "htmlcov"}


def find_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files below a folder that were written by people, hidden ones left out."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one[0] != "." and one not in MADE_BY_TOOLS]
        found += [Path(place, name).relative_to(folder) for name in names if fnmatch(name, pattern)]
    return sorted(found)
