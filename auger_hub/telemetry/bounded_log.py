"""Keep a log within bounds: of bytes in its file, and of what is said again and again."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from filelock import FileLock

_MOST_LOG_BYTES = 2 * 1024**2


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
                self._set_aside()
        except OSError:
            pass  # the file was removed, or the disk is full: nobody could be told
        super().emit(record)

    def _set_aside(self) -> None:
        """Copy and empty the file, once where several processes find it full."""
        with FileLock(self._path.with_suffix(".lock"), timeout=1):
            if self._path.stat().st_size > self._most:
                shutil.copyfile(self._path, self._path.with_suffix(".log.old"))
                os.truncate(self._path, 0)


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
