"""Properties of every plan: the same for the same inputs, and made in linear time."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from laws.declared import declare

from auger_reconcile.planner import diff
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources import _revisions
from auger_reconcile.state import ObservedState

from .observed import observe

DOCUMENT: dict[str, Any] = {
    "name": "shop",
    "state": "stopped",
    "cluster": {"max_nodes": 4},
    "datasets": {f"d{n}.csv": {"content": "y" if n % 2 else "x"} for n in range(6)},
    "experiments": {f"e{n}": {"dataset": f"d{n}.csv", "exclude": ["age"]} for n in range(6)},
    "models": {f"m{n}": {"experiment": f"e{n}"} for n in range(6)},
}
OBSERVED: dict[str, Any] = {
    "project": {"status": "running", "workers_count": 2},
    "files": [{"id": n, "name": f"d{n}.csv", "content": "x"} for n in range(12)],
    "experiments": [{"id": f"E{n}", "name": f"e{n}", "file": n} for n in range(6)],
    "runs": [{"id": f"R{n}", "of": f"E{n}", "score": 0.5} for n in range(6)],
    "pipelines": [{"trial": f"T{n}", "run": f"R{n}", "score": 0.5} for n in range(6)],
}

ALL = PlanOptions(prune=True)


def as_text(plan: Plan) -> str:
    return json.dumps([repr(action) for action in plan.actions])


def reverse(observed: ObservedState) -> ObservedState:
    objects = {place: tuple(reversed(found)) for place, found in observed.objects.items()}
    return replace(observed, objects=objects)


def show() -> None:
    sys.stdout.write(as_text(build_plan(declare(DOCUMENT), observe(OBSERVED), ALL)))


def test_order_of_answers_does_not_matter() -> None:
    desired, observed = declare(DOCUMENT), observe(OBSERVED)
    plan, other = (build_plan(desired, one, ALL) for one in (observed, reverse(observed)))
    assert as_text(plan) == as_text(other)


def test_hash_seed_does_not_matter() -> None:
    texts = {run("import planner.test_build as t; t.show()", PYTHONHASHSEED=s) for s in ("1", "2")}
    assert len(texts) == 1
    assert "delete:shop/model.m1:T1" in texts.pop()


def run(program: str, **environ: str) -> str:
    tests = str(Path(__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": tests, **environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def count_work(monkeypatch: pytest.MonkeyPatch, number: int) -> int:
    """Return how many names and settings are looked at to plan so many experiments."""
    work = 0

    def counting(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal work
            work += 1
            return function(*args, **kwargs)

        return call

    names = range(number)
    document = {
        "name": "shop",
        "datasets": {"d.csv": {"content": "x"}},
        "experiments": {f"e{n}": {"dataset": "d.csv", "metric": "accuracy"} for n in names},
    }
    told = {
        "project": {"status": "running"},
        "files": [{"id": 1, "name": "d.csv", "content": "x"}],
        "experiments": [{"id": f"E{n}", "name": f"e{n}", "file": 1} for n in names[::2]],
        "runs": [{"id": f"R{n}", "of": f"E{n}"} for n in names[::2]],
    }
    desired, observed = declare(document), observe(told)
    with monkeypatch.context() as patch:
        patch.setattr(diff, "is_same", counting(diff.is_same))
        for name in ("is_named", "revision_number", "canonical"):
            patch.setattr(_revisions, name, counting(getattr(_revisions, name)))
        plan = build_plan(desired, observed)
    assert len(plan.actions) == number + number // 2
    return work


def test_twice_the_experiments_are_at_most_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_work(monkeypatch, 400) <= 2.1 * count_work(monkeypatch, 200)


def test_ten_thousand_experiments_are_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_work(monkeypatch, 10_000) < 50 * 10_000
