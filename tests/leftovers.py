"""Wait for the end of a test run, then end what it left behind: hubs, and what they started.

    python leftovers.py PID FOLDER

A hub outlives whoever starts it, and a run that ends by a signal ends none. Its processes are
found by the run's temporary folder, in which every hub has its home. The folder itself stays for
whoever looks into it, until pytest removes it as an old one.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

PATIENCE = 5  # seconds from being asked to end until being killed
ELSEWHERE = "elsewhere-"


def main(run: int, folder: str) -> None:
    """Look until the process is gone; then end every process that works in the folder."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(run)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.5)
    for end in (psutil.Process.terminate, psutil.Process.kill):
        left = find_processes(folder)  # those of a hub, and workers of the run itself
        for one in left:
            with suppress(psutil.Error):
                end(one)
        give_up_at = time.monotonic() + PATIENCE
        while any(map(is_alive, left)) and time.monotonic() < give_up_at:
            time.sleep(0.02)
    links = [*Path(folder).glob(f"{ELSEWHERE}*"), *Path(folder).glob(f"popen-*/{ELSEWHERE}*")]
    for link in links:  # of a run in one process, and of workers
        shutil.rmtree(link.resolve(), ignore_errors=True)
    (Path(folder) / ".lock").unlink(missing_ok=True)  # by which pytest takes it for one in use


def is_alive(process: psutil.Process) -> bool:
    """Say whether it runs; one that has ended and nobody has waited for does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def note_elsewhere(folder: Path) -> None:
    """Note a folder of this run that is not below its own, to be removed with the run's end."""
    (Path(tempfile.gettempdir()) / f"{ELSEWHERE}{folder.name}").symlink_to(folder)


def find_processes(folder: str) -> list[psutil.Process]:
    """Return the processes whose command line or environment names something in the folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            texts = [*process.cmdline(), *process.environ().values()]
            is_of_run = folder in texts or any(f"{folder}{os.sep}" in text for text in texts)
            if is_of_run and process.pid != os.getpid():
                found.append(process)
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
