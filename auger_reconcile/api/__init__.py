"""Export the Python interface: what the command line calls, and what programs import.

A name is imported when it is first asked for: a command needs few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        NotAllowed,
        NotAuthenticated,
        NotFound,
        PlanRefused,
        StalePlan,
        Unavailable,
        WrongArgument,
    )
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.plan import Plan

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
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "Plan",
    "PlanOptions",
    "PlanRefused",
    "Project",
    "StalePlan",
    "Unavailable",
    "Workspace",
    "WrongArgument",
    "apply",
    "destroy",
    "drift",
    "plan",
]
_ELSEWHERE = {
    **dict.fromkeys(("apply", "destroy", "drift", "plan"), "api.declarative"),
    "Plan": "planner.plan",
    "PlanOptions": "planner.build",
}
_CLASSES = ("Context", "DataSet", "Experiment", "Model", "Project", "Workspace")


def __getattr__(name: str) -> Any:
    """Import what is exported under a name (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = f"api.{name.lower()}" if name in _CLASSES else "errors"
    module = import_module(f"auger_reconcile.{_ELSEWHERE.get(name, home)}")
    globals()[name] = found = getattr(module, name)
    return found
