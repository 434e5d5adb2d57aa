"""What a hub tells of a run or a data set beside its scores: notices, failures, what to expect.

All of it is additional to the API (wire contract §2.11): a hub that tells nothing leaves it empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from auger_reconcile.resources.gates.measured import (
    Evaluation,
    Holdout,
    evaluations_from_wire,
    holdout_from_wire,
)

_KINDS = ("timeouts", "failed_trials", "error_trials")
_LONGEST = 200  # characters of a reason


@dataclass(frozen=True)
class Notice:
    """What was left out, guessed, lowered or ignored, in one sentence."""

    code: str
    text: str
    column: str | None = None
    count: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the members as the hub sends them."""
        return {"code": self.code, "column": self.column, "count": self.count, "text": self.text}


class Expected(NamedTuple):
    """What to expect on new rows of the trial that was chosen, with an interval."""

    best: float
    score: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """In words: `best 0.9749 on the folds; expect 0.9583, 0.9301 to 0.9812`."""
        return f"best {self.best:.4f} on the folds; {self.outlook}"

    @property
    def outlook(self) -> str:
        """In words: `expect 0.9583, 0.9301 to 0.9812`."""
        return f"expect {self.score:.4f}, {self.low:.4f} to {self.high:.4f}"

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {"best": self.best, "score": self.score, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Failure:
    """Trials that failed for one reason."""

    reason: str
    algorithms: tuple[str, ...]
    count: int

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {"reason": self.reason, "algorithms": list(self.algorithms), "count": self.count}


class Account(NamedTuple):
    """What a hub tells of a run beside its board.

    Attributes:
        asked: trials that were asked for; the baseline and an ensemble come on top.
        done: trials that ended, failed ones included.
        failed: how many of them; `failures` has the reasons of those that the hub lists.
        error: why the run itself failed.
        best_trial: the id of its best one, where the hub tells.
        holdout: rows that the search did not see, with how far its trials were scored on them.
        evaluations: how single trials do on the holdout, or in segments of the folds.
    """

    expected: Expected | None = None
    notices: tuple[Notice, ...] = ()
    asked: int | None = None
    done: int | None = None
    failed: int = 0
    failures: tuple[Failure, ...] = ()
    error: str | None = None
    best_trial: str | None = None
    holdout: Holdout | None = None
    evaluations: tuple[Evaluation, ...] = ()

    @property
    def trials(self) -> str:
        """In words: `12 asked, 8 scored, 2 stopped after 60 seconds, the limit of one trial`."""
        parts = [f"{self.asked} asked"] if self.asked is not None else []
        if self.done is not None:
            parts.append(f"{self.done - self.failed} scored")
        parts += [f"{one.count} failed: {one.reason}" for one in self.failures]
        rest = self.failed - sum(one.count for one in self.failures)
        return ", ".join([*parts, f"{rest} more failed"] if rest > 0 else parts)

    @property
    def held_out(self) -> str:
        """In words: `holdout holdout.csv: the best trial 0.9500 on 40 rows`; "" without one."""
        if self.holdout is None:
            return ""
        told = f"holdout {self.holdout.name}"
        if self.holdout.status == "error":
            return f"{told}: it could not be scored: {self.holdout.error}"
        found = self.on_holdout(self.best_trial) if self.best_trial else None
        if found is None:
            return f"{told}: scored when the run is completed"
        if found.score is None:
            return f"{told}: the best trial could not be scored: {found.error or 'undefined there'}"
        return f"{told}: the best trial {found.score:.4f} on {found.count} rows"

    def on_holdout(self, trial_id: str) -> Evaluation | None:
        """Return how a trial does on the holdout as it is now; None where it was not scored."""
        if self.holdout is None:
            return None
        told = (
            one
            for one in self.evaluations
            if one.trial_id == trial_id and one.dataset_id == self.holdout.dataset_id
        )
        return next(told, None)

    def holdout_score(self, trial_id: str) -> float | None:
        """Return the score of a trial on the holdout as it is now; None where it has none."""
        found = self.on_holdout(trial_id)
        return found.score if found else None

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {
            "expected": self.expected.to_json() if self.expected else None,
            "trials_asked": self.asked,
            "trials_done": self.done,
            "trials_failed": self.failed,
            "failures": [one.to_json() for one in self.failures],
            "error": self.error,
            "holdout": self.holdout.to_json() if self.holdout else None,
            "evaluations": [one.to_json() for one in self.evaluations],
            "notices": [one.to_json() for one in self.notices],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Account:
        """Return the account that `to_json` told, as rows of a history carry it."""
        return cls(
            expected=_expected(told.get("expected")),
            notices=notices_from_wire(told),
            asked=told.get("trials_asked"),
            done=told.get("trials_done"),
            failed=told.get("trials_failed") or 0,
            failures=tuple(
                Failure(one["reason"], tuple(one["algorithms"]), one["count"])
                for one in told.get("failures") or ()
            ),
            error=told.get("error"),
            holdout=holdout_from_wire(told.get("holdout")),
            evaluations=evaluations_from_wire(told.get("evaluations"), str(told.get("run_id"))),
        )


EMPTY = Account()


def account_from_wire(item: Mapping[str, Any]) -> Account:
    """Read what a run tells of itself (wire contract §2.11); any part may be missing."""
    settings = _mapping(item.get("model_settings"))
    errors = _mapping(settings.get("errors"))
    told = item.get("error_message") or item.get("message") or errors.get("error")
    has_failed = item.get("status") == "error"
    listed = list(_failed(settings))
    counted = sum(_number(settings.get(f"{kind}_count")) or 0 for kind in _KINDS)
    return Account(
        expected=_expected(settings.get("expected")),
        notices=notices_from_wire(settings),
        asked=_number(settings.get("total_evaluations")),
        done=_number(settings.get("completed_evaluations")),
        failed=max(counted, len(listed)),
        failures=tuple(_group(listed)),
        error=str(told) if told and has_failed else None,
        best_trial=str(settings["best_trial_id"]) if settings.get("best_trial_id") else None,
        holdout=holdout_from_wire(settings.get("holdout")),
        evaluations=evaluations_from_wire(settings.get("evaluations"), str(item.get("id"))),
    )


def notices_from_wire(holder: Mapping[str, Any] | None) -> tuple[Notice, ...]:
    """Read the `notices` of `model_settings` or `statistics`; each at least has a text."""
    listed = _mapping(holder).get("notices")
    if not isinstance(listed, list):
        return ()
    return tuple(
        Notice(
            str(one.get("code") or "notice"),
            str(one["text"]),
            str(one["column"]) if one.get("column") is not None else None,
            _number(one.get("count")),
        )
        for one in listed
        if isinstance(one, Mapping) and one.get("text")
    )


def _expected(told: Any) -> Expected | None:
    names = ("best", "score", "low", "high")
    numbers = [_mapping(told).get(name) for name in names]
    if not all(isinstance(one, int | float) for one in numbers):
        return None
    return Expected(*(float(one) for one in numbers))  # type: ignore[arg-type]


def _failed(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield algorithm and reason of each failed trial that is listed: `[{ID: its raw data}]`."""
    for kind in _KINDS:
        listed = settings.get(kind)
        for entry in listed if isinstance(listed, list) else ():
            for raw in _mapping(entry).values():
                trial = _mapping(raw)
                name = str(trial.get("algorithm_name") or "").rpartition(".")[2]
                reason = str(trial.get("error") or "no reason given").splitlines()[0]
                yield name, reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 1]}…"


def _group(listed: Iterable[tuple[str, str]]) -> Iterator[Failure]:
    """Yield each reason once, the commonest first."""
    pairs = list(listed)
    for reason, count in Counter(reason for _, reason in pairs).most_common():
        names = dict.fromkeys(name for name, why in pairs if why == reason and name)
        yield Failure(reason, tuple(names), count)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}  # it is of an answer in JSON


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
