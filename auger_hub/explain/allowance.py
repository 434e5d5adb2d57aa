"""Count the processor time that an explanation may take, whole: reading and fitting included.

Processor time, because a process that is stopped while trials run, or that comes last on a loaded
machine, costs nothing meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

USABLE = 0.9  # the rest is for what is on its way when the time is out


class Allowance:
    """The processor seconds of this process that are left for an explanation."""

    def __init__(
        self,
        seconds: float,
        *,
        is_fresh: bool = False,
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        """Begin to count.

        Args:
            seconds: that it may take.
            is_fresh: whether all that this process has done so far belongs to it.
            clock: tells the processor seconds of this process.
        """
        self.seconds = seconds
        self._clock = clock
        self._began = 0.0 if is_fresh else clock()

    @property
    def used(self) -> float:
        """Return the seconds since it began."""
        return self._clock() - self._began

    def left(self, share: float = 1.0) -> float:
        """Return the seconds until a share of it is used up; less than none when it is."""
        return self.seconds * USABLE * share - self.used

    def enforce(self) -> None:
        """Let the system end this process a moment after the time is out, whatever it is doing."""
        try:
            import resource
        except ImportError:  # Windows: its owner ends it
            return
        limit = math.ceil(self._began + self.seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
