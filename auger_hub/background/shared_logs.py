"""Let every member show what the processes of a project said, which the leader has on its disk."""

from __future__ import annotations

from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.member_tables import ProjectLog
from auger_hub.database.tables import Project
from auger_hub.processes.logs import log_path, logged_projects, read_log
from auger_hub.settings import HubSettings

_MOST_LETTERS = 200_000


class SharedLogs:
    """The ends of the logs of all projects, in the database."""

    def __init__(self, settings: HubSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._published: dict[int, int] = {}

    def publish(self) -> None:
        """Write what has grown since the last time."""
        sizes = logged_projects(self._settings)
        grown = {number for number, size in sizes.items() if self._published.get(number) != size}
        for number in grown:
            text = read_log(log_path(self._settings, number))[-_MOST_LETTERS:]
            with self._database.write() as session:
                if session.get(Project, number) is not None:
                    session.merge(ProjectLog(project_id=number, text=text.replace("\0", "")))
        self._published = sizes

    def read(self, project_id: int) -> str:
        """Return what was written last; nothing when there is none."""
        query = select(ProjectLog.text).where(ProjectLog.project_id == project_id)
        with self._database.connect() as connection:
            return connection.scalar(query) or ""
