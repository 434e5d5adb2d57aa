"""Every setting that names a column is looked up in the header of a local file, at its place."""

from __future__ import annotations

import pytest

from auger_reconcile.errors import ConfigError
from config.conftest import Load

HEADER = "id,when,age,target\n1,2020-01-01,3,a\n2,2020-01-02,4,b\n"
FILE = """\
name: shop
datasets:
  a.csv: {{source: a.csv{data}}}
  h.csv: {{source: h.csv}}
experiments:
  e:
    dataset: a.csv
    model_type: {kind}
    target: target{search}
models:
  m: {{experiment: e{model}}}
"""


def named(load: Load, kind: str = "classification", **settings: str) -> list[str]:
    """Return the columns that are told, each with its severity, as they stand in their place."""
    told = {"data": "", "search": "", "model": "", **settings}
    text = FILE.format(kind=kind, **told)
    try:
        rows = "id,when,age,target,region\n1,2020-01-01,3,a,b\n"
        found = load(text, files={"a.csv": HEADER, "h.csv": rows}).warnings
    except ConfigError as error:
        found = error.diagnostics
    return [
        f"{one.severity.value} {one.span.text[one.span.column - 1 :][: one.span.length]}"
        for one in found
        if one.code == "unknown-column" and one.span
    ]


@pytest.mark.parametrize("setting", ["exclude", "label_encoded", "categoricals", "date_time"])
def test_a_column_of_a_list_is_looked_up(load: Load, setting: str) -> None:
    assert named(load, search=f"\n    {setting}: [age]") == []
    assert named(load, search=f"\n    {setting}: [age, aeg]") == ["warning aeg"]


def test_so_is_the_column_of_groups(load: Load) -> None:
    assert named(load, search="\n    groups_col: id") == []
    assert named(load, search="\n    groups_col: idd") == ["error idd"]


def test_so_are_the_weight_of_rows_and_what_is_constrained(load: Load) -> None:
    assert named(load, search="\n    sample_weight: age\n    monotonic_cst: {id: 1}") == []
    assert named(load, search="\n    sample_weight: aeg") == ["error aeg"]
    assert named(load, search="\n    monotonic_cst: {idd: -1}") == ["error idd"]


@pytest.mark.parametrize("setting", ["series: [idd]", "past_only: [idd]", "series: idd"])
def test_so_are_those_of_time_series(load: Load, setting: str) -> None:
    found = named(load, "timeseries", search=f"\n    {setting}\n    time_series: when")
    assert found == ["error idd"]


def test_so_are_declared_columns(load: Load) -> None:
    assert named(load, data=", columns: {age: {type: number}}") == []
    declared = ", columns: {aeg: {type: number}}"
    assert len(named(load, data=declared)) == 1
    assert named(load, data=f", on_schema_change: refuse{declared}")[0].startswith("error")


def test_a_monitor_is_looked_up_where_it_is_written(load: Load) -> None:
    assert named(load, model=", monitor: {segments: [when, id, aeg]}") == ["warning aeg"]
    assert named(load, model=", monitor: {segments: aeg}") == ["warning aeg"]


def test_a_gate_is_looked_up_in_the_rows_that_it_is_about(load: Load) -> None:
    gate = ", gate: {segments: {region: 0.5}}"
    assert named(load, model=gate) == ["error region"]
    assert named(load, search="\n    holdout: h.csv", model=gate) == []
    on_folds = ", gate: {on: folds, segments: {region: 0.5}}"
    assert named(load, search="\n    holdout: h.csv", model=on_folds) == ["error region"]


def test_what_is_to_go_is_not_looked_up(load: Load) -> None:
    gate = ", state: absent, gate: {segments: {region: 0.5}}, monitor: {segments: [x]}"
    assert named(load, model=gate) == []


def test_very_many_are_told_once(load: Load) -> None:
    many = ", ".join(f"x{number}" for number in range(30))
    assert len(named(load, search=f"\n    label_encoded: [{many}]")) == 1
