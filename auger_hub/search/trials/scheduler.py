"""Run trials on a scheduler that others use and look after: what is away is waited for.

A scheduler that does not answer, or whose workers are busy or gone, costs a run time, and no trial:
those that were under way begin again when it is back. Only what a worker itself refuses, as for a
package that it lacks, ends the run.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from auger_hub.search.task import BadTask
from auger_hub.search.trials.cluster import Address, ClusterExecutor, Future, WorkerLost
from auger_hub.search.trials.pool import Limits, RunningTrial
from auger_hub.search.trials.trial import Candidate

_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0
_LOOK_SECONDS, _BUSY_SECONDS = 0.1, 5.0
_TIMEOUTS = (TimeoutError, asyncio.TimeoutError)  # not the same before Python 3.11


class SchedulerExecutor:
    """The workers of one scheduler, as a place for trials.

    Args:
        address: of the scheduler.
        data_path: the stored `TrialData`.
        limits: of one trial.
        tell: called with what is waited for, and with None when that is there.
    """

    def __init__(
        self,
        address: Address,
        data_path: Path,
        limits: Limits,
        tell: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        self._address, self._data_path, self._limits = address, data_path, limits
        self._tell = tell
        self._told: str | None = ""  # what a process before this one has told is not known
        self._waits_for: str | None = None
        self._cluster: ClusterExecutor | None = None
        self._refusal: str | None = None
        self._joining: threading.Thread | None = None
        self._is_closed = threading.Event()
        self._away_since: float | None = None
        self._away_before = 0.0

    @property
    def is_away(self) -> bool:
        """Tell whether a trial would have to wait; raise BadTask when it would in vain."""
        if self._refusal is not None:
            raise BadTask(f"No worker of {self._address.url} can run trials: {self._refusal}.")
        if self._cluster is not None and self._cluster.is_lost:
            self._leave()
        is_away = self._cluster is None
        if is_away:
            self._join()
        self._keep_time(is_away=is_away)
        waits_for = self._waits_for if is_away else None
        if waits_for != self._told:
            self._told = waits_for
            self._tell(waits_for)
        return is_away

    @property
    def away_seconds(self) -> float:
        """Return how long trials had to wait so far."""
        since = self._away_since
        return self._away_before + (0.0 if since is None else time.monotonic() - since)

    def start(self, candidate: Candidate) -> RunningTrial:
        """Start a trial; raise WorkerLost when the scheduler has gone meanwhile."""
        cluster = self._cluster
        if cluster is None:
            raise WorkerLost
        try:
            return cluster.start(candidate)
        except Exception as error:  # whatever Dask makes of it; is_away finds out what is the case
            self._leave()
            raise WorkerLost from error

    def close(self) -> None:
        """Leave the scheduler; it ends what it still runs for us."""
        self._is_closed.set()
        self._leave()

    def _leave(self) -> None:
        cluster, self._cluster = self._cluster, None
        if cluster is not None:
            cluster.close()

    def _keep_time(self, *, is_away: bool) -> None:
        if is_away and self._away_since is None:
            self._away_since = time.monotonic()
        elif not is_away and self._away_since is not None:
            self._away_before, self._away_since = self.away_seconds, None

    def _join(self) -> None:
        if self._joining is None or not self._joining.is_alive():
            self._joining = threading.Thread(target=self._try_to_join, daemon=True)
            self._joining.start()

    def _try_to_join(self) -> None:
        """Try until a worker is ready, more and more seldom."""
        pause = _PAUSE_SECONDS
        while not self._is_closed.is_set():
            with suppress(OSError, *_TIMEOUTS):
                client = self._address.connect()
                cluster = ClusterExecutor(client, self._data_path, self._limits, is_same_disk=False)
                if self._is_ready(cluster, cluster.ask_for_workers(1)[0]):
                    self._waits_for, self._cluster = None, cluster
                    return
                cluster.close()
                if self._refusal is not None:
                    return
            self._waits_for = f"waits for the scheduler {self._address.url}: it does not answer"
            self._is_closed.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _is_ready(self, cluster: ClusterExecutor, worker: Future) -> bool:
        """Wait until a worker is ready for trials; False when the scheduler went, or the run."""
        began = time.monotonic()
        while worker.status == "pending" and not (self._is_closed.is_set() or cluster.is_lost):
            if time.monotonic() - began > _BUSY_SECONDS:
                self._waits_for = f"waits for a free worker of {self._address.url}"
            self._is_closed.wait(_LOOK_SECONDS)
        if worker.status == "error":
            error = worker.exception(timeout=_BUSY_SECONDS)
            if not _is_loss(error):
                self._refusal = f"{type(error).__name__}: {error}"
        return bool(worker.status == "finished") and not self._is_closed.is_set()


def _is_loss(error: BaseException) -> bool:
    """Tell whether a worker went, rather than refused."""
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    return isinstance(error, KilledWorker | FutureCancelledError | OSError)
