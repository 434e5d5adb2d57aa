"""Give every process of the hub a temporary folder within the hub's own, and sweep the dead's.

What is unpacked or downloaded there is data of users. A killed process cannot remove it, and
nobody else would know that it may: so each folder is locked by the process that uses it and by
those that it has forked, and one that nobody has locked is removed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

from auger_hub.settings import HubSettings

_NEW_SECONDS = 60.0
"""In which a folder may be there and not be locked yet."""


def use_own_temporary(settings: HubSettings) -> None:
    """Let this process, and what it starts, put temporary files into a folder of its own.

    Where folders cannot be locked, the system's folder is used as before.
    """
    if os.name != "posix":
        return
    import fcntl

    settings.temporary_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=settings.temporary_folder)
    # never closed: the lock is to last as long as the process, and its forks
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    atexit.register(_remove_own, folder, os.getpid())


def _remove_own(folder: str, owner: int) -> None:
    """Leave nothing behind at an orderly end, unless it is that of a fork."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_temporary(settings: HubSettings) -> None:
    """Remove the temporary folders of processes that are no more."""
    if os.name != "posix" or not settings.temporary_folder.is_dir():
        return
    for folder in settings.temporary_folder.iterdir():
        if _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    import fcntl

    try:
        if time.time() - folder.stat().st_mtime < _NEW_SECONDS:
            return False
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
