"""A program of a user's, as a type checker sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

pytest.importorskip("mypy")

PROGRAM = """\
from collections.abc import Iterator
from pathlib import Path

from auger.api import (
    AugerError,
    Conflict,
    Context,
    DataSet,
    Experiment,
    Model,
    Project,
    apply,
    drift,
    plan,
)

ctx = Context(path="projects/churn")
project: Project = Project(ctx, "churn").create()
names: list[str] = [item["name"] for item in project.list()]
dataset: DataSet = DataSet(ctx, project, "churn.csv").create("churn.csv")
name, run_id = Experiment(ctx, dataset, "baseline").start(wait=True)
rows, status = Experiment(ctx).leaderboard(run_id)
model_id: str = Model(ctx, project).deploy(rows[0]["id"], locally=True)
result: Path = Model(ctx).predict("new.csv", model_id, threshold=0.5)
try:
    done: bool = apply(plan("projects/churn"), "projects/churn", on_event=print).is_complete
except Conflict as error:
    status_code: int | None = error.status
except AugerError as error:
    hint: str | None = error.hint
kinds: Iterator[str] = (found.divergence.value for found in drift().differences)
wrong: int = run_id
"""


@pytest.mark.slow
def test_a_program_is_checked_and_its_one_mistake_found(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--cache-dir",
            str(root / ".mypy_cache" / "user"),
            "program.py",
        ],
        cwd=tmp_path,
        env={"PATH": "", "MYPYPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    mistakes = [line for line in done.stdout.splitlines() if line.startswith("program.py")]
    assert len(mistakes) == 1, done.stdout + done.stderr
    assert 'expression has type "str", variable has type "int"' in mistakes[0]
