"""Export the Python interface: what the command line calls, and what programs import."""

from auger_reconcile.api.context import Context
from auger_reconcile.api.dataset import DataSet
from auger_reconcile.api.declarative import apply, destroy, drift, plan
from auger_reconcile.api.experiment import Experiment
from auger_reconcile.api.model import Model
from auger_reconcile.api.project import Project
from auger_reconcile.api.workspace import Workspace
from auger_reconcile.errors import (
    ActionFailed,
    AugerError,
    ConfigError,
    Conflict,
    HubError,
    Interrupted,
    NotAuthenticated,
    NotFound,
    PlanRefused,
    StalePlan,
    Unavailable,
)

__all__ = [
    "ActionFailed",
    "AugerError",
    "ConfigError",
    "Conflict",
    "Context",
    "DataSet",
    "Experiment",
    "HubError",
    "Interrupted",
    "Model",
    "NotAuthenticated",
    "NotFound",
    "PlanRefused",
    "Project",
    "StalePlan",
    "Unavailable",
    "Workspace",
    "apply",
    "destroy",
    "drift",
    "plan",
]
