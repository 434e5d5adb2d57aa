"""Errors, results and objects of the Python interface say what they are about."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.api.context import Context
from auger_reconcile.api.dataset import DataSet
from auger_reconcile.api.declarative import plan
from auger_reconcile.api.experiment import Experiment
from auger_reconcile.api.model import Model
from auger_reconcile.api.project import Project
from auger_reconcile.applier.result import ApplyResult, Outcome, Status
from auger_reconcile.errors import AugerError, ConfigError, PlanRefused
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb

FILE = "name: shop\ndataset: d.csv\nexperiment: {name: exp}\n"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    (tmp_path / "auger.yaml").write_text(FILE)
    return Context(tmp_path, environ={}, home=tmp_path)


def test_an_error_of_a_file_names_place_and_hint(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text("name: shop\nexperimnt: {}\n")
    with pytest.raises(ConfigError) as caught:
        plan(tmp_path)
    told = str(caught.value)
    assert told.startswith("1 problem in the configuration\n")
    assert "auger.yaml:2:1: unknown field: `experimnt` (" in told
    assert caught.value.summary == "1 problem in the configuration"


def test_a_refused_plan_names_its_reasons() -> None:
    assert str(PlanRefused([])) == "plan refused"


def test_objects_say_what_they_are(context: Context) -> None:
    assert repr(context).startswith("<Context of ")
    assert repr(Project(context)) == "<Project 'shop'>"
    assert repr(DataSet(context)) == "<DataSet 'd.csv', project 'shop'>"
    assert repr(Experiment(context)) == "<Experiment 'exp', project 'shop'>"
    assert repr(Model(context)) == "<Model project 'shop'>"


def test_a_result_is_printed_an_action_a_line() -> None:
    action = Action("a", Address("shop", "project", "shop"), Verb.CREATE, "shop", "new")
    done = Outcome(action, Status.APPLIED)
    failed = Outcome(action, Status.FAILED, error=AugerError("no <room>"))
    whole = Plan("https://hub.test", "acme", 1, "d", (action, action))
    result = ApplyResult(whole, (done, failed), interrupted=True)
    assert str(result).splitlines() == [
        "applied create project.shop",
        "failed  create project.shop: no <room>",
        "Interrupted. Applied 1 of 2 actions.",
    ]
    assert "&lt;room&gt;" in result._repr_html_()
    assert repr(result) == "<ApplyResult: 1 of 2 actions applied>"


def test_a_log_is_printed_where_nobody_listens(
    context: Context, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = logging.Logger("nobody")
    monkeypatch.setattr(context, "_logger", quiet)
    context.log("project %s", "shop")
    context.log("100 %")
    assert capsys.readouterr().out == "project shop\n100 %\n"
    quiet.addHandler(logging.NullHandler())
    context.log("not printed")
    assert capsys.readouterr().out == ""
