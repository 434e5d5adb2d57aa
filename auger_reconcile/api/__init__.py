"""The Python interface: what the command line calls, and what programs import."""

from auger_reconcile.api.context import Context
from auger_reconcile.api.dataset import DataSet
from auger_reconcile.api.experiment import Experiment
from auger_reconcile.api.model import Model
from auger_reconcile.api.project import Project
from auger_reconcile.api.workspace import Workspace

__all__ = ["Context", "DataSet", "Experiment", "Model", "Project", "Workspace"]
