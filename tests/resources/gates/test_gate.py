"""Every outcome of a gate, with its text: what was measured goes in, a decision comes out."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.resources.gates.gate import (
    FOLDS,
    HOLDOUT,
    Bout,
    Check,
    Contender,
    Decision,
    Gate,
    Verdict,
    Where,
    decide,
    describe_gate,
    unmeasured,
)
from auger_reconcile.resources.gates.measured import Evaluation, Segment

H = Where(HOLDOUT, "12", "holdout.csv")
F = Where(FOLDS, "R2", "R2")
REGIONS = (Segment("north", 40, 0.9), Segment("south", 60, 0.78), Segment("west", 12, 0.2))


def measured(trial: str, score: float | None, **more: Any) -> Evaluation:
    return Evaluation(trial, "R2", "12", 112, score, **more)


def on_folds(trial: str, score: float | None, **more: Any) -> Evaluation:
    return Evaluation(trial, "R2", None, 500, score, **more)


NEW = Contender("T2", "R2", 0.88)
LIVE = Contender("T1", "R1", 0.86)
BOUT = Bout("accuracy", NEW, LIVE, F, H)


def bout(*told: Evaluation, **changes: Any) -> Bout:
    """Return the bout with what was measured."""
    one = BOUT._replace(**changes)
    champion = one.champion and one.champion._replace(evaluations=told)
    challenger = one.challenger._replace(evaluations=told)
    return one._replace(challenger=challenger, champion=champion)


def verdict(gate: Gate, about: Bout) -> tuple[str, str]:
    decision = decide(gate, about)
    return decision.verdict.value, decision.text


LEAST, BEATS = Gate(min_score=0.85), Gate(beats_live=True)
MARGIN = Gate(beats_live=True, margin=0.02)
SEGMENTS = Gate(segments={"region": 0.8})
NO_ROWS = "holdout.csv has no column `age`"


@pytest.mark.parametrize(
    ("gate", "about", "outcome", "text"),
    [
        # a least score: on the holdout where there is one, on the folds where it says so
        (LEAST, bout(measured("T2", 0.9)), "open", "the gate is open"),
        (LEAST, bout(measured("T2", 0.85)), "open", "the gate is open"),
        (
            LEAST,
            bout(measured("T2", 0.84)),
            "closed",
            "the gate is closed: 0.8400 on holdout.csv is below 0.85",
        ),
        (LEAST, bout(), "unknown", "score on holdout.csv is not measured yet"),
        (LEAST, bout(measured("T1", 0.9)), "unknown", "score on holdout.csv is not measured yet"),
        (
            LEAST,
            bout(measured("T2", None, error=NO_ROWS)),
            "closed",
            f"it cannot be judged on holdout.csv: {NO_ROWS}",
        ),
        (
            LEAST,
            bout(measured("T2", None)),
            "closed",
            "it cannot be judged on holdout.csv: the metric is undefined there",
        ),
        (LEAST, bout(holdout=None), "open", "the gate is open"),
        (
            Gate(min_score=0.9, on=FOLDS),
            bout(measured("T2", 1.0)),
            "closed",
            "0.8800 on the folds of run R2 is below 0.9",
        ),
        (
            LEAST,
            bout(holdout=None, folds=None),
            "unknown",
            "score on the rows of the run to come is not measured yet",
        ),
        (
            LEAST,
            bout(measured("T2", 0.9), challenger=Contender(None, None, None)),
            "unknown",
            "score on holdout.csv is not measured yet",
        ),
        # better than the live model, on the same rows
        (BEATS, bout(measured("T2", 0.9), measured("T1", 0.8)), "open", "the gate is open"),
        (
            BEATS,
            bout(measured("T2", 0.8), measured("T1", 0.9)),
            "closed",
            "0.8000 on holdout.csv is not better than 0.9000 of the live model",
        ),
        (
            BEATS,
            bout(measured("T2", 0.9), measured("T1", 0.9)),
            "closed",
            "0.9000 on holdout.csv is not better than 0.9000 of the live model",
        ),
        (MARGIN, bout(measured("T2", 0.92), measured("T1", 0.9)), "open", "the gate is open"),
        (
            MARGIN,
            bout(measured("T2", 0.91), measured("T1", 0.9)),
            "closed",
            "0.9100 on holdout.csv is not better than 0.9000 of the live model by 0.02",
        ),
        (BEATS, bout(champion=None), "open", "the gate is open"),
        (BEATS, bout(champion=None, folds=None, holdout=None), "open", "the gate is open"),
        (
            BEATS,
            bout(measured("T2", 0.9)),
            "unknown",
            "live model on holdout.csv is not measured yet",
        ),
        (
            BEATS,
            bout(measured("T1", 0.9)),
            "unknown",
            "live model on holdout.csv is not measured yet",
        ),
        (
            BEATS,
            bout(measured("T2", 0.9), measured("T1", None, error=NO_ROWS)),
            "closed",
            f"the live model cannot be judged on holdout.csv: {NO_ROWS}",
        ),
        (
            BEATS,
            bout(measured("T2", None, error=NO_ROWS), measured("T1", 0.9)),
            "closed",
            f"it cannot be judged on holdout.csv: {NO_ROWS}",
        ),
        # without a holdout: the folds of the run that found the challenger
        (
            BEATS,
            bout(holdout=None),
            "unknown",
            "live model on the folds of run R2 is not measured yet",
        ),
        (BEATS, bout(on_folds("T1", 0.87), holdout=None), "open", "the gate is open"),
        (
            BEATS,
            bout(on_folds("T1", 0.89), holdout=None),
            "closed",
            "0.8800 on the folds of run R2 is not better than 0.8900 of the live model",
        ),
        (
            BEATS,
            bout(holdout=None, champion=Contender("T1", "R2", 0.87)),
            "open",
            "the gate is open",
        ),
        (
            BEATS,
            bout(holdout=None, folds=None),
            "unknown",
            "live model on the rows of the run to come is not measured yet",
        ),
        # a least score for every value of a column
        (
            SEGMENTS,
            bout(measured("T2", 0.9, segments={"region": REGIONS[:1]})),
            "open",
            "the gate is open",
        ),
        (
            SEGMENTS,
            bout(measured("T2", 0.9, segments={"region": REGIONS})),
            "closed",
            "the gate is closed: 0.7800 for region = south is below 0.8",
        ),
        (
            SEGMENTS,
            bout(measured("T2", 0.9, segments={"region": REGIONS[2:]})),
            "open",
            "the gate is open",
        ),
        (
            SEGMENTS,
            bout(measured("T2", 0.9, segments={"region": (Segment("east", 90, None),)})),
            "open",
            "the gate is open",
        ),
        (
            SEGMENTS,
            bout(measured("T2", 0.9, segments={"region": None})),
            "closed",
            "holdout.csv has no column `region`",
        ),
        (
            SEGMENTS,
            bout(measured("T2", None, error=NO_ROWS)),
            "closed",
            f"it cannot be judged on holdout.csv: {NO_ROWS}",
        ),
        (
            SEGMENTS,
            bout(measured("T2", 0.9)),
            "unknown",
            "`region` on holdout.csv is not measured yet",
        ),
        (
            SEGMENTS,
            bout(holdout=None, folds=None),
            "unknown",
            "`region` on the rows of the run to come is not measured yet",
        ),
        (
            Gate(segments={"region": 0.8}, on=FOLDS),
            bout(),
            "unknown",
            "`region` on the folds of run R2 is not measured yet",
        ),
        # several: one that is closed closes the gate, whatever is not known yet
        (
            Gate(min_score=0.85, beats_live=True),
            bout(measured("T2", 0.84)),
            "closed",
            "the gate is closed: 0.8400 on holdout.csv is below 0.85",
        ),
        (
            Gate(min_score=0.85, beats_live=True),
            bout(measured("T2", 0.86)),
            "unknown",
            "the gate is not decided yet: live model on holdout.csv is not measured yet",
        ),
    ],
)
def test_a_gate_is(gate: Gate, about: Bout, outcome: str, text: str) -> None:
    found, told = verdict(gate, about)
    assert (found, told.endswith(text)) == (outcome, True), told


def test_what_is_not_judged_is_told_with_its_rows() -> None:
    values = (*REGIONS, Segment("east", 90, None))
    about = bout(
        measured("T2", 0.9, segments={"region": values}),
        measured("T1", 0.8, segments={"region": REGIONS[:2]}),
    )
    told = {check.what: check for check in decide(SEGMENTS, about).checks}
    west, east, south = (told[f"region = {name}"] for name in ("west", "east", "south"))
    assert (west.verdict, east.verdict) == (Verdict.NOT_JUDGED, Verdict.NOT_JUDGED)
    assert west.text == "region = west has 12 rows, too few to judge: 30 are needed"
    assert east.text == "the metric is undefined for region = east"
    assert (south.champion, south.challenger, south.needed, south.count) == (0.78, 0.78, 0.8, 60)


def test_the_numbers_of_both_stand_beside_each_other() -> None:
    gate = Gate(min_score=0.85, beats_live=True, margin=0.02)
    first, second = decide(gate, bout(measured("T2", 0.9), measured("T1", 0.8))).checks
    assert first == Check(
        "score",
        Verdict.OPEN,
        "holdout.csv",
        "0.9000 on holdout.csv reaches 0.85",
        0.8,
        0.9,
        0.85,
        112,
    )
    assert (second.champion, second.challenger, second.needed) == (0.8, 0.9, 0.8200000000000001)


def test_the_newest_measurement_of_the_same_rows_counts() -> None:
    about = bout(measured("T2", 0.1), measured("T2", 0.9))
    assert decide(LEAST, about).verdict is Verdict.OPEN


def test_what_was_measured_by_another_metric_is_not_known() -> None:
    told = measured("T2", 0.9, metric="r2")
    by = Contender("T2", "R2", 0.88, (told,), "r2")
    assert by.on(H) == told
    assert by._replace(metric="neg_rmse").on(H) is None
    assert by._replace(metric=None).on(H) == told


def test_a_decision_reads_its_json_form_back() -> None:
    decision = decide(SEGMENTS, bout(measured("T2", 0.9, segments={"region": REGIONS})))
    told = decision.to_json()
    assert (told["verdict"], told["champion"], told["challenger"]) == ("closed", "T1", "T2")
    assert Decision.from_json(told) == decision


@pytest.mark.parametrize(
    ("gate", "about", "asked"),
    [
        (LEAST, bout(), [(H, "T2", ())]),
        (LEAST, bout(measured("T2", 0.9)), []),
        (LEAST, bout(holdout=None), []),
        (BEATS, bout(), [(H, "T2", ()), (H, "T1", ())]),
        (BEATS, bout(champion=None), []),
        (BEATS, bout(holdout=None), [(F, "T1", ())]),
        (BEATS, bout(holdout=None, folds=None), []),
        (SEGMENTS, bout(), [(H, "T2", ("region",)), (H, "T1", ("region",))]),
        (
            Gate(segments={"region": 0.8}, beats_live=True),
            bout(),
            [(H, "T2", ("region",)), (H, "T1", ("region",))],
        ),
        (SEGMENTS, bout(challenger=Contender(None, None, None), champion=None), []),
    ],
)
def test_what_is_not_measured_is_asked_for_once(gate: Gate, about: Bout, asked: list[Any]) -> None:
    assert list(unmeasured(gate, about)) == asked


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (LEAST, "gate 0.85"),
        (Gate(min_score=0.85, on=HOLDOUT), "gate 0.85 on the holdout"),
        (MARGIN, "gate better than the live model by 0.02"),
        (Gate(beats_live=True), "gate better than the live model"),
        (SEGMENTS, "gate 0.8 in every `region`"),
        (Gate(), ""),
    ],
)
def test_a_gate_in_words(gate: Gate, text: str) -> None:
    assert describe_gate(gate) == text
