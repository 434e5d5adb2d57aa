"""Reconcile machine-learning projects on the Auger AutoML cloud with their auger.yaml."""

__version__ = "0.1.0"
