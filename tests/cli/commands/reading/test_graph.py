"""`auger graph`: a plan in the languages of pictures, whatever its names are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws.declared import declare

from auger_reconcile.cli.views.plan.graph import render_dot, render_mermaid
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.plan import Plan
from auger_reconcile.state import ObservedState
from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub

FILE = """\
name: churn
organization: acme
datasets: {churn.csv: {source: churn.csv}}
experiments: {baseline: {model_type: classification, target: churned}}
models: {production: {experiment: baseline}}
"""
DOT_STRING = r'"(?:[^"\\\n]|\\[\\"n])*"'
DOT_LINE = re.compile(
    rf"digraph auger {{|  rankdir = RL|  node \[.*\]|}}"
    rf"|  n\d+ \[label = {DOT_STRING}, fillcolor = {DOT_STRING}\]|  n\d+ -> n\d+"
)
MERMAID_TEXT = r"(?:[\w ./-]|#\d+;|<br/>)*"
MERMAID_LINE = re.compile(
    rf"flowchart RL|  n\d+\[\"{MERMAID_TEXT}\"\]|  n\d+ --> n\d+|  style n\d+ fill:#\w+,color:#000"
)


@pytest.fixture(autouse=True)
def declared(folder: Path, empty_hub: StaticHub) -> None:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "churn.csv").write_text("churned,age\n1,2\n")


def plan_of(name: str) -> Plan:
    document = {
        "name": name,
        "datasets": {name: {"content": "x"}},
        "experiments": {name: {"dataset": name}},
        "models": {name: {"experiment": name}},
    }
    return build_plan(declare(document), ObservedState("h", "acme", 1, {}), PlanOptions())


def test_every_resource_is_drawn_with_its_actions_and_needs(user: User) -> None:
    lines = user.run("graph").out.splitlines()
    assert '  n1 [label = "dataset.churn.csv\\n+ create", fillcolor = "#d6f5d6"]' in lines
    assert {"  n1 -> n0", "  n2 -> n1", "  n3 -> n2"} <= set(lines)


def test_mermaid_draws_the_same(user: User) -> None:
    lines = user.run("graph", "--format", "mermaid").out.splitlines()
    assert lines[0] == "flowchart RL"
    assert '  n2["experiment.baseline<br/>#43; create<br/>#62; start"]' in lines
    assert {"  n1 --> n0", "  n2 --> n1", "  n3 --> n2"} <= set(lines)


def test_json_names_nodes_and_edges_by_address(user: User) -> None:
    document = json.loads(user.run("graph", "--json").out)
    assert {"from": "churn/model.production", "to": "churn/experiment.baseline"} in document[
        "edges"
    ]
    assert document["nodes"][2]["actions"] == ["create", "start"]


def test_drawing_only_reads(user: User, empty_hub: StaticHub) -> None:
    user.run("graph", "--destroy")
    assert {request.partition(" ")[0] for request in empty_hub.asked} == {"GET"}


def test_what_is_only_deleted_is_drawn_too(user: User, folder: Path, empty_hub: StaticHub) -> None:
    empty_hub.objects["projects"] = [
        {"id": 7, "name": "churn", "organization_id": 1, "status": "running"}
    ]
    extra = {"id": 8, "name": "x.csv", "project_id": 7, "status": "processed", "url": "s3://x"}
    empty_hub.objects["project_files"] = [extra]
    assert 'label = "dataset.x.csv\\n- delete"' in user.run("graph", "--prune").out


ODD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(ODD)
def test_dot_is_valid_whatever_the_names(name: str) -> None:
    lines = render_dot(plan_of(name)).split("\n")[:-1]
    assert [line for line in lines if not DOT_LINE.fullmatch(line)] == []


@given(ODD)
def test_mermaid_is_valid_whatever_the_names(name: str) -> None:
    lines = render_mermaid(plan_of(name)).split("\n")[:-1]
    assert [line for line in lines if not MERMAID_LINE.fullmatch(line)] == []
