"""How long a run took, by what the hub tells of it; and which earlier runs are like one to come.

Wire contract §2.11: `started_at` and `completed_at`, or `start_time` and `end_time` of its
settings, whichever the hub tells.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from auger_reconcile.resources._base import comparable

if TYPE_CHECKING:
    from auger_reconcile.resources._runs import ExperimentObject, Run

# Settings that decide how much is searched. What else differs makes a run little longer.
LASTING = (
    "model_type",
    "max_n_trials",
    "max_total_time",
    "max_eval_time",
    "cross_validation_folds",
    "use_ensemble",
)
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:Z|[+-]00:?00)?")


def run_seconds(item: Mapping[str, Any]) -> float | None:
    """Return how many seconds a run took, or None when its hub does not tell."""
    settings = item.get("model_settings") or {}
    pairs = (
        (item.get("started_at"), item.get("completed_at")),
        (settings.get("start_time"), settings.get("end_time")),
    )
    for begun, ended in pairs:
        if not begun or not ended:
            continue
        first, last = _moment(begun), _moment(ended)
        if first is not None and last is not None and last >= first:
            return last - first
    return None


def _moment(text: Any) -> float | None:
    """Return a moment in seconds; both ends of a run are told in the same zone, UTC."""
    found = _MOMENT.fullmatch(str(text))
    if not found:
        return None
    year, month, day, hour, minute = map(int, found.groups()[:5])
    return timegm((year, month, day, hour, minute, 0)) + float(found[6])


def past_seconds(
    wanted: Mapping[str, Any], revisions: Iterable[ExperimentObject], dataset_id: Any
) -> tuple[float, ...]:
    """Return how long completed runs with the wanted settings took.

    Those on the same data count; where there are none, those on earlier revisions of it.

    Args:
        wanted: settings of the run to come.
        revisions: of the experiment.
        dataset_id: of the data set as it is now; None when it has yet to be made.
    """
    told = [(found, run) for found in revisions for run in found.runs if run.seconds is not None]
    like = [(found, run) for found, run in told if _is_like(run, wanted)]
    here = [run for found, run in like if str(found.dataset_id) == str(dataset_id)]
    runs = here or [run for _, run in like]
    return tuple(run.seconds for run in runs if run.seconds is not None)


def _is_like(run: Run, wanted: Mapping[str, Any]) -> bool:
    return all(
        comparable(run.settings.get(name)) == comparable(wanted[name])
        for name in LASTING
        if name in wanted
    )
