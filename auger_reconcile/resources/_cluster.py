"""The size of a project's cluster: declared, on the wire, and in words.

Wire contract §2.4 (members of the project) and §3.3 (start and resize).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel, model_validator
from typing_extensions import Self

from auger_reconcile.resources._spec import CLOSED, Trait, setting

DEFAULT_STACK = "stable"


class NodeType(str, Enum):
    """How big one node of the cluster is."""

    STANDARD = "standard"
    HIGH_MEMORY = "high_memory"


# Clients disagree on high_memory (2 or 3), the hub accepts both: wire contract §2.4.
WORKER_TYPES = {1: NodeType.STANDARD, 2: NodeType.HIGH_MEMORY, 3: NodeType.HIGH_MEMORY}


class ClusterSpec(BaseModel):
    """The declared size of a project's cluster."""

    model_config = CLOSED

    type: NodeType = setting(
        default=NodeType.STANDARD, description="Node type: `standard`, or `high_memory`."
    )
    min_nodes: int = setting(
        default=1, description="Nodes that stay while the cluster runs.", ge=0, le=1000
    )
    max_nodes: int = setting(default=2, description="Nodes it may grow to.", ge=1, le=1000)
    stack_version: str | None = setting(
        default=None,
        description="Version of the software on the nodes; by default `stable`.",
    )
    autoterminate_minutes: int | None = setting(
        default=None,
        description="Idle minutes after which the cluster stops by itself.",
        traits=[Trait.RAIL],
        ge=1,
        le=1_000_000,
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.min_nodes > self.max_nodes:
            raise ValueError("`min_nodes` is greater than `max_nodes`")
        return self


def declared_size(cluster: ClusterSpec | None) -> dict[str, Any]:
    """Return what is declared of the size; the rest is left to the hub."""
    return cluster.model_dump(mode="json", exclude_none=True) if cluster else {}


def size_from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a project object of the hub tells of the size, in the words of auger.yaml."""
    worker_type = item.get("worker_type_id")
    node_type = WORKER_TYPES.get(worker_type) if isinstance(worker_type, int) else None
    observed = {
        "type": node_type.value if node_type else None,
        "min_nodes": item.get("min_workers_count"),
        "max_nodes": item.get("workers_count"),
        "stack_version": item.get("kubernetes_stack"),
        "autoterminate_minutes": item.get("cluster_autoterminate_minutes"),
    }
    return {key: value for key, value in observed.items() if value is not None}


def to_wire_size(cluster: ClusterSpec | None) -> dict[str, Any]:
    """Translate the size into the body of deploy; unset members are null (wire contract §3.3)."""
    if cluster is None:
        return {"worker_type_id": None, "workers_count": None, "kubernetes_stack": DEFAULT_STACK}
    return {
        "worker_type_id": 1 if cluster.type is NodeType.STANDARD else 2,
        "workers_count": cluster.max_nodes,
        "min_workers_count": cluster.min_nodes,
        "kubernetes_stack": cluster.stack_version or DEFAULT_STACK,
    }


def describe_cluster(cluster: ClusterSpec | None) -> str:
    """Return the size in words: `standard, 2-4 nodes`."""
    if cluster is None:
        return ""
    if cluster.min_nodes == cluster.max_nodes:
        count = f"{cluster.max_nodes} node{'s' if cluster.max_nodes > 1 else ''}"
    else:
        count = f"{cluster.min_nodes}-{cluster.max_nodes} nodes"
    return f"{cluster.type.value}, {count}"
