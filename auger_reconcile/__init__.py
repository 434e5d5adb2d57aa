"""Reconcile machine-learning projects on the Auger AutoML cloud with a declaration in auger.yaml."""

__version__ = "0.1.0"
