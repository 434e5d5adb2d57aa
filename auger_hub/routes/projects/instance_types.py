"""Serve machine sizes (wire contract §2.19): a local hub has the one machine that it runs on."""

from __future__ import annotations

import os
from typing import Literal, TypedDict

from auger_hub.http.contract import Call, Page, Route
from auger_hub.routes.query import page_size

_SIZES = {
    "c5.large": (2, 4),
    "c5.xlarge": (4, 8),
    "c5.2xlarge": (8, 16),
    "c5.4xlarge": (16, 32),
    "c5.9xlarge": (36, 72),
    "c5.18xlarge": (72, 144),
    "r5.large": (2, 16),
    "r5.xlarge": (4, 32),
    "r5.2xlarge": (8, 64),
    "r5.4xlarge": (16, 128),
    "r5.12xlarge": (48, 384),
    "r5.24xlarge": (96, 768),
}
"""Cores and GB of memory."""


class InstanceTypeObject(TypedDict):
    """What a client sees of a machine size."""

    object: Literal["instance_type"]
    deleted: bool
    id: str
    description: str


def describe(name: str) -> InstanceTypeObject:
    """Return the fields a client sees; an unknown size is taken for the smallest."""
    cores, memory_gb = _SIZES.get(name, _SIZES["c5.large"])
    return {
        "object": "instance_type",
        "deleted": False,
        "id": name,
        "description": f"{cores}xCPU {float(memory_gb)} GB RAM",
    }


def _index(call: Call) -> Page:
    fitting = [name for name, (cores, _) in _SIZES.items() if cores <= (os.cpu_count() or 1)]
    fitting = fitting or ["c5.large"]
    items = [describe(name) for name in fitting]
    limit, offset = page_size(call)
    return Page(items[offset : offset + limit], limit, offset, len(items))


ROUTES = [
    Route(
        "GET",
        "/instance_types",
        _index,
        "List the machine sizes this hub can offer",
        answers=InstanceTypeObject,
        is_list=True,
    )
]
