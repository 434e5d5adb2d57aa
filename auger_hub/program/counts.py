"""Count the objects that a hub holds, for `status`."""

from __future__ import annotations

from sqlalchemy import func, select

from auger_hub.database.engine import Database
from auger_hub.database.tables import ExperimentSession, Project
from auger_hub.settings import HubSettings


def count_objects(settings: HubSettings) -> dict[str, int]:
    """Return the numbers of projects, runs, and runs that are going on."""
    database = Database(settings.database_url)
    runs = select(func.count()).select_from(ExperimentSession)
    active = runs.where(ExperimentSession.status.in_(("preprocess", "started")))
    with database.connect() as connection:
        return {
            "projects": connection.scalar(select(func.count()).select_from(Project)) or 0,
            "runs": connection.scalar(runs) or 0,
            "active_runs": connection.scalar(active) or 0,
        }
