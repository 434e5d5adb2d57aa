"""That nothing has to be done is said of what was looked at and compared, and of nothing else."""

from __future__ import annotations

import pytest
from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.coverage import COMPLETE, Coverage
from auger_reconcile.planner.drift import find_drift
from auger_reconcile.planner.saved.document import plan_of, to_document
from auger_reconcile.planner.targets import Scope
from auger_reconcile.resources.files.source import DatasetSpec, lacks_content
from auger_reconcile.resources.project import ProjectSpec
from auger_reconcile.state import Declared, DesiredState

from .observed import observe, placed

URL = "https://data.test/d.csv"
HOME = Address("shop", "project", "shop")
FAR, NEAR = Address("shop", "dataset", "far.csv"), Address("shop", "dataset", "near.csv")
HUB = {
    "project": {},
    "files": [
        {"id": 1, "name": "far.csv", "url": URL},
        {"id": 2, "name": "near.csv", "content": "old"},
        {"id": 3, "name": "near-1.csv", "content": "new"},
    ],
}


def desired(**datasets: str) -> DesiredState:
    """Declare data sets by name and source; no source has been read."""
    specs = [DatasetSpec(name=f"{name}.csv", source=source) for name, source in datasets.items()]
    places = {Address("shop", "dataset", spec.name): spec for spec in specs}
    resources = {at: Declared(at, spec) for at, spec in places.items()}
    return DesiredState({HOME: Declared(HOME, ProjectSpec(name="shop")), **resources})


def test_a_plan_of_everything_has_looked_at_everything() -> None:
    made = build_plan(placed(declare({"name": "shop"})), observe({"project": {}}))
    assert made.coverage == COMPLETE
    assert made.coverage.is_complete


def test_what_a_target_leaves_out_is_named() -> None:
    made = build_plan(desired(far=URL), observe(HUB), PlanOptions(targets=(HOME,)))
    assert made.coverage.left_out == (FAR,)
    assert not made.coverage.is_complete


def test_the_content_of_a_url_is_not_compared() -> None:
    made = build_plan(desired(far=URL), observe(HUB))
    assert made.is_empty
    assert list(made.coverage.uncompared) == [FAR]
    assert "may have changed" in made.coverage.uncompared[FAR]


def test_what_is_to_go_needs_no_comparison() -> None:
    made = build_plan(desired(far=URL), observe(HUB), PlanOptions(destroy=True))
    assert made.coverage == COMPLETE


def test_a_source_that_cannot_be_read_stands_for_its_newest_revision() -> None:
    made = build_plan(desired(near="near.csv"), observe(HUB))
    assert made.is_empty
    assert made.bindings[NEAR].id == 3
    assert list(made.coverage.uncompared) == [NEAR]


WHOLE, TAKEN = SourceSpan("auger.yaml", 3, 5), SourceSpan("auger.prod.yaml", 1, 9)


@pytest.mark.parametrize("repeats", [(), (NEAR,)])
@pytest.mark.parametrize(
    ("spans", "place"), [({"": WHOLE, "source": TAKEN}, TAKEN), ({"": WHOLE}, WHOLE)]
)
def test_that_there_is_no_source_is_told_where_it_was_taken_out(
    spans: dict[str, SourceSpan], place: SourceSpan, repeats: tuple[Address, ...]
) -> None:
    hub = observe(HUB if repeats else {"project": {}})
    declared = Declared(NEAR, DatasetSpec(name="near.csv"), spans)
    resources = {**desired().resources, NEAR: declared}
    plan = build_plan(DesiredState(resources), hub, PlanOptions(repeats=repeats))
    assert [(one.code, one.span) for one in plan.diagnostics] == [("refused", place)]


def test_a_source_lacks_content_until_it_is_read() -> None:
    spec = DatasetSpec(name="d.csv", source="d.csv")
    assert lacks_content(spec)
    assert not lacks_content(spec.model_copy(update={"sha256": "0" * 64}))
    assert not lacks_content(spec.model_copy(update={"source": URL}))
    assert not lacks_content(spec.model_copy(update={"state": "absent"}))
    assert not lacks_content(ProjectSpec(name="shop"))


def test_drift_says_the_same() -> None:
    whole = find_drift(desired(far=URL), observe(HUB))
    part = find_drift(desired(far=URL), observe(HUB), Scope(excludes=(FAR,)))
    assert list(whole.coverage.uncompared) == [FAR]
    assert part.coverage == Coverage((FAR,))


def test_a_document_keeps_it() -> None:
    made = build_plan(desired(far=URL, near="n.csv"), observe(HUB), PlanOptions(excludes=(NEAR,)))
    document = to_document(made)
    assert document["not_looked_at"] == ["shop/dataset.near.csv"]
    assert [one["address"] for one in document["not_compared"]] == ["shop/dataset.far.csv"]
    assert plan_of(document).coverage == made.coverage


def test_a_document_of_before_looked_at_everything() -> None:
    assert Coverage.from_document({}) == COMPLETE
