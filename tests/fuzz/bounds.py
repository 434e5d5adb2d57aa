"""How long and how large one input may make the program."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LONGEST = 10  # seconds of processor time; an ordinary input takes milliseconds
TIMES_INPUT = 10
MORE = 200_000_000  # bytes
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@contextmanager
def bounded(size: int) -> Iterator[None]:
    """Fail when what is done takes too long, or more memory than its input may cost."""

    def give_up(*_: object) -> None:
        pytest.fail(f"it takes longer than {LONGEST} s")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    began = _start_of_memory()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    more = _memory("VmHWM") - began
    assert more <= TIMES_INPUT * size + MORE, f"{more:,} bytes for an input of {size:,}"


def _start_of_memory() -> int:
    """Forget the peak so far, where the system can; return the memory in use."""
    try:
        CLEAR.write_text("5", encoding="ascii")
    except OSError:
        gc.collect()
    return _memory("VmRSS")


def _memory(name: str) -> int:
    if not STATUS.exists():
        return 0
    return int(STATUS.read_text(encoding="ascii").partition(f"{name}:")[2].split()[0]) * 1024
