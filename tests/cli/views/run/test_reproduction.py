"""What differs between a run and its repetition, as a terminal shows it."""

from __future__ import annotations

import click

from auger_reconcile.api.runs.reproduction import Reproduction
from auger_reconcile.cli.views.run.reproduction import render_reproduction
from tests.api.runs.test_reproduction import MADE_WITH, reproduce, row, run


def text_of(found: Reproduction, width: int | None = None) -> str:
    return click.unstyle("\n".join(render_reproduction(found, width)))


def test_a_run_that_came_out_the_same_is_three_lines() -> None:
    found = reproduce(run(row("SVC", 0.9)), run(row("SVC", 0.9)))
    assert text_of(found).splitlines() == [
        "Run R, once more as R",
        "The same score: 1 of 1 trial.",
        "Packages, system, data and settings are the same.",
    ]


def test_what_differs_is_listed_with_what_may_be_why() -> None:
    other = {**MADE_WITH, "packages": {"numpy": "2.2.0", "scikit-learn": "1.7.0"}}
    left = run(row("SVC", 0.9), row("Ridge", 0.5), row("Lasso", 0.4))
    right = run(row("SVC", 0.9), row("Ridge", 0.25), row("LGBM", 0.7), told=other)
    text = text_of(reproduce(left, right))
    assert "The same score: 1 of 4 trials; another score: 1; only in the first: 1; only" in text
    assert "depends on the seconds of those before" in " ".join(text.split())
    assert "makes them the same" not in text  # nothing does on a machine that is loaded otherwise
    lines = [line.split() for line in text.splitlines()]
    assert ["Ridge", "0.500000", "0.250000"] in lines
    assert ["Lasso", "0.400000", "–"] in lines
    assert ["numpy", "2.1.0", "2.2.0"] in lines


def test_a_long_list_is_cut_and_says_so() -> None:
    left = run(*(row("SVC", 0.9, C=number) for number in range(30)))
    right = run(*(row("SVC", 0.8, C=number) for number in range(30)))
    assert "10 more trials; --json has all." in text_of(reproduce(left, right))


def test_it_fits_a_terminal() -> None:
    other = {**MADE_WITH, "data": {"bytes": 10, "sha256": "f" * 64}}
    found = reproduce(run(row("SVC", 0.9)), run(row("Ridge", 0.9), told=other))
    assert max(map(len, text_of(found, 80).splitlines())) <= 80


def test_runs_that_cannot_be_compared_say_so() -> None:
    assert "Neither run has a trial" in text_of(reproduce(run(), run()))
    found = reproduce(run(row("SVC", 0.9), told=None), run(row("SVC", 0.9)))
    assert "has not kept what it was made with" in text_of(found)
