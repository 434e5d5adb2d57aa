"""Bound how much a file may become, so that no small upload fills the hub's disk or memory.

What is streamed has a limit in bytes. What a library reads in one piece has the memory of its
process as its limit.
"""

import os
from contextlib import suppress
from pathlib import Path

MAX_BYTES = 50 << 30
"""The largest unpacked file, five times the largest upload (wire contract §2.9)."""
MAX_RATIO = 250
"""The largest growth of an archive; tables of text rarely shrink to less than a hundredth."""
RATIO_MATTERS_FROM = 64 << 20
"""Below this size any growth is harmless."""
_READERS = 3
"""So many processes may read a file at the same time."""
_LEAST_MEMORY = 1 << 30
STREAMED_TABLE = 600 << 20
"""What DuckDB may hold of a table of few columns; it spills the rest, and is as fast."""
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def most_bytes(size: int) -> int:
    """Return how many bytes may come out of a file of this size."""
    return min(MAX_BYTES, max(RATIO_MATTERS_FROM, size * MAX_RATIO))


def bound_memory() -> None:
    """Leave this process its share of the machine: beyond it, memory is refused to it alone."""
    try:
        import resource
    except ImportError:
        return  # Windows has no such limit
    _, highest = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = max(_LEAST_MEMORY, _share())
    if highest != resource.RLIM_INFINITY:
        wanted = min(wanted, highest)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, highest))


def table_memory() -> int:
    """Return how many bytes DuckDB may hold of a table: half of a reader's share of the machine."""
    return max(STREAMED_TABLE, _share() // 2)


def _share() -> int:
    return _machine_memory() // _READERS


def _machine_memory() -> int:
    """Return the memory of the machine, or what its container is allowed of it."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        return _LEAST_MEMORY * _READERS
    for path in map(Path, _CGROUPS):
        with suppress(OSError, ValueError):  # not in a container, or `max`
            physical = min(physical, int(path.read_text(encoding="ascii")))
    return physical
