"""Files above, standard input and output, colours and the width of a terminal."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.cli.invocation import wants_color
from auger_reconcile.cli.views.plan.plan_text import render_plan
from auger_reconcile.config.syntax import text
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import FieldChange, Loss, Verb

from .conftest import User
from .static_hub import StaticHub

FILE = "name: churn\norganization: acme\n"


def type_in(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    text._standard_input.cache_clear()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))


def test_the_file_of_a_folder_above_is_taken_and_named(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(folder / "a" / "b")
    answer = user.run("validate")
    assert (answer.code, answer.err) == (0, "Using ../../auger.yaml.\n")


def test_a_repository_is_not_left_upwards(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "repository" / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder / "repository")
    answer = user.run("validate")
    assert answer.code == 1
    assert "auger new NAME" in answer.err


def test_a_named_file_is_not_looked_for(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    (folder / "a").mkdir()
    monkeypatch.chdir(folder / "a")
    assert user.run("-f", "auger.yaml", "validate").code == 1


def test_the_standard_input_is_a_file(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, FILE)
    assert user.run("-f", "-", "validate").out.startswith("Valid: 1 project")
    type_in(monkeypatch, "name: [\n")
    assert " -:2:1" in user.run("-f", "-", "validate").err


def test_a_plan_goes_through_a_pipe(
    user: User, folder: Path, empty_hub: StaticHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "auger.yaml").write_text(FILE)
    planned = user.run("plan", "--out", "-")
    assert json.loads(planned.out)["seal"]
    assert "project.churn" in planned.err
    type_in(monkeypatch, planned.out)
    assert "project.churn" in user.run("show", "-").out
    type_in(monkeypatch, planned.out)
    applied = user.run("apply", "-")
    assert applied.code == 1  # this hub refuses it
    assert "POST projects" in empty_hub.asked


def test_colours_can_be_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_color(stream, refused=False)
    assert not wants_color(stream, refused=True)
    assert not wants_color(None, refused=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(stream, refused=False)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "0")
    assert not wants_color(stream, refused=False)


def long_action(verb: Verb, loss: Loss) -> Action:
    address = Address("shop", "experiment", f"customers-{verb.value}")
    return Action(
        id=verb.value,
        address=address,
        verb=verb,
        name="customers-of-the-north",
        reason="the content has changed since `customers-2.csv`",
        detail="best trial of experiment.customers-of-the-north (known after the run), gate 0.85",
        changes=(FieldChange("cross_validation_folds", "x " * 40, 5),),
        loss=loss,
    )


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_plan_is_broken_between_words_alone(width: int) -> None:
    pairs = zip(Verb, [*Loss, Loss.NONE], strict=True)
    actions = tuple(long_action(verb, loss) for verb, loss in pairs)
    plan = Plan("http://127.0.0.1:8000", "a rather long organization", 1, "d", actions)
    wide, narrow = render_plan(plan, color=False), render_plan(plan, color=False, width=width)
    assert wide.split() == narrow.split()
    assert max(map(len, narrow.splitlines())) <= max(width, 70)
