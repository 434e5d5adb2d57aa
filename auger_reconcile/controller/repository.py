"""Fetch a branch of a Git repository into a folder of the controller's own, by the program `git`.

Nothing in the folder is precious: a clone that a kill has left half is made anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from auger_reconcile.errors import AugerError
from auger_reconcile.redact import redact

_SECONDS = 300.0
_SECONDS_TO_ASK = 30.0
_LETTERS = 10


@dataclass(frozen=True)
class Repository:
    """A repository, and where its clone is.

    Attributes:
        allowed_signers: file of the SSH keys that may sign commits.
    """

    url: str
    branch: str
    folder: Path
    allowed_signers: str | None = None

    def fetch(self) -> str:
        """Bring the newest commit of the branch, and return it; the files stay as they are.

        Raises:
            AugerError: it cannot be fetched.
        """
        self._prepare()
        ref = f"+refs/heads/{self.branch}:refs/remotes/origin/{self.branch}"
        self._git("fetch", "--quiet", "--no-tags", "--prune", self.url, ref)
        return self._git("rev-parse", "--verify", f"refs/remotes/origin/{self.branch}^{{commit}}")

    def check_out(self, commit: str) -> None:
        """Make the files those of a commit, whatever was in the folder."""
        self._git("checkout", "--quiet", "--force", "--detach", commit)
        self._git("clean", "--quiet", "-ffd")

    def verify(self, commit: str) -> None:
        """Do nothing when git can verify the signature of a commit.

        Raises:
            AugerError: it cannot.
        """
        signers = self.allowed_signers
        option = ["-c", f"gpg.ssh.allowedSignersFile={Path(signers).resolve()}"] if signers else []
        try:
            self._git("verify-commit", commit, before=option)
        except AugerError:
            raise AugerError(
                f"commit {commit[:_LETTERS]} is not signed by anybody who may",
                hint=f"git verify-commit {commit[:_LETTERS]} says more",
            ) from None

    def _prepare(self) -> None:
        if (self.folder / ".git").is_dir():
            for lock in (self.folder / ".git").glob("*.lock"):  # of a git that was killed
                lock.unlink(missing_ok=True)
            with suppress(AugerError):
                self._git("rev-parse", "--git-dir")
                return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._git("init", "--quiet")

    def _git(self, *arguments: str, before: list[str] | None = None) -> str:
        """Return what git prints.

        Raises:
            AugerError: it fails; with its last words, without the secrets of a URL.
        """
        safe = ["-c", "core.hooksPath=/dev/null", "-c", f"safe.directory={self.folder}"]
        command = ["git", "-C", str(self.folder), *safe, *(before or []), *arguments]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_SECONDS, check=False, env=_surroundings()
            )
        except FileNotFoundError:
            raise AugerError("the program git is not installed") from None
        except subprocess.TimeoutExpired:
            raise AugerError(f"git {arguments[0]} took longer than {_SECONDS:.0f} s") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            telling = next((line for line in said if re.match("fatal|error", line)), said[-1])
            raise AugerError(f"git {arguments[0]}: {redact(telling)}")
        return done.stdout.decode(errors="replace").strip()


def newest_commit(url: str, branch: str) -> str | None:
    """Return the newest commit of a branch, without fetching it; None when that is not known."""
    command = ["git", "ls-remote", "--exit-code", "--", url, f"refs/heads/{branch}"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS_TO_ASK, check=False, env=_surroundings()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = done.stdout.decode(errors="replace").split()
    return told[0] if done.returncode == 0 and told else None


def _surroundings() -> dict[str, str]:
    """Return the environment for a git that asks nobody, and is about no other repository."""
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # of a hook that we run in
        environ.pop(name, None)
    return environ
