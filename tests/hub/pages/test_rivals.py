"""Which model is said to be better."""

from __future__ import annotations

from typing import Any

from auger_hub.pages.rivals import judge


def one(name: str, score: float, holdout: float | None = None, **more: Any) -> dict[str, Any]:
    told = {"id": name, "algorithm": f"sklearn.{name}", "score": score, "holdout": holdout}
    return {**told, "run": 2, "spread": 0.01, "is_other_data": False, **more}


def test_the_holdout_decides_where_there_is_one() -> None:
    live, new = one("A", 0.80, 0.90), one("B", 0.90, 0.80)
    told = judge(live, [new, live])
    assert told["word"] == "live"
    assert "B of run 2 scores 0.1000 less than the live model on the holdout" in told["text"]


def test_a_better_challenger_is_said_to_be_better() -> None:
    live, new = one("A", 0.80), one("B", 0.90)
    told = judge(live, [new, live])
    assert told["word"] == "challenger"
    assert told["text"].startswith("The challenger is better: B of run 2 scores 0.1000 more")


def test_less_than_the_folds_differ_by_decides_nothing() -> None:
    live = one("A", 0.80)
    assert judge(live, [one("B", 0.805), live])["word"] == "draw"
    assert "the same as" in judge(live, [one("B", 0.80), live])["text"]


def test_a_challenger_that_is_not_scored_on_the_holdout_is_there_and_not_judged() -> None:
    told = judge(one("A", 0.80, 0.90), [one("B", 0.95), one("A", 0.80, 0.90)])
    assert told["word"] == "unknown"
    assert "no challenger was scored on the holdout" in told["text"]


def test_a_model_of_other_data_is_no_challenger() -> None:
    live, other = one("A", 0.80), one("B", 0.90, is_other_data=True)
    assert judge(live, [other, live])["word"] == "alone"
