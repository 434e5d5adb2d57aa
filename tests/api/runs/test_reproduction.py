"""A run beside one that makes it once more: what is the same, and what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auger_reconcile.api.runs.comparison import ComparedRun, Comparison, environment_from_wire
from auger_reconcile.api.runs.leaderboard import Leaderboard
from auger_reconcile.api.runs.reproduction import Reproduction
from auger_reconcile.resources.search.account import EMPTY

MADE_WITH = {
    "python": "3.12.1",
    "packages": {"numpy": "2.1.0", "scikit-learn": "1.7.0"},
    "data": {"bytes": 10, "sha256": "ab"},
}


def row(algorithm: str, score: float | None, ensemble: bool = False, **params: Any) -> Any:
    told = {"algorithm": algorithm, "score": score, "algorithm_params": params}
    return {**told, "id": "T", "score_name": "r2", "ensemble": ensemble}


def run(*rows: Any, told: Any = MADE_WITH) -> ComparedRun:
    board = Leaderboard("R", "completed", rows, EMPTY)
    environment = environment_from_wire(told)
    return ComparedRun("e", "d", 9, 2, {"metric": "r2"}, board, (), environment)


def reproduce(left: ComparedRun, right: ComparedRun) -> Reproduction:
    return Reproduction.of(Comparison(left, right))


def test_the_same_trials_in_another_order_are_the_same() -> None:
    left = run(row("SVC", 0.9, C=1), row("SVC", 0.8, C=2), row("Mean", 0.95, True, of=["T1"]))
    right = run(row("Mean", 0.95, True, of=["T9"]), row("SVC", 0.8, C=2), row("SVC", 0.9, C=1))
    found = reproduce(left, right)
    assert found.is_same
    assert (found.different, found.missing, found.added, found.causes) == ((), (), (), ())


def test_scores_that_differ_by_the_last_digits_are_the_same() -> None:
    assert reproduce(run(row("SVC", 0.9)), run(row("SVC", 0.9 + 1e-12))).is_same
    assert not reproduce(run(row("SVC", 0.9)), run(row("SVC", 0.9 + 1e-6))).is_same


def test_trials_of_one_run_alone_are_told_apart() -> None:
    found = reproduce(run(row("SVC", 0.9, C=1)), run(row("SVC", 0.9, C=2)))
    assert not found.is_same
    assert [pair.first for pair in found.missing] == [0.9]
    assert [pair.again for pair in found.added] == [0.9]
    assert found.different == ()


def test_a_trial_asked_twice_has_two_counterparts() -> None:
    found = reproduce(run(row("SVC", 0.9), row("SVC", 0.9)), run(row("SVC", 0.9)))
    assert [pair.is_same for pair in found.trials] == [True, False]


def test_runs_without_trials_prove_nothing() -> None:
    assert not reproduce(run(), run()).is_same


def test_what_they_were_made_with_is_compared_by_name() -> None:
    other = {**MADE_WITH, "packages": {"numpy": "2.2.0"}, "data": {"bytes": 10, "sha256": "cd"}}
    found = reproduce(run(row("SVC", 0.9)), run(row("SVC", 0.9), told=other))
    names = {one.name: (one.left, one.right) for one in found.causes}
    assert names == {
        "data sha256": ("ab", "cd"),
        "numpy": ("2.1.0", "2.2.0"),
        "scikit-learn": ("1.7.0", None),
    }
    assert found.is_same  # the scores are the same all the same


def test_a_hub_that_keeps_nothing_of_it_is_no_difference() -> None:
    found = reproduce(run(row("SVC", 0.9), told=None), run(row("SVC", 0.9)))
    assert found.causes == ()


def test_settings_that_differ_are_causes() -> None:
    left = run(row("SVC", 0.9))
    found = reproduce(left, replace(left, settings={"metric": "mae"}))
    assert [one.name for one in found.causes] == ["metric"]


def test_json_and_frame_have_every_trial() -> None:
    found = reproduce(run(row("SVC", 0.9)), run(row("Ridge", 0.8)))
    told = found.to_json()
    assert (told["run_id"], told["reproduced_by"], told["is_same"]) == ("R", "R", False)
    assert list(found.to_frame().columns) == ["algorithm", "first", "again", "is_same"]
    assert len(found.to_frame()) == len(told["trials"]) == 2
