"""Export the Python interface: what the command line calls, and what programs import.

A name is imported when it is first asked for: a command needs few of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.dataset import DataSet
    from auger_reconcile.api.declarative import apply, destroy, drift, plan
    from auger_reconcile.api.evaluation import Evaluation
    from auger_reconcile.api.experiment import Experiment
    from auger_reconcile.api.health import Health
    from auger_reconcile.api.hubs.session import Session
    from auger_reconcile.api.look import ColumnLook, Look, Schema
    from auger_reconcile.api.model import Model
    from auger_reconcile.api.project import Project
    from auger_reconcile.api.runs.comparison import Comparison
    from auger_reconcile.api.runs.leaderboard import Leaderboard
    from auger_reconcile.api.runs.report import Report
    from auger_reconcile.api.runs.reproduction import Reproduction
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.result import ApplyResult, Finished, Outcome, Progressed, Started
    from auger_reconcile.client.credentials import Credentials
    from auger_reconcile.config.declarations.channel import Channel
    from auger_reconcile.config.load import Loaded
    from auger_reconcile.diagnostics import Diagnostic
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
        StillUnderWay,
        Unavailable,
        WrongArgument,
    )
    from auger_reconcile.history.checkout import Checkout
    from auger_reconcile.history.lineage import Lineage
    from auger_reconcile.history.read import ApplyRecord
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.drift import Drift
    from auger_reconcile.planner.explain import Explanation
    from auger_reconcile.planner.plan import Action, Plan
    from auger_reconcile.planner.targets import Scope
    from auger_reconcile.policy.rule import Rule
    from auger_reconcile.resources._base import FieldChange
    from auger_reconcile.resources.files.source import DatasetSpec
    from auger_reconcile.resources.project import ProjectSpec
    from auger_reconcile.state import DesiredState, ObservedState

__all__ = [
    "Action",
    "ActionFailed",
    "Address",
    "ApplyOptions",
    "ApplyRecord",
    "ApplyResult",
    "AugerError",
    "Channel",
    "Checkout",
    "ColumnLook",
    "Comparison",
    "ConfigError",
    "Conflict",
    "Context",
    "Credentials",
    "DataSet",
    "DatasetSpec",
    "DesiredState",
    "Diagnostic",
    "Drift",
    "Evaluation",
    "Experiment",
    "Explanation",
    "FieldChange",
    "Finished",
    "Health",
    "HubError",
    "Interrupted",
    "Leaderboard",
    "Lineage",
    "Loaded",
    "Look",
    "Model",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "ObservedState",
    "Outcome",
    "Plan",
    "PlanOptions",
    "PlanRefused",
    "Progressed",
    "Project",
    "ProjectSpec",
    "Report",
    "Reproduction",
    "Rule",
    "Schema",
    "Scope",
    "Session",
    "StalePlan",
    "Started",
    "StillUnderWay",
    "Unavailable",
    "Workspace",
    "WrongArgument",
    "apply",
    "destroy",
    "drift",
    "plan",
]
_HOMES = {
    "Address": "address",
    "Context": "api.context",
    "DataSet": "api.dataset",
    "apply": "api.declarative",
    "destroy": "api.declarative",
    "drift": "api.declarative",
    "plan": "api.declarative",
    "Evaluation": "api.evaluation",
    "Experiment": "api.experiment",
    "Health": "api.health",
    "Session": "api.hubs.session",
    "ColumnLook": "api.look",
    "Look": "api.look",
    "Schema": "api.look",
    "Model": "api.model",
    "Project": "api.project",
    "Comparison": "api.runs.comparison",
    "Leaderboard": "api.runs.leaderboard",
    "Report": "api.runs.report",
    "Reproduction": "api.runs.reproduction",
    "Workspace": "api.workspace",
    "ApplyOptions": "applier.apply",
    "ApplyResult": "applier.result",
    "Finished": "applier.result",
    "Outcome": "applier.result",
    "Progressed": "applier.result",
    "Started": "applier.result",
    "Credentials": "client.credentials",
    "Channel": "config.declarations.channel",
    "Loaded": "config.load",
    "Diagnostic": "diagnostics",
    "Checkout": "history.checkout",
    "Lineage": "history.lineage",
    "ApplyRecord": "history.read",
    "PlanOptions": "planner.build",
    "Drift": "planner.drift",
    "Explanation": "planner.explain",
    "Action": "planner.plan",
    "Plan": "planner.plan",
    "Scope": "planner.targets",
    "Rule": "policy.rule",
    "FieldChange": "resources._base",
    "DatasetSpec": "resources.files.source",
    "ProjectSpec": "resources.project",
    "DesiredState": "state",
    "ObservedState": "state",
}
"""Where each is defined; all that stand nowhere here are errors."""


def __getattr__(name: str) -> Any:
    """Import what is exported under a name (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"auger_reconcile.{_HOMES.get(name, 'errors')}")
    globals()[name] = found = getattr(module, name)
    return found
