"""The monitor of a live model: what may be declared, how the hub's differs, and the one request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Any, Final

from auger_reconcile.resources._base import Finding, Verb
from auger_reconcile.resources._deployment import ModelObject, from_wire
from auger_reconcile.resources._steps import Send, Steps
from auger_reconcile.resources.gates.monitor import (
    Monitor,
    describe_monitor,
    diff_monitor,
    to_wire,
)


class Ignored(Enum):
    """Whatever the hub watches of a model is left alone."""

    IGNORED = "ignored"


IGNORED: Final = Ignored.IGNORED


def check_monitor(monitor: Monitor | None, experiment: Any, *, locally: bool) -> Iterator[Finding]:
    """Yield what is wrong with a monitor: nobody would follow it, or it could never hold."""
    if monitor is None:
        return
    if locally:
        hint = "the hub watches what it answers, and not a model that is downloaded"
        yield Finding("unused-field", "a monitor of a downloaded model", ("monitor",), hint)
    if monitor.drift is not None and monitor.drift.warn > monitor.drift.alert:
        hint = "an alert opens at `alert` and closes below `warn`"
        path = ("monitor", "drift")
        yield Finding("out-of-range", "a warning above the alert", path, hint)
    if experiment is not None and experiment.target in monitor.segments:
        hint = f"`{experiment.target}` is what is predicted: no rows to predict have it"
        yield Finding("unknown-column", "a segment by the target", ("monitor", "segments"), hint)


def check_causes(monitor: Monitor | None, experiment: Any) -> Iterator[Finding]:
    """Warn of a retraining that waits for alerts which nothing opens."""
    retrain = getattr(experiment, "retrain", None)
    opens = monitor.opens if monitor else frozenset()
    for name in retrain.on if retrain else ():
        if name in ("drift", "score") and name not in opens:
            hint = f"an alert about `{name}` opens where `monitor` of the model declares it"
            summary = f"nothing reports `{name}`, which `retrain` of the experiment waits for"
            yield Finding("no-alert", summary, (), hint, is_error=False)


def watch(
    wanted: Monitor | Ignored | None, live: ModelObject, *, cautioned: bool
) -> dict[str, Any]:
    """Return how the monitor of what is live has to change, or that its hub watches nothing.

    Args:
        wanted: what is declared.
        live: the model.
        cautioned: something else is told of it already.
    """
    if isinstance(wanted, Ignored):
        return {}
    if not live.is_watchable:
        if wanted is None or cautioned:
            return {}
        caution = "this hub watches no models: `monitor` has no effect"
        return {"caution": caution, "caution_code": "not-watched"}
    changes = tuple(diff_monitor(wanted, live.monitor))
    if not changes:
        return {}
    if wanted is None:
        return {"restart": "watched no more", "changes": changes}
    return {
        "restart": "not watched yet" if live.monitor is None else "watched by other limits",
        "changes": changes,
        "detail": {Verb.START: describe_monitor(wanted)},
    }


def set_monitor(found: ModelObject, wanted: Monitor | Ignored | None) -> Steps:
    """Yield the request that brings the monitor of a live model to the declared one, if needed."""
    if isinstance(wanted, Ignored) or not found.is_watchable or found.monitor == wanted:
        return found
    item = yield Send("PATCH", f"pipelines/{found.id}", {"monitor": to_wire(wanted)})
    return replace(found, monitor=from_wire(item).monitor)
