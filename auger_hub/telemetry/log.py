"""Write the hub's log: as text or as JSON, to its bounded file or to the standard output."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

from auger_hub.settings import JSON_LINES, STDOUT
from auger_hub.telemetry.bounded_log import BoundedLog, Repeated
from auger_hub.telemetry.request import RequestFacts, current_request


def log_to(path: Path, *, place: str, form: str) -> None:
    """Send all that this process logs to one place.

    Args:
        path: of the file.
        place: `file`, which is set aside when it is full, or `stdout`.
        form: `text`, a line with the facts of the request at its end, or `json`.
    """
    handler: logging.Handler
    if place == STDOUT:
        handler = logging.StreamHandler(sys.stdout)
    else:
        handler = BoundedLog(path)
        path.chmod(0o600)
    handler.addFilter(Repeated())
    handler.setFormatter(JsonLines() if form == JSON_LINES else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for quiet in ("filelock", "alembic", "uvicorn"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


class TextLines(logging.Formatter):
    """`TIME MESSAGE [user@organization address id]`; the brackets for requests alone."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line before a traceback."""
        line, facts = super().formatMessage(record), current_request()
        return line if facts is None else f"{line} [{_who(facts)} {facts.address} {facts.id}]"


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message; of requests also who, where and how long."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        told: dict[str, object] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        facts = current_request()
        if facts is not None:
            known = {
                "request_id": facts.id,
                "address": facts.address,
                "user": facts.user,
                "organization": facts.organization,
            }
            told |= {name: value for name, value in known.items() if value}
        told |= getattr(record, "facts", {})
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def _who(facts: RequestFacts) -> str:
    return f"{facts.user}@{facts.organization}" if facts.user else "-"
