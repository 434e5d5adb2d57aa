"""Look up how much memory a worker has, by the type of its project's cluster."""

from __future__ import annotations

import os

_STANDARD_MB = 4096
_HIGH_MB = 16384  # worker types 2 and 3 are both called high_memory (wire contract §2.4)


def memory_of(worker_type_id: int) -> int:
    """Return the megabytes of one worker: no more than this machine has."""
    wanted = _STANDARD_MB if worker_type_id == 1 else _HIGH_MB
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    except (ValueError, OSError, AttributeError):
        return wanted
    return min(wanted, installed)
