"""Properties of every plan: the same for the same inputs, and made in linear time."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from graphlib import CycleError
from pathlib import Path
from typing import Any

import pytest
from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan
from auger_reconcile.planner import diff
from auger_reconcile.planner.build import PlanOptions, assess, build_plan
from auger_reconcile.planner.index import Index
from auger_reconcile.planner.plan import Plan
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.names import revisions as _revisions
from auger_reconcile.state import ObservedState

from .observed import observe, placed

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


@pytest.mark.slow
@pytest.mark.process
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


def test_a_plan_is_for_the_observed_hub_and_the_declared_file() -> None:
    plan = build_plan(declare(DOCUMENT), observe(OBSERVED))
    assert (plan.hub, plan.organization, plan.organization_id) == ("https://hub.test", "acme", 7)
    assert plan.config_digest == "d"


def test_what_is_wrong_is_told_with_its_place() -> None:
    document = {
        "name": "shop",
        "datasets": {"d.csv": {"content": "x"}, "far.csv": {}},
        "experiments": {"exp": {"dataset": "d.csv", "target": "ghost"}},
    }
    files = [{"id": 1, "name": "d.csv"}]
    plan = build_plan(placed(declare(document)), observe({"project": {}, "files": files}))
    refused, unknown = sorted(plan.diagnostics, key=lambda item: item.code)
    (fault,) = plan.refusals
    assert refused == Diagnostic(
        Severity.ERROR,
        "refused",
        "it is not on the hub, and no source to make it from is declared",
        span=SourceSpan("auger.yaml", 5, 5),
        address="dataset.far.csv",
    )
    assert unknown == Diagnostic(
        Severity.WARNING,
        "unknown-content",
        "made by another client: its content cannot be compared with the source",
        span=SourceSpan("auger.yaml", 4, 5),
        address="dataset.d.csv",
    )
    assert (fault.severity, fault.code) == (Severity.ERROR, "preflight")
    assert "ghost" in fault.summary


def test_what_refers_to_nothing_keeps_its_own_name() -> None:
    desired = declare({"name": "shop", "experiments": {"exp": {"dataset": "ghost.csv"}}})
    found = assess(desired, Index(observe({"project": {}})))
    assert [one.assessment.name for one in found.values()] == ["shop", "exp"]


def test_resources_that_need_each_other_are_a_bug_of_their_kinds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circle = {"of": ("dataset", "e.csv")}
    monkeypatch.setattr(type(kind_of("dataset")), "references", lambda *_: circle)
    desired = declare({"name": "shop", "datasets": {"e.csv": {"content": "x"}}})
    with pytest.raises(CycleError) as caught:
        build_plan(desired, observe({"project": {}}))
    place = Address("shop", "dataset", "e.csv")
    assert caught.value.args == ("resources that need each other", [place])


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


@pytest.mark.slow
@pytest.mark.process
def test_ten_thousand_experiments_are_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_work(monkeypatch, 10_000) < 50 * 10_000
