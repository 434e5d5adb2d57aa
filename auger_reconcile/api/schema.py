"""The JSON Schema of auger.yaml, re-exported from where the file is read."""

from auger_reconcile.config.schema import json_schema

__all__ = ["json_schema"]
