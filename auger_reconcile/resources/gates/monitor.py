"""What is watched of a live model, as it is declared and as a hub tells it; its open alerts. Pure.

Additional to the API (wire contract §7): a hub that does not watch models tells no `monitor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, field_validator

from auger_reconcile.resources._base import FieldChange
from auger_reconcile.resources._spec import Trait, setting
from auger_reconcile.schedule import SPAN_PATTERN, from_hours, to_hours

DRIFT, SCORE, MISSING = "drift", "score", "missing"
_WEEK = "7d"
_FEWEST_ROWS = 100


class _Window(BaseModel):
    """Some days that are looked at together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: str = setting(
        default=_WEEK,
        description="How much of the newest past is looked at together, a day at least.",
        pattern=SPAN_PATTERN,
    )
    min_rows: int = setting(
        default=_FEWEST_ROWS,
        description="Fewer rows in the window say nothing.",
        ge=1,
    )

    @field_validator("window", mode="after")
    @classmethod
    def _canonical(cls, window: str) -> str:
        """`168h` is `7d`."""
        return from_hours(max(to_hours(window), 24))


class DriftLimits(_Window):
    """How far the rows that a model is asked about may be from those it learned from."""

    warn: float = setting(
        default=0.1,
        description="Population stability index from which a column is reported, and below which "
        "an open alert closes.",
        traits=[Trait.RAIL],
        ge=0,
        allow_inf_nan=False,
    )
    alert: float = setting(
        default=0.25,
        description="Population stability index from which an alert opens.",
        traits=[Trait.RAIL],
        gt=0,
        allow_inf_nan=False,
    )


class ScoreLimits(_Window):
    """How good the predictions have to stay, by the actuals."""

    min: float = setting(
        description="An alert opens when the score of the window is below it.",
        traits=[Trait.RAIL],
        allow_inf_nan=False,
    )


class Monitor(BaseModel):
    """How good a live model has to stay; what is not declared opens no alert."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drift: DriftLimits | None = setting(
        default=None,
        description="Limits of the drift of columns and predictions.",
        traits=[Trait.RAIL],
    )
    score: ScoreLimits | None = setting(
        default=None,
        description="Limits of the score by the actuals, in the metric of the experiment.",
        traits=[Trait.RAIL],
    )
    missing: float | None = setting(
        default=None,
        description="By how much the share of missing values of a column may grow.",
        traits=[Trait.RAIL],
        gt=0,
        le=1,
    )
    segments: tuple[str, ...] = setting(
        default=(),
        description="Columns by whose values rows and scores are reported besides.",
        traits=[Trait.UNORDERED],
    )

    @field_validator("segments", mode="after")
    @classmethod
    def _in_order(cls, segments: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(segments)))

    @property
    def opens(self) -> frozenset[str]:
        """What may open an alert."""
        names = (DRIFT, SCORE, MISSING)
        return frozenset(name for name in names if getattr(self, name) is not None)


class Alert(NamedTuple):
    """An alert that is open about a live model.

    Attributes:
        measure: `drift`, `score`, `missing`, or the kind of one that another client has made.
        text: why it opened, in words.
        opened_at: ISO 8601.
    """

    id: int
    measure: str
    text: str
    opened_at: str


def to_wire(monitor: Monitor | None) -> dict[str, Any]:
    """Return a monitor as the hub takes it; an empty one ends the watch."""
    if monitor is None:
        return {}
    told: dict[str, Any] = monitor.model_dump(exclude_none=True)
    told["segments"] = list(monitor.segments)
    for name in (DRIFT, SCORE):
        if name in told:
            told[name]["window_hours"] = to_hours(told[name].pop("window"))
    return told


def from_wire(told: Mapping[str, Any] | None) -> Monitor | None:
    """Return the monitor that a hub tells of; None for none, ValueError for one of another form."""
    if not told:
        return None
    read = {name: value for name, value in told.items() if value is not None}
    for name in (DRIFT, SCORE):
        if isinstance(read.get(name), Mapping):
            limits = dict(read[name])
            if "window_hours" in limits:
                limits["window"] = from_hours(int(limits.pop("window_hours")))
            read[name] = limits
    return Monitor.model_validate(read)


def alerts_from_wire(told: Iterable[Mapping[str, Any]] | None) -> tuple[Alert, ...]:
    """Return the open alerts that a hub tells of, the oldest first."""
    return tuple(
        Alert(
            int(one["id"]),
            str(one.get("measure")),
            str(one.get("text") or one.get("measure")),
            str(one.get("opened_at") or ""),
        )
        for one in told or ()
    )


def diff_monitor(wanted: Monitor | None, found: Monitor | None) -> Iterator[FieldChange]:
    """Yield what differs between the declared monitor and that of the hub."""
    after, before = _flat(wanted), _flat(found)
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield FieldChange(path, before.get(path), after.get(path))


def _flat(monitor: Monitor | None) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in (monitor.model_dump(exclude_none=True) if monitor else {}).items():
        if isinstance(value, dict):
            flat |= {f"monitor.{name}.{member}": told for member, told in value.items()}
        elif name != "segments" or value:
            flat[f"monitor.{name}"] = list(value) if isinstance(value, tuple) else value
    return flat


def describe_monitor(monitor: Monitor) -> str:
    """Return a monitor in a few words."""
    told = []
    if monitor.drift:
        told.append(f"drift {monitor.drift.alert:g}")
    if monitor.score:
        told.append(f"score {monitor.score.min:g} for {monitor.score.window}")
    if monitor.missing is not None:
        told.append(f"missing {monitor.missing:g}")
    if monitor.segments:
        told.append(f"by {', '.join(monitor.segments)}")
    return f"watched: {', '.join(told)}" if told else "watched"
