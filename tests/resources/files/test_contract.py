"""The data contract: what is different in new data, and what a data set does about it."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources.dataset import KIND
from auger_reconcile.resources.files.contract import (
    breaks,
    compare_header,
    compare_tables,
    last_accepted,
    say_breach,
)
from auger_reconcile.resources.files.project_file import from_wire
from auger_reconcile.resources.files.source import DatasetSpec, address_of
from auger_reconcile.resources.project import ProjectObject
from tests.resources.driving import drive, work

HASH = "ab" * 32
SPEC = DatasetSpec(name="d.csv", source="d.csv", path="/x/d.csv", sha256=HASH, size=9)
PROJECT = ProjectObject(3, "shop", "running", {})
FORM = {"url": "https://bucket.s3.us-west-2.amazonaws.com", "fields": {"key": "w/d-1a2b3c.csv"}}


def wire(number: int, *columns: dict[str, Any], status: str = "processed") -> dict[str, Any]:
    schema = {"columns": [{"name": one["column_name"], "type": one["type"]} for one in columns]}
    return {
        "id": number,
        "name": f"d-{number}.csv",
        "status": status,
        "url": f"s3://b/files/sha256-{HASH}-d.csv",
        "statistics": {"stat_data": list(columns), "schema": schema, "notices": []},
    }


def column(name: str, kind: str, *values: str) -> dict[str, Any]:
    counts = {"value_counts": dict.fromkeys(values, 1)} if values else {}
    return {"column_name": name, "type": kind, "orig_datatype": "string", **counts}


AGE, TOWN = column("age", "number"), column("town", "category", "Ulm", "Bonn")


@pytest.mark.parametrize(
    ("new", "codes"),
    [
        ([AGE, TOWN], []),
        ([TOWN, AGE], []),
        ([AGE], ["column-gone"]),
        ([AGE, TOWN, column("size", "number")], ["column-added"]),
        ([column("Age", "number"), TOWN], ["column-gone", "column-added"]),
        ([column("age", "category", "x"), TOWN], ["type-changed"]),
        ([AGE, column("town", "date")], ["type-changed"]),
        ([AGE, column("town", "text")], []),
        ([AGE, column("town", "category", "Ulm")], []),
        ([AGE, column("town", "category", "Ulm", "Kiel", "Jena")], ["new-categories"]),
    ],
)
def test_changes_are_told_by_kind(new: list[dict[str, Any]], codes: list[str]) -> None:
    changes = compare_tables(from_wire(wire(1, AGE, TOWN)), from_wire(wire(2, *new)))
    assert [change.code for change in changes] == codes


def test_new_values_are_counted_and_some_are_named() -> None:
    many = column("town", "category", *"abcdef")
    (change,) = compare_tables(from_wire(wire(1, TOWN)), from_wire(wire(2, many)))
    assert (change.count, change.column) == (6, "town")
    assert change.text.endswith("before: `a`, `b`, `c`, ....")


@pytest.mark.parametrize("header", [None, ("age", "town")])
def test_a_header_that_tells_nothing_is_no_change(header: tuple[str, ...] | None) -> None:
    assert compare_header(from_wire(wire(1, AGE, TOWN)), header) == ()


def test_names_that_the_hub_made_are_those_of_the_header() -> None:
    made = wire(1, column("Unnamed: 0", "number"), column("x", "number"), column("x.1", "number"))
    assert compare_header(from_wire(made), ("Unnamed: 0", "x", "x.1")) == ()


def test_data_that_was_not_read_is_not_compared() -> None:
    unread = from_wire({**wire(1), "statistics": None})
    assert compare_tables(unread, from_wire(wire(2, AGE))) == ()
    assert compare_header(unread, ("age",)) == ()


def test_a_further_column_breaks_nothing() -> None:
    changes = compare_tables(from_wire(wire(1, AGE)), from_wire(wire(2, TOWN)))
    assert [change.code for change in breaks(changes)] == ["column-gone"]
    assert say_breach(changes).endswith(
        "`refuse`: The new data has no column `age` (`warn` lets it pass)"
    )


@pytest.mark.parametrize(
    ("second", "learned_from", "accepted"),
    [
        ([AGE, TOWN], (), 2),
        ([TOWN], (), 1),
        ([TOWN], (2,), 2),
        ([], (), 1),  # the hub has not read it yet
    ],
)
def test_what_was_refused_is_nothing_to_compare_with(
    second: list[dict[str, Any]], learned_from: tuple[int, ...], accepted: int
) -> None:
    revisions = [from_wire(wire(1, AGE, TOWN)), from_wire(wire(2, *second), learned_from)]
    assert getattr(last_accepted(revisions), "id", None) == accepted


def test_of_no_revision_none_is_accepted() -> None:
    assert last_accepted([]) is None


def test_what_an_experiment_with_a_run_is_on_was_learned_from() -> None:
    experiments = [{"id": "a", "project_file_id": 1}, {"id": "b", "project_file_id": 2}]
    runs = [{"experiment_id": "b"}]
    files = [wire(1, AGE), wire(2, AGE)]
    answers = {"project_files": files, "experiments": experiments, "experiment_sessions": runs}
    assert [one.is_learned_from for one in KIND.observe(answers)] == [False, True]


def test_another_revision_of_a_url_has_an_address_of_its_own() -> None:
    spec = DatasetSpec(name="d.csv", source="https://x.test/d.csv")
    before = from_wire({**wire(1), "name": "d.csv", "url": "https://x.test/d.csv"})
    assert address_of(spec, "d-2.csv", before) == "https://x.test/d.csv#/d-2.csv"
    assert address_of(spec, "d.csv", before) == "https://x.test/d.csv"


def created(spec: DatasetSpec, *new: dict[str, Any]) -> Any:
    """Make a data set after a revision of age and town, on a hub that then tells its columns."""
    before = from_wire(wire(1, AGE, TOWN))
    steps = KIND.create(work(spec, name="d-2.csv", project=PROJECT, previous=before))
    organization = {"id": 7, "cluster_mode": "multi_tenant"}
    unread = {**wire(2, status="processing"), "statistics": None}
    return drive(steps, organization, FORM, None, unread, wire(2, *new))[1]


def test_what_only_the_hub_can_tell_is_a_notice_of_the_new_data_set() -> None:
    found = created(SPEC, column("age", "text"), TOWN)
    assert [(notice.code, notice.column) for notice in found.notices] == [("type-changed", "age")]


def test_what_fits_has_no_notice() -> None:
    assert created(SPEC, AGE, TOWN).notices == ()


def test_data_that_does_not_fit_is_a_failed_create_where_that_is_refused() -> None:
    strict = SPEC.model_copy(update={"on_schema_change": "refuse"})
    with pytest.raises(ActionFailed, match="`age` was read as number, and now is as names"):
        created(strict, column("age", "text"), TOWN)


@pytest.mark.parametrize(("on_change", "is_error"), [("warn", False), ("refuse", True)])
def test_a_declared_column_is_looked_for_in_the_header(on_change: str, *, is_error: bool) -> None:
    given = {"columns": {"agee": {"type": "number"}}, "header": ("age",)}
    spec = DatasetSpec(name="d.csv", source="d.csv", on_schema_change=on_change, **given)
    (finding,) = KIND.check(spec, {})
    assert (finding.path, finding.is_error) == (("columns", "agee"), is_error)
    assert finding.hint == "the data has `age`"
