"""Export the JSON Schema of auger.yaml from where the file is read."""

from auger_reconcile.config.schema import json_schema

__all__ = ["json_schema"]
