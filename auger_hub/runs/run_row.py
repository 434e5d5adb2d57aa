"""Read the row of a run: its options, seed and columns, and from them the task of the search.

What the hub itself writes into its `model_settings` is named here as well (wire contract §2.11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Project, ProjectFile
from auger_hub.processes.job_process import Impossible, Workplace
from auger_hub.runs.compute import memory_of

if TYPE_CHECKING:
    from auger_hub.search.run import SearchTask

_DEFAULT_SEED = 42
NO_FAILURES: dict[str, Any] = {
    f"{kind}{suffix}": empty
    for kind in ("failed_trials", "error_trials", "timeouts")
    for suffix, empty in (("", []), ("_stat", {}), ("_count", 0))
}
MEASURED = frozenset(
    {"expected", "best_trial_id", "holdout", "evaluations", "environment", "reproduces"}
)
"""Members that say what one run is and what came of it, and of no other that is made like it."""
OWN_SETTINGS = {
    *NO_FAILURES,
    *MEASURED,
    "status",
    "start_time",
    "end_time",
    "errors",
    "evaluation_options",
    "featureColumns",
    "featuresCount",
    "total_evaluations",
    "completed_evaluations",
    "last_update_trial_report",
}
"""Members that no client changes once its run was started."""


def seed_of(run: ExperimentSession) -> int:
    """Return the seed of a run: the same data and seed give the same board."""
    options = options_of(run)
    seed = options.get("seed", options.get("random_state"))
    return seed if isinstance(seed, int) else _DEFAULT_SEED


def options_of(run: ExperimentSession) -> dict[str, Any]:
    """Return the options, also of clients that put them straight into model_settings (§2.11)."""
    options = run.model_settings.get("evaluation_options")
    return dict(options if isinstance(options, dict) else run.model_settings)


def stat_data_of(run: ExperimentSession, data: ProjectFile) -> list[dict[str, Any]]:
    """Return the columns with their roles: as the client sent them, else as profiled."""
    for statistics in (run.dataset_statistics, data.statistics):
        columns = (statistics or {}).get("stat_data")
        if columns and isinstance(columns, list) and all(isinstance(c, dict) for c in columns):
            return [dict(column) for column in columns]
    raise Impossible("the data set has no column statistics")


def read_task(place: Workplace, run: ExperimentSession, folder: Path) -> SearchTask:
    """Return the task of a run; raise Impossible when its data set is gone or not processed."""
    from auger_hub.search.run import SearchTask

    with place.database.read() as session:
        data = session.get(ProjectFile, run.project_file_id) if run.project_file_id else None
        project = session.get_one(Project, run.project_id)
    if data is None:
        raise Impossible("the data set of this run was deleted")
    options = options_of(run)
    return SearchTask(
        data_path=place.stored_path(run.organization_id, data.key),
        stat_data=stat_data_of(run, data),
        options=options,
        model_type=run.model_type or _model_type(options),
        seed=seed_of(run),
        workers=max(1, run.workers),
        memory_mb=memory_of(project.worker_type_id),
        scheduler=place.settings.scheduler,
        cluster_file=place.settings.cluster_path(project.id),
        folder=folder,
        schema=(data.statistics or {}).get("schema"),
        data_name=data.name,
    )


def notices_of_data(
    database: Database, run: ExperimentSession, columns: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what was told of the data set, but of columns that the run leaves out."""
    with database.read() as session:
        data = session.get(ProjectFile, run.project_file_id) if run.project_file_id else None
    told = (data.statistics or {}).get("notices") or [] if data else []
    left_out = {c["column_name"] for c in columns if not (c.get("use", True) or c.get("isTarget"))}
    return [notice for notice in told if notice.get("column") not in left_out]


def _model_type(options: dict[str, Any]) -> str:
    return "regression" if options.get("classification") is False else "classification"
