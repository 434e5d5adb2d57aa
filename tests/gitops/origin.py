"""A bare repository that a host serves, the people who push to it, and the programs of its jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .conftest import ACTION, GITOPS

ADVICE = "advice.detachedHead=false"
# What is installed is what is under test; that pip was asked for it is noted.
PYTHON = """\
#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then echo "$@" >> "$PIP_LOG"; exit 0; fi
exec "{python}" "$@"
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody; return what it says."""
    person = ("-c", "user.name=anna", "-c", "user.email=anna@example.com", "-c", ADVICE)
    done = subprocess.run(
        ["git", *person, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Origin:
    """The repository of the example, with the action beside its workflows."""

    bare: Path
    work: Path

    @classmethod
    def make(cls, bare: Path, work: Path) -> Origin:
        """Make both, with the example on the branch `main`."""
        shutil.copytree(GITOPS, work)
        shutil.copytree(ACTION, work / ".github" / "actions" / "auger")
        bare.parent.mkdir(parents=True, exist_ok=True)
        git(work, "init", "--quiet", "--bare", "--initial-branch", "main", str(bare))
        git(bare, "config", "receive.advertisePushOptions", "true")
        git(work, "init", "--quiet", "--initial-branch", "main")
        git(work, "remote", "add", "origin", str(bare))
        git(work, "add", ".")
        git(work, "commit", "--quiet", "--message", "first")
        git(work, "push", "--quiet", "--set-upstream", "origin", "main")
        return cls(bare, work)

    def propose(self, branch: str, **files: str) -> str:
        """Push a commit with other files to a branch; return it. Names have `_` for their dots."""
        exists = git(self.work, "branch", "--list", branch)
        git(self.work, "switch", "--quiet", *([] if exists else ["--create"]), branch)
        for name, text in files.items():
            (self.work / name.replace("_", ".")).write_text(text)
        git(self.work, "commit", "--quiet", "--all", "--message", f"change {branch}")
        git(self.work, "push", "--quiet", "origin", branch)
        return git(self.work, "rev-parse", "HEAD")

    def merge(self, branch: str) -> str:
        """Merge a branch into `main`; return the merge commit."""
        git(self.work, "switch", "--quiet", "main")
        git(self.work, "merge", "--quiet", "--no-ff", "--no-edit", branch)
        git(self.work, "push", "--quiet", "origin", "main")
        return git(self.work, "rev-parse", "HEAD")

    def as_merged(self, branch: str) -> str:
        """Return the commit that a merge would make, which hosts plan; `main` stays."""
        git(self.work, "switch", "--quiet", "--detach", "main")
        git(self.work, "merge", "--quiet", "--no-ff", "--no-edit", branch)
        commit = git(self.work, "rev-parse", "HEAD")
        git(self.work, "push", "--quiet", "--force", "origin", f"{commit}:refs/pull/5/merge")
        git(self.work, "switch", "--quiet", "main")
        return commit

    def check_out(self, commit: str, to: Path) -> None:
        """Clone into a folder, at one commit and on no branch."""
        git(to.parent, "clone", "--quiet", "--no-checkout", str(self.bare), str(to))
        git(to, "fetch", "--quiet", "origin", commit)
        git(to, "checkout", "--quiet", "--detach", commit)


def make_programs(folder: Path, **more: str) -> dict[str, str]:
    """Write the programs that a job finds; return its environment, which has a home of its own."""
    folder.mkdir()
    auger = f'#!/bin/sh\nexec "{sys.executable}" -m auger_reconcile "$@"\n'
    for name, text in {"auger": auger, "python": PYTHON, **more}.items():
        (folder / name).write_text(text.replace("{python}", sys.executable))
        (folder / name).chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AUGER", "CI", "GITHUB"))}
    home = {"HOME": str(folder), "AUGER_HUB_HOME": str(folder / "hub")}
    path = {"PATH": f"{folder}:{os.environ['PATH']}", "PIP_LOG": str(folder / "pip.log")}
    return {**kept, **home, **path, "CI": "true"}


def run_script(
    script: str, folder: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a script as hosts do: it ends with the first command that fails, pipes included."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
