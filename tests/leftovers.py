"""Wait for the end of a test run, then end what it left behind: hubs, and what they started.

    python leftovers.py PID FOLDER

A hub outlives whoever starts it, and a run that ends by a signal ends none. Its processes are
found by the run's temporary folder, in which every hub has its home.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

import psutil

PATIENCE = 5  # seconds from being asked to end until being killed


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
        psutil.wait_procs(left, timeout=PATIENCE)


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
