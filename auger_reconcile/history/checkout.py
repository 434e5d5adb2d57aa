"""Find the commit and branch of a folder's Git checkout, if it is in one. Only reads."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 5.0  # that git may take; an apply does not wait longer for what is only told
_DETACHED = "HEAD"
# What a build server checked out, where the checkout itself is at no branch.
_BRANCHES = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME")


@dataclass(frozen=True)
class Checkout:
    """Where the files of an apply came from.

    Attributes:
        commit: hexadecimal.
        branch: None where no branch is checked out.
        is_dirty: tracked files of the folder differ from the commit.
    """

    commit: str
    branch: str | None
    is_dirty: bool


def read_checkout(folder: Path, environ: Mapping[str, str] | None = None) -> Checkout | None:
    """Return the checkout that a folder is in; None for none, and without a git that reads it."""
    here = folder.resolve()
    if not any((place / ".git").exists() for place in (here, *here.parents)):
        return None
    commit = _ask(here, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    branch: str | None = _ask(here, "rev-parse", "--abbrev-ref", "HEAD")
    if branch in (_DETACHED, "", None):
        around = os.environ if environ is None else environ
        branch = next((around[name] for name in _BRANCHES if around.get(name)), None)
    changed = _ask(here, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return Checkout(commit, branch, bool(changed))


def _ask(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, None when it cannot say."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None
