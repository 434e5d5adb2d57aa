"""Decide by what was measured whether a model may take the place of the live one. Pure.

`decide` is asked twice with the same data: by the plan, and by the step that deploys, once all that
the gate asks for has been measured. A gate that is closed is an ordinary outcome with its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from auger_reconcile.resources._spec import Trait, setting
from auger_reconcile.resources.gates.measured import Evaluation, Segment

FEWEST_ROWS = 30
"""Of a segment that is judged: with fewer, its score is luck. They are reported, not failed."""
FOLDS, HOLDOUT = "folds", "holdout"
_SAME = 1e-12  # 15 digits of a score travel, wire contract §2.12


class Gate(BaseModel):
    """What a trial has to reach before it is deployed."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"minProperties": 1})

    min_score: float | None = setting(
        default=None,
        description="Nothing is deployed below this score.",
        traits=[Trait.RAIL],
        allow_inf_nan=False,
    )
    on: str | None = setting(
        default=None,
        description=(
            "The rows that `min_score` and `segments` are about: `holdout`, or `folds`. By default "
            "the holdout, where the experiment has one."
        ),
        traits=[Trait.RAIL],
        pattern="^(folds|holdout)$",
    )
    beats_live: bool = setting(
        default=False,
        description=(
            "It has to be better than the live model on the same rows: the holdout, where there "
            "is one, otherwise the folds of the run that found it."
        ),
        traits=[Trait.RAIL],
    )
    margin: float = setting(
        default=0.0,
        description="By how much it has to be better than the live model, at least.",
        traits=[Trait.RAIL],
        ge=0,
        allow_inf_nan=False,
    )
    segments: Mapping[str, float] = setting(
        default_factory=dict,
        description=(
            f"Column to the least score in every one of its values with {FEWEST_ROWS} rows or "
            "more; fewer are reported, and fail nothing."
        ),
        traits=[Trait.RAIL],
    )


class Verdict(str, Enum):
    """What comes of a gate, or of one of its checks."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # it has not been measured yet
    NOT_JUDGED = "not judged"  # told, and neither open nor closed

    @property
    def in_words(self) -> str:
        """What is told of a check that ends so."""
        words = {"open": "passes", "closed": "fails", "unknown": "not measured yet"}
        return words.get(self.value, self.value)


class Where(NamedTuple):
    """Rows that a score is about: of the data set `id`, or of the folds of the run `id`."""

    rows: str
    id: str
    name: str

    @property
    def text(self) -> str:
        """In words: `holdout.csv`, `the folds of run R1`."""
        return self.name if self.rows == HOLDOUT else f"the folds of run {self.name}"


class Contender(NamedTuple):
    """A trial with what was measured of it.

    Attributes:
        trial_id: None while a trial is yet to be chosen.
        run_id: of the run that found it.
        score: on its board: the mean over the folds of its run.
        evaluations: of this trial, on whatever rows.
        metric: that counts; what was measured by another is not known.
    """

    trial_id: str | None
    run_id: str | None
    score: float | None
    evaluations: tuple[Evaluation, ...] = ()
    metric: str | None = None

    def on(self, where: Where, columns: Iterable[str] = ()) -> Evaluation | None:
        """Return how it does on some rows, with the values of these columns; None if not known."""
        if self.trial_id is None:
            return None
        wanted = set(columns)
        key = ("", where.id) if where.rows == HOLDOUT else (where.id, None)
        for one in reversed(self.evaluations):
            found = ("" if where.rows == HOLDOUT else one.run_id, one.dataset_id)
            is_it = one.trial_id == self.trial_id and found == key
            by = {one.metric, self.metric} - {None}
            if is_it and len(by) < 2 and (one.error is not None or wanted <= one.segments.keys()):
                return one
        is_on_board = where.rows == FOLDS and where.id == self.run_id and self.score is not None
        if is_on_board and not wanted:
            return Evaluation(self.trial_id, where.id, None, None, self.score)
        return None


@dataclass(frozen=True)
class Check:
    """One thing that a gate asks for.

    Attributes:
        what: `score`, `live model`, or `region = north`.
        rows: on which, in words.
        champion: the score of the live model there, where it is known.
        challenger: that of the trial.
        needed: the least that opens the gate.
        count: of rows, where it is known.
        text: the outcome in words.
    """

    what: str
    verdict: Verdict
    rows: str
    text: str
    champion: float | None = None
    challenger: float | None = None
    needed: float | None = None
    count: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {**vars(self), "verdict": self.verdict.value}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Check:
        """Return the check that `to_json` told."""
        return cls(**{**told, "verdict": Verdict(told["verdict"])})


class Decision(NamedTuple):
    """What a gate says of a trial, and why.

    Attributes:
        champion: the live model, None where there is none.
        challenger: the trial, None while it is yet to be chosen.
    """

    metric: str
    champion: str | None
    challenger: str | None
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """Closed when one check is; unknown when one is and none is closed."""
        told = {check.verdict for check in self.checks}
        order = (Verdict.CLOSED, Verdict.UNKNOWN)
        return next((one for one in order if one in told), Verdict.OPEN)

    @property
    def text(self) -> str:
        """The outcome in words, with the numbers that decide it."""
        verdict = self.verdict
        if verdict is Verdict.OPEN:
            return "the gate is open"
        reasons = "; ".join(one.text for one in self.checks if one.verdict is verdict)
        if verdict is Verdict.CLOSED:
            return f"the gate is closed: {reasons}"
        return f"the gate is not decided yet: {reasons}"

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {
            "verdict": self.verdict.value,
            "text": self.text,
            "metric": self.metric,
            "champion": self.champion,
            "challenger": self.challenger,
            "checks": [one.to_json() for one in self.checks],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Decision:
        """Return the decision that `to_json` told."""
        checks = tuple(map(Check.from_json, told["checks"]))
        return cls(told["metric"], told["champion"], told["challenger"], checks)


class Bout(NamedTuple):
    """What a gate decides about.

    Attributes:
        folds: those of the run that found the challenger; None while that is not known.
        holdout: of the experiment, None where it has none.
    """

    metric: str
    challenger: Contender
    champion: Contender | None
    folds: Where | None
    holdout: Where | None = None


def decide(gate: Gate, bout: Bout) -> Decision:
    """Return whether the challenger may be deployed, as far as it is known."""
    checks: list[Check] = []
    where = rows_of(gate, bout)
    if gate.min_score is not None:
        checks.append(_least_score(gate.min_score, bout, where))
    if gate.beats_live:
        checks.append(_beats_live(gate, bout))
    for column, least in gate.segments.items():
        checks += _segments(column, least, bout, where)
    champion = bout.champion.trial_id if bout.champion else None
    return Decision(bout.metric, champion, bout.challenger.trial_id, tuple(checks))


def as_champion(decision: Decision) -> Decision:
    """Return what a gate says of the live model itself, whose scores are the champion's then."""
    checks = [replace(one, champion=one.challenger, challenger=None) for one in decision.checks]
    return decision._replace(champion=decision.challenger, challenger=None, checks=tuple(checks))


def rows_of(gate: Gate, bout: Bout) -> Where | None:
    """Return the rows that the least scores are about."""
    return bout.folds if gate.on == FOLDS or bout.holdout is None else bout.holdout


def unmeasured(gate: Gate, bout: Bout) -> Iterator[tuple[Where, str, tuple[str, ...]]]:
    """Yield what has to be measured before the gate can decide: rows, trial and columns."""
    where = rows_of(gate, bout)
    wanted: list[tuple[Where | None, Contender, tuple[str, ...]]] = []
    if gate.min_score is not None or gate.segments:
        wanted.append((where, bout.challenger, tuple(gate.segments)))
    if gate.segments and bout.champion is not None:
        wanted.append((where, bout.champion, tuple(gate.segments)))
    if gate.beats_live and bout.champion is not None:
        rows = bout.holdout or bout.folds
        wanted += [(rows, bout.challenger, ()), (rows, bout.champion, ())]
    asked: set[tuple[str, str]] = set()
    for rows, one, columns in wanted:
        if rows is None or one.trial_id is None or one.on(rows, columns) is not None:
            continue
        if (rows.rows, one.trial_id) not in asked:
            asked.add((rows.rows, one.trial_id))
            yield rows, one.trial_id, columns


def describe_gate(gate: Gate) -> str:
    """Return a gate in words: `gate 0.85 on the holdout, better than the live model by 0.002`."""
    on = f" on the {gate.on}" if gate.on else ""
    parts = [f"{gate.min_score:g}{on}"] if gate.min_score is not None else []
    if gate.beats_live:
        by = f" by {gate.margin:g}" if gate.margin else ""
        parts.append(f"better than the live model{by}")
    parts += [f"{least:g} in every `{column}`" for column, least in gate.segments.items()]
    return f"gate {', '.join(parts)}" if parts else ""


def _least_score(least: float, bout: Bout, where: Where | None) -> Check:
    found = bout.challenger.on(where) if where else None
    champion = _score_of(bout.champion, where)
    if where is None or found is None:
        return _unknown("score", where, needed=least, champion=champion)
    if found.score is None:
        return _cannot(found, "score", where)
    is_open = found.score >= least
    told = "reaches" if is_open else "is below"
    return Check(
        "score",
        Verdict.OPEN if is_open else Verdict.CLOSED,
        where.text,
        f"{found.score:.4f} on {where.text} {told} {least:g}",
        champion=champion,
        challenger=found.score,
        needed=least,
        count=found.count,
    )


def _beats_live(gate: Gate, bout: Bout) -> Check:
    what, where = "live model", bout.holdout or bout.folds
    if bout.champion is None:
        rows = where.text if where else ""
        return Check(what, Verdict.OPEN, rows, "there is no live model to be better than")
    mine, live = (one.on(where) if where else None for one in (bout.challenger, bout.champion))
    if where is None or mine is None or live is None:
        return _unknown(
            what,
            where,
            champion=live.score if live else None,
            challenger=mine.score if mine else None,
        )
    for one, of in ((mine, "it"), (live, "the live model")):
        if one.score is None:
            return _cannot(one, what, where, of)
    assert mine.score is not None and live.score is not None  # noqa: PT018 - looked at above
    needed = live.score + gate.margin
    ahead = mine.score - live.score
    is_open = ahead > _SAME and ahead >= gate.margin - _SAME
    by = f" by {gate.margin:g}" if gate.margin else ""
    told = "is better than" if is_open else "is not better than"
    return Check(
        what,
        Verdict.OPEN if is_open else Verdict.CLOSED,
        where.text,
        f"{mine.score:.4f} on {where.text} {told} {live.score:.4f} of the live model{by}",
        champion=live.score,
        challenger=mine.score,
        needed=needed,
        count=mine.count,
    )


def _segments(column: str, least: float, bout: Bout, where: Where | None) -> Iterator[Check]:
    found = bout.challenger.on(where, [column]) if where else None
    if where is None or found is None:
        yield _unknown(f"`{column}`", where, needed=least)
        return
    if found.error is not None:
        yield _cannot(found, f"`{column}`", where)
        return
    values = found.segments[column]
    if values is None:
        text = f"{where.text} {'has' if where.rows == HOLDOUT else 'have'} no column `{column}`"
        yield Check(f"`{column}`", Verdict.CLOSED, where.text, text, needed=least)
        return
    live = bout.champion.on(where, [column]) if bout.champion else None
    champions = {one.value: one.score for one in (live and live.segments.get(column)) or ()}
    for one in values:
        yield _segment(column, least, one, where, champions.get(one.value))


def _segment(
    column: str, least: float, one: Segment, where: Where, champion: float | None
) -> Check:
    what = f"{column} = {one.value}"
    if one.count < FEWEST_ROWS:
        verdict = Verdict.NOT_JUDGED
        text = f"{what} has {one.count} rows, too few to judge: {FEWEST_ROWS} are needed"
    elif one.score is None:
        verdict, text = Verdict.NOT_JUDGED, f"the metric is undefined for {what}"
    elif one.score >= least:
        verdict, text = Verdict.OPEN, f"{one.score:.4f} for {what} reaches {least:g}"
    else:
        verdict, text = Verdict.CLOSED, f"{one.score:.4f} for {what} is below {least:g}"
    return Check(
        what,
        verdict,
        where.text,
        text,
        champion=champion,
        challenger=one.score,
        needed=least,
        count=one.count,
    )


def _score_of(one: Contender | None, where: Where | None) -> float | None:
    found = one.on(where) if one and where else None
    return found.score if found else None


def _cannot(found: Evaluation, what: str, where: Where, of: str = "it") -> Check:
    """Return a check that is closed because nobody can tell: what is not judged is not better."""
    why = found.error or "the metric is undefined there"
    return Check(what, Verdict.CLOSED, where.text, f"{of} cannot be judged on {where.text}: {why}")


def _unknown(
    what: str,
    where: Where | None,
    *,
    champion: float | None = None,
    challenger: float | None = None,
    needed: float | None = None,
) -> Check:
    rows = where.text if where else "the rows of the run to come"
    text = f"{what} on {rows} is not measured yet"
    return Check(what, Verdict.UNKNOWN, rows, text, champion, challenger, needed)
