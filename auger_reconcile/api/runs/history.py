"""Tell the runs of an experiment and of its earlier revisions, with settings and leaderboards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.runs.leaderboard import Leaderboard
    from auger_reconcile.resources.search.runs import ExperimentObject
    from auger_reconcile.state import ObservedState


def with_revisions(
    context: Context, observed: ObservedState, found: ExperimentObject
) -> Sequence[ExperimentObject]:
    """Return an experiment, and those on other data that auger.yaml declares by the same name."""
    from auger_reconcile.api._selection import find_revision

    place = find_revision(context.try_desired(), observed, "experiment", found)
    return place.revisions if place else (found,)


def tell_runs(
    experiments: Sequence[ExperimentObject], board_of: Callable[[str], Leaderboard]
) -> Iterator[dict[str, Any]]:
    """Yield every run, newest first."""
    runs = [(one, run) for one in experiments for run in one.every_run]
    for experiment, run in sorted(runs, key=lambda pair: pair[1].created_at, reverse=True):
        board = board_of(run.id)
        yield {
            "id": run.id,
            "experiment": experiment.name,
            "status": board.status,
            "created_at": run.created_at,
            "score": run.score,
            "reproduces": run.reproduces,
            "settings": dict(run.settings),
            **board.account.to_json(),
            "leaderboard": board.trials,
        }
