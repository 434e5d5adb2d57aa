"""All routes of the API, in one list."""

from __future__ import annotations

from auger_reconcile.hub.api import Route
from auger_reconcile.hub.routes import (
    actuals,
    cluster_tasks,
    experiment_sessions,
    experiments,
    hyperparameters,
    instance_types,
    organizations,
    pipeline_files,
    pipelines,
    predictions,
    project_files,
    projects,
    status,
    trials,
)

_RESOURCES = (
    status,  # first: it is asked most, and routes are tried in order
    actuals,
    cluster_tasks,
    experiment_sessions,
    experiments,
    hyperparameters,
    instance_types,
    organizations,
    pipeline_files,
    pipelines,
    predictions,
    project_files,
    projects,
    trials,
)

ROUTES: list[Route] = [route for resource in _RESOURCES for route in resource.ROUTES]
