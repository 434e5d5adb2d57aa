"""Map class paths of earlier versions, in stored trials and models, to where the classes are now.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

SCHEMA = "schema.json"  # of a model file, a zip of arrays and this: it names every class
_MODULES = {
    "auger_reconcile.hub.search.columns": "auger_hub.search.columns",
    "auger_reconcile.hub.search.forecast": "auger_hub.search.pipelines.forecast",
    "auger_hub.search.forecast": "auger_hub.search.pipelines.forecast",
}


def current_path(path: str) -> str:
    """Return the class path by which a class of any version is found today."""
    module, _, name = path.rpartition(".")
    return f"{_MODULES[module]}.{name}" if module in _MODULES else path


def with_current_paths(model: Path) -> bytes:
    """Return a stored model as it would be stored today: arrays as they are, classes renamed."""
    content = model.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = archive.read(SCHEMA).decode("utf-8")
        current = schema
        for old, new in _MODULES.items():
            current = current.replace(f'"{old}"', f'"{new}"')
        if current == schema:
            return content
        renamed = io.BytesIO()
        with zipfile.ZipFile(renamed, "w") as target:
            for name in archive.namelist():
                target.writestr(name, current if name == SCHEMA else archive.read(name))
    return renamed.getvalue()
