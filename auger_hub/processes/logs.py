"""Keep what the processes of each project said: one file a project, of bounded size."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import time
from pathlib import Path

from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.tables import Project
from auger_hub.settings import HubSettings
from auger_hub.store.trash import move_to_trash

_MOST_BYTES = 1024**2
_MOST_LOG_BYTES = 2 * 1024**2
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


class BoundedLog(logging.FileHandler):
    """A log of `most` bytes, with the one before it beside it.

    What is full is copied and emptied, not renamed: child processes have it open, too.
    """

    def __init__(self, path: Path, most: int = _MOST_LOG_BYTES) -> None:
        super().__init__(path, encoding="utf-8")
        self._path, self._most = path, most

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, after what is full was set aside."""
        try:
            if self._path.stat().st_size > self._most:
                shutil.copyfile(self._path, self._path.with_suffix(".log.old"))
                os.truncate(self._path, 0)
        except OSError:
            pass  # the file was removed, or the disk is full: nobody could be told
        super().emit(record)


class Repeated(logging.Filter):
    """Passes a complaint so many times a minute, then says how often it came again.

    Requests pass always. Others are alike when the same place logs the same kind of error.
    """

    def __init__(self, most: int = 5, seconds: float = 60.0) -> None:
        super().__init__()
        self._most, self._seconds = most, seconds
        self._seen: dict[tuple[str, str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is to be written."""
        if record.levelno < logging.WARNING:
            return True
        kind = type(record.exc_info[1]).__name__ if record.exc_info else ""
        key = (record.name, f"{record.pathname}:{record.lineno}", kind)
        since, count = self._seen.get(key, (record.created, 0))
        if record.created - since > self._seconds:
            if count > self._most:
                record.msg = f"{record.msg} (and {count - self._most} times more)"
            since, count = record.created, 0
        self._seen[key] = since, count + 1
        return count < self._most


def time_of(line: str) -> str | None:
    """Return when a line was logged; None for one that only goes on from another."""
    match = _TIME.match(line)
    return match.group() if match else None


def log_path(settings: HubSettings, project_id: int) -> Path:
    """Return where the processes of a project write to; 0 is what all projects share."""
    return settings.home / "logs" / f"project-{project_id}.log"


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
