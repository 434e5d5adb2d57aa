"""A plan can be printed, and shows itself in a notebook."""

from __future__ import annotations

from laws.declared import declare

from auger_reconcile.planner.build import build_plan
from tests.api.cells import cells_of

from .observed import observe, placed

FILE = {"name": "shop", "datasets": {"d.csv": {"content": "x"}, "far.csv": {}}}


def test_a_printed_plan_has_a_line_an_action() -> None:
    made = build_plan(placed(declare(FILE)), observe({}))
    lines = str(made).splitlines()
    assert lines[0].startswith("create  project.shop")
    assert "Plan: 2 to create, 1 to start, 0 to stop, 0 to delete, 0 to select." in lines
    assert "no source to make it from is declared" in lines[-1]


def test_a_plan_says_what_it_is() -> None:
    made = build_plan(placed(declare(FILE)), observe({}))
    assert repr(made) == "<Plan of 3 actions for https://hub.test>"
    assert cells_of(made._repr_html_())[3:5] == ["project.shop", "create"]
