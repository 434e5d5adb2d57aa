"""Keep swept models and logs for some days, in a folder for each day, before they are deleted.

To take a model back while the hub does not run, move its folder from `trash/<day>/models` to
`models`, and its archive in the store from `.auger-hub/trash/<day>/models` to `.auger-hub/models`.
"""

from __future__ import annotations

import logging
import re
import shutil
from datetime import timedelta
from pathlib import Path

from auger_hub.database.tables import now
from auger_hub.settings import HubSettings

KEPT = timedelta(days=7)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_log = logging.getLogger("auger.hub.sweep")


def move_to_trash(settings: HubSettings, path: Path, reason: str) -> None:
    """Move a file or folder of the hub's home to the trash of today, and log it.

    What cannot be moved stays where it is until the next sweep.
    """
    target = settings.trash_folder / f"{now():%Y-%m-%d}" / path.relative_to(settings.home)
    number = 0
    while target.exists():
        number += 1
        target = target.with_name(f"{path.name}.{number}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.move(path, target)
    except FileNotFoundError:
        return  # somebody else removed it
    except OSError as error:
        _log.error("%s cannot be moved to the trash: %s", path, error)
        return
    _log.warning("moved %s to %s: %s", path, target, reason)


def empty_trash(settings: HubSettings) -> None:
    """Delete what was moved to the trash more than `KEPT` ago, and log it."""
    if not settings.trash_folder.is_dir():
        return
    oldest = f"{now() - KEPT:%Y-%m-%d}"
    for day in settings.trash_folder.iterdir():
        if _DAY.fullmatch(day.name) and day.name < oldest:
            count = sum(1 for path in day.glob("*/*"))
            shutil.rmtree(day, ignore_errors=True)
            _log.warning("deleted the trash of %s: %d models and logs", day.name, count)
