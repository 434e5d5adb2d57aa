"""Find the branch that a folder is checked out from, in a repository or on a CI host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

_HEAD_OF = "ref: refs/heads/"
_PUSHED = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_BRANCH")
_ASKED_FOR = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")


def find_branch(folder: Path, wanted: str, environment: Mapping[str, str]) -> str | None:
    """Return the branch of a checkout; a request to merge into the wanted one is on that.

    A CI host checks out a commit, not a branch, and tells which it is in its variables.
    """
    if any(environment.get(name) == wanted for name in _ASKED_FOR):
        return wanted
    checked_out = next(_heads(folder), "")
    if checked_out.startswith(_HEAD_OF):
        return checked_out.removeprefix(_HEAD_OF).strip()
    if not checked_out:
        return None
    return next((environment[name] for name in _PUSHED if environment.get(name)), None)


def _heads(folder: Path) -> Iterator[str]:
    """Yield what HEAD says of the repository around a folder; of a worktree, its own."""
    for parent in (folder.absolute(), *folder.absolute().parents):
        place = parent / ".git"
        try:
            if place.is_file():  # a worktree, or a submodule
                told = place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
                place = parent / told
            yield (place / "HEAD").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
