"""`python tests/mutations/mutants.py [FILE...]`: let mutmut change the planner; who notices?

The catalogue breaks promises; mutmut changes whatever can be changed, in a copy. What survives the
tests of the planner is shown, unless `equivalent.yaml` says why it changes nothing. Names of files
of the planner choose among them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from run import copy_to, say

PLANNER = "auger_reconcile/planner"
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
# These two make plans for seconds, and find nothing that the others do not.
SLOW = ("test_ten_thousand_experiments_are_planned", "test_hash_seed_does_not_matter")
SETTINGS = """\
[mutmut]
source_paths=auger_reconcile
only_mutate={only}
also_copy=
  auger
pytest_add_cli_args_test_selection=tests/planner
pytest_add_cli_args=
  -p
  no:cacheprovider
  {deselected}
timeout_multiplier=3.0
timeout_constant=10.0
use_git_change_detection=false
"""


class Survivor(NamedTuple):
    """A change that no test has noticed: the line as it is, and as it was for the tests."""

    file: str
    line: str
    instead: str


def main() -> int:
    """Run mutmut; return how many mutants survive that should not."""
    files = sys.argv[1:] or ["*.py"]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_to(copy)
        only = "".join(f"\n  {PLANNER}/{name}" for name in files)
        deselected = "\n  ".join(f"--deselect=tests/planner/test_build.py::{name}" for name in SLOW)
        (copy / "setup.cfg").write_text(SETTINGS.format(only=only, deselected=deselected))
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", _workers()]
        subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
        os.chdir(copy)  # where mutmut looks for what it has made
        total, survivors = _read_results()
    known = {Survivor(*one["change"]) for one in yaml.safe_load(EQUIVALENT.read_text())}
    wrong = [one for one in survivors if one not in known]
    for one in wrong:
        say(f"SURVIVED  {one.file}\n  - {one.line}\n  + {one.instead}")
    say(f"{total} mutants, {len(survivors)} survive, {len(survivors) - len(wrong)} are equivalent.")
    return len(wrong)


def _workers() -> str:
    return str(len(os.sched_getaffinity(0)))


def _read_results() -> tuple[int, list[Survivor]]:
    total, survivors = 0, []
    for path in sorted(Path(PLANNER).rglob("*.py")):
        results = SourceFileMutationData(path=path)
        results.load()
        total += len(results.exit_code_by_key)
        for name, code in results.exit_code_by_key.items():
            if code in (0, 33):  # all tests pass, or none touches it
                survivors.append(_describe(path, name))
    return total, survivors


def _describe(path: Path, name: str) -> Survivor:
    told = list(_changed_lines(get_diff_for_mutant(name, path=path)))
    before = " ".join(line[1:].strip() for line in told if line[0] == "-")
    after = " ".join(line[1:].strip() for line in told if line[0] == "+")
    return Survivor(path.name, before, after)


def _changed_lines(diff: str) -> Iterator[str]:
    return (line for line in diff.splitlines()[3:] if line[:1] in ("-", "+"))


if __name__ == "__main__":
    sys.exit(main())
