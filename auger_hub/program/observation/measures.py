"""Collect for Prometheus what the database, the processes and the disk of a hub know."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from auger_hub.database.tables import (
    Base,
    ExperimentSession,
    Pipeline,
    Prediction,
    Project,
    ProjectFile,
    Trial,
)
from auger_hub.http.connections import BoundedHttp
from auger_hub.hub import Hub
from auger_hub.store.disk import look_at_disk
from auger_hub.telemetry.metrics import COUNTED, COUNTS
from auger_reconcile import __version__

_OBJECTS: dict[str, type[Base]] = {
    "project": Project,
    "dataset": ProjectFile,
    "run": ExperimentSession,
    "model": Pipeline,
}
_UNANSWERED = ("requested", "running")
_KEPT_SECONDS = 10.0


@dataclass
class _Rows:
    """Numbers of rows: counting those of a large hub takes long, so they are kept for a while."""

    objects: dict[tuple[str, str], int]
    trials: dict[str, int]
    unanswered: int
    workers: int
    counted_at: float


class Measures(Collector):
    """What can be read of one hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rows: _Rows | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """Return all measures in the text format of Prometheus."""
        counted = COUNTED
        if COUNTS in os.environ:  # of all workers
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield what is asked for at this moment."""
        info = GaugeMetricFamily("auger_hub_info", "The version that serves.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        yield from self._rows_now()
        yield from self._work_now()
        yield GaugeMetricFamily(
            "auger_hub_leads",
            "Whether this hub leads the background work, by any of its workers.",
            value=float(self._hub.supervisor.membership.is_leading_here()),
        )
        disk = look_at_disk(self._hub.settings)
        yield GaugeMetricFamily("auger_hub_disk_free_bytes", "Room on the disk.", value=disk.free)
        yield GaugeMetricFamily("auger_hub_disk_bytes", "Size of the disk.", value=disk.total)
        yield GaugeMetricFamily(
            "auger_hub_connections",
            "Connections of clients that are open.",
            value=BoundedHttp.connections_of_server.count,
        )
        yield GaugeMetricFamily(
            "auger_hub_database_connections",
            "Connections to the database that are in use.",
            value=self._hub.database.connections_in_use(),
        )

    def _rows_now(self) -> Iterator[Metric]:
        if self._rows is None or time.monotonic() - self._rows.counted_at > _KEPT_SECONDS:
            with self._hub.database.connect() as connection:
                self._rows = _count(connection)
        rows = self._rows
        objects = GaugeMetricFamily(
            "auger_hub_objects", "Objects of all organizations.", labels=["kind", "status"]
        )
        for (kind, status), count in rows.objects.items():
            objects.add_metric([kind, status], count)
        trials = GaugeMetricFamily("auger_hub_trials", "Trials of all runs.", labels=["outcome"])
        for outcome, count in rows.trials.items():
            trials.add_metric([outcome], count)
        yield from (objects, trials)
        yield GaugeMetricFamily(
            "auger_hub_predictions_waiting", "Questions without an answer.", value=rows.unanswered
        )
        yield GaugeMetricFamily(
            "auger_hub_workers", "Workers that runs have been given.", value=rows.workers
        )

    def _work_now(self) -> Iterator[Metric]:
        work = self._hub.supervisor.work()
        running = GaugeMetricFamily(
            "auger_hub_jobs", "Pieces of background work.", labels=["kind", "state"]
        )
        for state, kinds in (("running", work.running), ("waiting", work.waiting)):
            for kind, count in kinds.items():
                running.add_metric([kind, state], count)
        yield running
        yield GaugeMetricFamily(
            "auger_hub_model_processes", "Models that are loaded.", value=work.models
        )


def _count(connection: Connection) -> _Rows:
    objects: dict[tuple[str, str], int] = {}
    for kind, table in _OBJECTS.items():
        status = table.__table__.c.status
        for name, count in connection.execute(select(status, func.count()).group_by(status)):
            objects[kind, name] = count
    scored = select(func.count(), func.count(Trial.score_value))
    trials, good = connection.execute(scored.select_from(Trial)).one()
    waiting = select(func.count()).where(Prediction.status.in_(_UNANSWERED))
    is_going = ExperimentSession.status.in_(("preprocess", "started"))
    workers = select(func.coalesce(func.sum(ExperimentSession.workers), 0)).where(is_going)
    return _Rows(
        objects=objects,
        trials={"scored": good, "failed": trials - good},
        unanswered=connection.scalar(waiting) or 0,
        workers=connection.scalar(workers) or 0,
        counted_at=time.monotonic(),
    )
