"""`python tests/mutations/run.py [WORD...]`: apply each mutation to a copy, and look who notices.

A mutation that no test notices survives: then a promise is not tested. The suite of the mutated
package comes first; only what survives it meets the slower ones. Words choose the mutations whose
promise has them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from catalogue import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
COPIED = ("auger_reconcile", "auger", "tests", "examples", "docs", "pyproject.toml")
SLOWER = (
    ("tests/planner", "tests/applier", "tests/client", "tests/resources"),
    ("tests/laws", "tests/cli/test_run.py"),
)
LONGEST = 600  # seconds a suite may take
OPTIONS = ("-p", "no:cacheprovider", "--timeout", "60")  # a mutation may make a test wait for ever


def main() -> int:
    """Run all mutations; return how many survived or do not fit the source any more."""
    words = sys.argv[1:]
    chosen = [one for one in MUTATIONS if not words or any(word in one.breaks for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_to(copy)
        packages = {one.package for one in chosen}
        if suite := _noticed(copy, [[f"tests/{name}" for name in sorted(packages)]]):
            say(f"the suites fail without any mutation: {suite}")
            return 1
        survivors = [one for one in chosen if not _is_killed(one, copy)]
    say(f"{len(chosen) - len(survivors)} of {len(chosen)} mutations were noticed.")
    return len(survivors)


def say(text: str) -> None:
    """Write a line at once, so that a long run can be watched."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def copy_to(copy: Path) -> None:
    """Copy all that the tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)


def _is_killed(mutation: Mutation, copy: Path) -> bool:
    path = copy / "auger_reconcile" / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        say(f"DOES NOT FIT  {mutation.breaks}: {mutation.file}")
        return False
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        suite = _noticed(copy, [(f"tests/{mutation.package}",), *SLOWER])
    finally:
        path.write_text(text, encoding="utf-8")
    say(f"{'noticed ' if suite else 'SURVIVED'}  {mutation.breaks}  {suite}")
    return bool(suite)


def _noticed(copy: Path, suites: Sequence[Sequence[str]]) -> str:
    """Return the first test that fails, "" when all pass."""
    for suite in suites:
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", *OPTIONS]
        try:
            done = subprocess.run(
                [*command, *suite],
                cwd=copy,
                check=False,
                capture_output=True,
                text=True,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            return "a suite that does not end"
        if done.returncode:
            lines = done.stdout.splitlines()
            told = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
            return told[0] if told else lines[-1]
    return ""


if __name__ == "__main__":
    sys.exit(main())
