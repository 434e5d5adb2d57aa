"""How a new model takes the place of a live one step by step, and when it does. Pure.

Additional to the API (wire contract §7): the hub keeps which model is beside which, since when, and
how both do; what follows from that is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, create_model

from auger_reconcile.resources._base import Finding
from auger_reconcile.resources._spec import Trait, setting
from auger_reconcile.schedule import SPAN_PATTERN, moment, say_moment, to_seconds

SHADOW, CANARY, ABORTED, LIVE = "shadow", "canary", "aborted", "live"
PERCENT_PATTERN = r"^\s*[1-9]\d?\s*%$"
PROMOTE = "promote: "
"""How the reason begins of a create that ends a rollout."""
_FEWEST_ROWS = 100


class _Rollout(BaseModel):
    """How a new model takes the place of a live one, which answers on meanwhile."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"minProperties": 1})

    shadow: str | None = setting(
        default=None,
        description="So long the new model answers nobody, and is scored on the same actuals.",
        pattern=SPAN_PATTERN,
    )
    canary: str | None = setting(
        default=None,
        description="The share of the requests to its endpoint that the new model answers.",
        pattern=PERCENT_PATTERN,
    )
    abort_below: float | None = setting(
        default=None,
        description="It goes when its score by the actuals is below this, at any time.",
        traits=[Trait.RAIL],
        allow_inf_nan=False,
    )
    min_rows: int = setting(
        default=_FEWEST_ROWS,
        description="Fewer rows with actuals say nothing: it is neither aborted nor, where "
        "`abort_below` is declared, promoted.",
        ge=1,
    )

    @property
    def stage(self) -> str:
        """What a new model is at first."""
        return CANARY if self.canary else SHADOW

    @property
    def share(self) -> int:
        """Percent of the requests."""
        return int(self.canary.strip(" %")) if self.canary else 0

    @property
    def span(self) -> str:
        """How long."""
        return str(getattr(self, "for") if self.canary else self.shadow)


if TYPE_CHECKING:

    class Rollout(_Rollout):
        """Has a field `for` besides, which no class statement can name."""

else:
    Rollout = create_model(
        "Rollout",
        __base__=_Rollout,
        __doc__=_Rollout.__doc__,
        **{
            "for": (
                str | None,
                setting(
                    default=None, description="How long a canary is one.", pattern=SPAN_PATTERN
                ),
            )
        },
    )


class Step(str, Enum):
    """What a model beside the live one needs."""

    WAIT = "wait"
    PROMOTE = "promote"
    ABORT = "abort"
    CHANGE = "change"


class Next(NamedTuple):
    """What comes next, and why."""

    step: Step
    why: str


class Progress(NamedTuple):
    """What a hub tells of the model beside a live one.

    Attributes:
        challenger: id of that model.
        began_at: ISO 8601; None until it is deployed.
        why: it was aborted.
        score, live_score, rows: by the actuals that came since.
    """

    challenger: str
    stage: str
    share: int
    began_at: str | None
    why: str | None = None
    score: float | None = None
    live_score: float | None = None
    rows: int = 0

    @property
    def is_under_way(self) -> bool:
        """It may still be promoted."""
        return self.stage in (SHADOW, CANARY)


def check_rollout(rollout: Rollout | None, *, locally: bool) -> Iterator[Finding]:
    """Yield what is wrong with a rollout that is right by its types."""
    if rollout is None:
        return
    path = ("rollout",)
    if locally:
        hint = "a model that is downloaded takes the place of nothing"
        yield Finding("unused-field", "a rollout of a downloaded model", path, hint)
    if (rollout.shadow is None) == (rollout.canary is None):
        hint = "`rollout: {shadow: 1d}`, or `rollout: {canary: 10%, for: 6h}`"
        yield Finding("invalid-value", "a rollout is either `shadow` or `canary`", path, hint)
    elif rollout.canary is not None and getattr(rollout, "for") is None:
        hint = "how long is it one: `rollout: {canary: 10%, for: 6h}`"
        yield Finding("missing-field", "a canary without its time", path, hint, "`for`")
    elif rollout.shadow is not None and getattr(rollout, "for") is not None:
        hint = "`shadow` says how long itself: `rollout: {shadow: 1d}`"
        yield Finding("unused-field", "a shadow with two times", (*path, "for"), hint)


def describe_rollout(rollout: Rollout) -> str:
    """Return a rollout in words: `canary of 10 % for 6h, aborted below 0.8`."""
    told = f"canary of {rollout.share} %" if rollout.canary else "shadow"
    below = f", aborted below {rollout.abort_below:g}" if rollout.abort_below is not None else ""
    return f"{told} for {rollout.span.strip()}{below}"


def decide_next(
    wanted: Rollout | None, found: Progress, present: str | None, metric: str | None
) -> Next:
    """Return what the model beside a live one needs.

    Args:
        wanted: what is declared by now; None where nothing is.
        found: what the hub tells.
        present: the hub's time, ISO 8601; without it nothing is ever over.
        metric: of the scores.
    """
    if wanted is None:
        return Next(Step.PROMOTE, "no rollout is declared any more")
    said = _say_scores(found, metric or "score")
    is_known = found.score is not None and found.rows >= wanted.min_rows
    least = wanted.abort_below
    if least is not None and is_known and found.score is not None and found.score < least:
        return Next(Step.ABORT, f"{said}, below {least:g}")
    change = Next(Step.CHANGE, describe_rollout(wanted))
    if found.stage != wanted.stage:  # whose time begins anew
        return change
    by_time = _by_time(wanted, found, moment(present or ""), said, is_known=is_known)
    return change if by_time.step is Step.WAIT and found.share != wanted.share else by_time


def _by_time(
    wanted: Rollout, found: Progress, time: float | None, said: str, *, is_known: bool
) -> Next:
    began, told = moment(found.began_at or ""), describe_rollout(wanted)
    if began is None or time is None:
        return Next(Step.WAIT, f"{told}: its time has not begun")
    end = began + to_seconds(wanted.span)
    if time < end:
        return Next(Step.WAIT, f"{told}, until {say_moment(end)}: {said}")
    if wanted.abort_below is not None and not is_known:
        few = f"{found.rows:,} rows with actuals are fewer than {wanted.min_rows:,}"
        return Next(Step.WAIT, f"{told} is over, but {few}")
    return Next(Step.PROMOTE, f"{told} is over: {said}")


def _say_scores(found: Progress, metric: str) -> str:
    if found.score is None:
        return "no actuals yet"
    beside = f", {found.live_score:.4g} of the live model" if found.live_score is not None else ""
    return f"{metric} {found.score:.4g} over {found.rows:,} rows{beside}"


def to_wire(rollout: Rollout, live_id: str) -> dict[str, Any]:
    """Return a rollout as the hub takes it."""
    return {"of": live_id, "stage": rollout.stage, "share": rollout.share}


def from_wire(told: Mapping[str, Any] | None) -> Progress | None:
    """Return the progress that a hub tells of; None for none."""
    if not told:
        return None
    return Progress(
        challenger=str(told["challenger"]),
        stage=str(told["stage"]),
        share=int(told.get("share") or 0),
        began_at=told.get("began_at"),
        why=told.get("why"),
        score=told.get("score"),
        live_score=told.get("live_score"),
        rows=int(told.get("rows") or 0),
    )
