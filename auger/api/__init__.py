"""The import path that users know: `from auger.api import Context, Project`."""

from auger_reconcile.api import Context, DataSet, Experiment, Model, Project, Workspace

__all__ = ["Context", "DataSet", "Experiment", "Model", "Project", "Workspace"]
