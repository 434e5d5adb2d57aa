"""Count what the hub does, for Prometheus; what the database knows is asked when it is read."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

COUNTED = CollectorRegistry()
"""What this process counts as it goes."""
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable of the folder where prometheus-client adds up what several processes count."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)

ProcessCollector(registry=COUNTED)
REQUESTS = Counter(
    "auger_hub_requests",
    "Requests that were answered, by route and status.",
    ["method", "route", "status"],
    registry=COUNTED,
)
REQUEST_SECONDS = Histogram(
    "auger_hub_request_seconds",
    "How long requests took until their answer was sent.",
    ["route"],
    buckets=_SECONDS,
    registry=COUNTED,
)
PREDICTIONS = Counter(
    "auger_hub_predictions",
    "Questions that models have answered, by how it ended.",
    ["outcome"],
    registry=COUNTED,
)
PREDICTION_SECONDS = Histogram(
    "auger_hub_prediction_seconds",
    "How long models took to answer a question, without its wait in turn.",
    buckets=_SECONDS,
    registry=COUNTED,
)
JOB_FAILURES = Counter(
    "auger_hub_job_failures",
    "Pieces of background work whose process died too often.",
    ["kind"],
    registry=COUNTED,
)
