"""All routes of the API, in one list."""

from __future__ import annotations

from auger_reconcile.hub.api import Route
from auger_reconcile.hub.routes import (
    actuals,
    cluster_statuses,
    cluster_tasks,
    clusters,
    dataset_manifests,
    endpoint_pipelines,
    endpoints,
    experiment_sessions,
    experiments,
    hyperparameters,
    instance_types,
    organizations,
    pipeline_files,
    pipelines,
    pod_logs,
    predictions,
    project_file_urls,
    project_files,
    projects,
    review_alert_items,
    review_alerts,
    roi_validations,
    status,
    trials,
)

_RESOURCES = (
    status,  # first: it is asked most, and routes are tried in order
    actuals,
    cluster_statuses,
    cluster_tasks,
    clusters,
    dataset_manifests,
    endpoint_pipelines,
    endpoints,
    experiment_sessions,
    experiments,
    hyperparameters,
    instance_types,
    organizations,
    pipeline_files,
    pipelines,
    pod_logs,
    predictions,
    project_file_urls,
    project_files,
    projects,
    review_alert_items,
    review_alerts,
    roi_validations,
    trials,
)

ROUTES: list[Route] = [route for resource in _RESOURCES for route in resource.ROUTES]
