"""Functions for processes of their own: those find them by name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def double(number: int) -> int:
    return 2 * number


def fail() -> None:
    raise ValueError("no such thing")


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def vanish() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(3)


def loaded() -> bool:
    import sys

    return "lightgbm" in sys.modules


def wait_for(note: Path) -> bool:
    """Return as soon as a file is there."""
    while not note.exists():
        time.sleep(0.01)
    return True


def work_for_ever() -> None:
    """Use all the time that the system gives: none."""
    from auger_hub.explain.allowance import Allowance

    Allowance(0.0, is_fresh=True).enforce()
    while True:
        pass


def outlive(note: Path) -> None:
    """Write the process id, then stay until killed."""
    note.write_text(str(os.getpid()))
    time.sleep(60)
