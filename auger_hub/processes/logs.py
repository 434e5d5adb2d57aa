"""Keep what the processes of each project said: one file a project, of bounded size."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from pathlib import Path

from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import Project
from auger_hub.settings import HubSettings
from auger_hub.store.trash import move_to_trash

_MOST_BYTES = 1024**2
_NAME = re.compile(r"project-([1-9]\d*)\.log")  # 0 is the compute of all
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?= )")


def log_with_times() -> None:
    """Let this process say what it logs on stderr, each line with its time as the API writes it."""
    handler = logging.StreamHandler(sys.stderr)
    form = "%(asctime)s.%(msecs)03dZ %(levelname)s:%(name)s:%(message)s"
    formatter = logging.Formatter(form, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def time_of(line: str) -> str | None:
    """Return when a line was logged; None for one that only goes on from another."""
    match = _TIME.match(line)
    return match.group() if match else None


def log_path(settings: HubSettings, project_id: int) -> Path:
    """Return where the processes of a project write to; 0 is what all projects share."""
    return settings.home / "logs" / f"project-{project_id}.log"


def logged_projects(settings: HubSettings) -> dict[int, int]:
    """Return the projects that have a log here, and how long each is, in bytes."""
    found = log_path(settings, 0).parent.glob("project-*.log")
    named = ((_NAME.fullmatch(path.name), path) for path in found)
    return {int(match.group(1)): path.stat().st_size for match, path in named if match}


def read_log(path: Path) -> str:
    """Return the last megabyte of a log, in whole lines; nothing when there is none."""
    try:
        return _end_of(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def sweep_logs(database: Database, settings: HubSettings) -> None:
    """Move the logs of projects that are no more to the trash, and cut those grown too long."""
    folder = log_path(settings, 0).parent
    paths = list(folder.glob("project-*.log"))
    with database.connect() as connection:
        known = set(connection.scalars(select(Project.id))) if paths else set()
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match and int(match.group(1)) not in known:
            move_to_trash(settings, path, "no project of this hub has this number")
        elif path.stat().st_size > 2 * _MOST_BYTES:
            _cut(path)


def _end_of(path: Path) -> bytes:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) <= _MOST_BYTES:
            file.seek(0)
            return file.read()
        file.seek(-_MOST_BYTES, os.SEEK_END)
        file.readline()  # the rest of a line that began before
        return file.read(_MOST_BYTES)


def _cut(path: Path) -> None:
    """Keep the end only, in the same file: the processes that append to it have it open."""
    kept = _end_of(path)
    with path.open("r+b") as file:
        file.write(kept)
        file.truncate()
