"""Run trials on the workers of a Dask cluster.

A run begins in processes of its own, so that the first trials never wait. One that goes on for
longer moves to the cluster of its project: a trial runs there when a worker is ready and free, and
in a process of the run's own when not. So the loss of a cluster costs its trials one retry.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, TypeAlias

from auger_hub.search.trials import dask_task
from auger_hub.search.trials.pool import Limits, RunningTrial, TrialExecutor
from auger_hub.search.trials.process_call import ProcessDied
from auger_hub.search.trials.trial import Candidate, Evaluation

Client: TypeAlias = Any  # Dask's classes are typed by half, which checks nothing
Future: TypeAlias = Any
STAY_SECONDS = 120.0
"""Workers take five seconds of all cores to start: a run stays until that is under a twentieth."""
RETRY_SECONDS = 2.0
CONNECT_SECONDS = 10
_log = logging.getLogger(__name__)


class WorkerLost(ProcessDied):
    """The worker that ran a trial is gone, or the whole cluster."""

    def __init__(self) -> None:
        super().__init__(None)

    def __str__(self) -> str:
        """Return what happened, for the sentence on the board."""
        return "its worker was lost"


@dataclass(frozen=True)
class Address:
    """Where a scheduler is, and the certificate (PEM) by which both sides know each other."""

    url: str
    certificate: str = ""
    key: str = ""

    @classmethod
    def read(cls, path: Path) -> Address | None:
        """Return what a cluster noted in a file; None while it is not there."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def connect(self) -> Client:
        """Return a client; raise OSError when nobody answers."""
        from distributed import Client
        from distributed.security import Security

        security: Any = None
        if self.certificate:
            security = Security(  # type: ignore[no-untyped-call]
                tls_ca_file=self.certificate,
                tls_client_cert=self.certificate,
                tls_client_key=self.key,
                require_encryption=True,
            )
        return Client(  # type: ignore[no-untyped-call]
            self.url, security=security, timeout=CONNECT_SECONDS, set_as_default=False
        )


class ClusterExecutor:
    """The workers of a cluster, as a place for trials.

    Args:
        client: of the scheduler; closed with this.
        data_path: the stored `TrialData`.
        limits: of one trial.
        is_same_disk: its workers can read `data_path`; otherwise they are sent what is in it.
    """

    def __init__(
        self, client: Client, data_path: Path, limits: Limits, *, is_same_disk: bool
    ) -> None:
        self._client, self._data_path, self._limits = client, data_path, limits
        self._is_same_disk = is_same_disk
        self._sent: Future | None = None
        self._getting_ready: list[Future] = []
        self._calls: list[_ClusterTrial] = []

    @property
    def has_room(self) -> bool:
        """Tell whether a ready worker is free, as far as is known here."""
        self._calls = [call for call in self._calls if call.is_running]
        ready = sum(future.status == "finished" for future in self._getting_ready)
        return not self.is_lost and len(self._calls) < ready

    @property
    def is_lost(self) -> bool:
        """Tell whether the scheduler is gone."""
        return bool(self._client.status != "running")

    def ask_for_workers(self, count: int) -> list[Future]:
        """Have workers get ready, and return their words; what adapts starts what is missing."""
        self._getting_ready = [
            self._client.submit(dask_task.get_ready, number, pure=False) for number in range(count)
        ]
        return self._getting_ready

    def start(self, candidate: Candidate) -> RunningTrial:
        """Start a trial on the next free worker."""
        data: Any = self._data_path if self._is_same_disk else self._send_data()
        name = self._sent.key if self._sent is not None else ""
        future = self._client.submit(
            dask_task.run_trial, data, name, candidate, self._limits, pure=False
        )
        call = _ClusterTrial(future)
        self._calls.append(call)
        return call

    def close(self) -> None:
        """Leave the cluster; it ends what it still runs for us."""
        with suppress(Exception):  # gone already
            self._client.close(timeout=2)

    def _send_data(self) -> Future:
        """Return the data as the workers have it, sent again when it went with a worker."""
        if self._sent is None or self._sent.status != "finished":
            data = self._data_path.read_bytes()
            self._sent = self._client.scatter(data, hash=False, broadcast=True)
        return self._sent


class _ClusterTrial:
    """One trial on its way; the worker keeps its limits, and the clock of its time."""

    def __init__(self, future: Future) -> None:
        self.receiver, self._sender = Pipe(duplex=False)
        self.seconds = 0.0
        self._future = future
        self.is_running = True
        future.add_done_callback(lambda _: self._sender.close())

    def receive(self) -> Evaluation:
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        try:
            evaluation, self.seconds = self._future.result(timeout=CONNECT_SECONDS)
        except (KilledWorker, FutureCancelledError, TimeoutError, OSError) as error:
            _log.warning("a worker was lost: %s", error)
            raise WorkerLost from error
        except Exception as error:
            if self._future.client.status != "running":
                raise WorkerLost from error
            # whatever the worker says is this trial's failure
            return Evaluation(error=f"{type(error).__name__}: {error}", failure="error")
        finally:
            self.kill()
        assert isinstance(evaluation, Evaluation)
        return evaluation

    def kill(self) -> None:
        self.is_running = False
        self._future.release()
        self.receiver.close()


class MovingExecutor:
    """Runs trials in own processes first, and on a cluster as soon as its workers are ready."""

    def __init__(
        self, own: TrialExecutor, cluster_file: Path, data_path: Path, limits: Limits, workers: int
    ) -> None:
        self._own, self._cluster_file, self._workers = own, cluster_file, workers
        self._data_path, self._limits = data_path, limits
        self._cluster: ClusterExecutor | None = None
        self._joining: threading.Thread | None = None
        self._join_at = time.monotonic() + STAY_SECONDS
        self._is_closed = False

    is_away = False  # there are always its own processes
    away_seconds = 0.0

    @property
    def has_moved(self) -> bool:
        """Tell whether the next trial would find a worker."""
        return self._cluster is not None and self._cluster.has_room

    def start(self, candidate: Candidate) -> RunningTrial:
        """Start a trial where there is room for it now."""
        cluster = self._cluster
        if cluster is not None and cluster.is_lost:
            cluster.close()
            self._cluster = cluster = None
        if cluster is None:
            self._join()
        elif cluster.has_room:
            return cluster.start(candidate)
        return self._own.start(candidate)

    def close(self) -> None:
        """Leave the cluster."""
        self._is_closed = True
        if self._cluster is not None:
            self._cluster.close()

    def _join(self) -> None:
        """Look for the cluster in the background, now and then."""
        is_joining = self._joining is not None and self._joining.is_alive()
        if is_joining or time.monotonic() < self._join_at:
            return
        self._join_at = time.monotonic() + RETRY_SECONDS
        self._joining = threading.Thread(target=self._try_to_join, daemon=True)
        self._joining.start()

    def _try_to_join(self) -> None:
        address = Address.read(self._cluster_file)
        if address is None:
            return
        try:
            client = address.connect()
        except (OSError, TimeoutError):
            return  # it is just ending, or just starting
        cluster = ClusterExecutor(client, self._data_path, self._limits, is_same_disk=True)
        cluster.ask_for_workers(self._workers)
        if self._is_closed:
            cluster.close()
        else:
            self._cluster = cluster
