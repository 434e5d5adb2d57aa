"""Machine sizes (wire contract §2.19). A local hub has one machine: the one it runs on."""

from __future__ import annotations

import os

from auger_reconcile.hub.api import Call, Fields, Page, Route

_SIZES = (
    ("c5.large", 2, 4),
    ("c5.xlarge", 4, 8),
    ("c5.2xlarge", 8, 16),
    ("c5.4xlarge", 16, 32),
    ("c5.9xlarge", 36, 72),
    ("c5.18xlarge", 72, 144),
    ("r5.large", 2, 16),
    ("r5.xlarge", 4, 32),
    ("r5.2xlarge", 8, 64),
    ("r5.4xlarge", 16, 128),
    ("r5.12xlarge", 48, 384),
    ("r5.24xlarge", 96, 768),
)


def _describe(name: str, cores: int, memory_gb: float) -> Fields:
    return {
        "object": "instance_type",
        "deleted": False,
        "id": name,
        "description": f"{cores}xCPU {float(memory_gb)} GB RAM",
    }


def _index(call: Call) -> Page:
    fitting = [size for size in _SIZES if size[1] <= (os.cpu_count() or 1)] or [_SIZES[0]]
    items = [_describe(*size) for size in fitting]
    return Page(items, limit=call.given("limit") or 50, offset=0, total=len(items))


ROUTES = [Route("GET", "/instance_types", _index)]
