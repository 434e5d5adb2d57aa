"""List all routes of the API."""

from __future__ import annotations

from auger_hub.http.contract import Route
from auger_hub.routes import applies, audit_entries, controllers, organizations, status
from auger_hub.routes.datasets import dataset_manifests, project_file_urls, project_files
from auger_hub.routes.experiments import (
    experiment_sessions,
    experiments,
    explanations,
    hyperparameters,
    trial_evaluations,
    trials,
)
from auger_hub.routes.models import (
    actuals,
    evaluations,
    health,
    pipeline_files,
    pipelines,
    predictions,
    roi_validations,
)
from auger_hub.routes.people import users
from auger_hub.routes.projects import (
    cluster_statuses,
    cluster_tasks,
    clusters,
    instance_types,
    pod_logs,
    projects,
)
from auger_hub.routes.review import endpoint_pipelines, endpoints, review_alert_items, review_alerts

_RESOURCES = (
    status,  # first: it is asked most, and routes are tried in order
    actuals,
    applies,
    audit_entries,
    cluster_statuses,
    cluster_tasks,
    clusters,
    controllers,
    dataset_manifests,
    endpoint_pipelines,
    endpoints,
    evaluations,
    experiment_sessions,
    experiments,
    explanations,
    health,
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
    trial_evaluations,
    trials,
    users,
)

ROUTES: list[Route] = [route for resource in _RESOURCES for route in resource.ROUTES]
