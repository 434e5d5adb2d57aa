"""Run `auger schema`: print the JSON Schema of auger.yaml for editors."""

from __future__ import annotations

from auger_reconcile.cli.command import command
from auger_reconcile.cli.invocation import Invocation


@command(example="auger schema")
def schema(invocation: Invocation) -> None:
    """Print the JSON Schema of auger.yaml, for completion in editors.

    An editor finds it by a first line `# yaml-language-server: $schema=auger.schema.json`.
    """
    from auger_reconcile.api.files.schema import json_schema

    invocation.show_json(json_schema())
