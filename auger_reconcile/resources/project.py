"""Project: the home of everything else, with a cluster that is sized when it is started.

Wire contract §2.4 (object and statuses), §3.2 (create, delete) and §3.3 (start, stop).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._base import (
    NO_EXPERIMENT,
    Assessment,
    Kind,
    Loss,
    Scene,
    Verb,
    Wanted,
    Work,
)
from auger_reconcile.resources._cluster import (
    ClusterSpec,
    declared_size,
    describe_cluster,
    size_from_wire,
    to_wire_size,
)
from auger_reconcile.resources._spec import Spec, Trait, setting
from auger_reconcile.resources._steps import Await, Send, Steps, delete
from auger_reconcile.resources.names.revisions import is_named

RUNNING = "running"
STARTING = frozenset({"deploying", "deployed", "scaling", "zero_scaled"})
STOPPING = frozenset({"undeploying"})
DEFAULT_IDLE_MINUTES = 30  # of a cluster, where none are declared: wire contract §2.5
SINGLE_TENANT = "single_tenant"  # an organization that has its clusters for itself


class ProjectSpec(Spec):
    """A project and its cluster."""

    cluster: ClusterSpec | None = setting(default=None, description="The size of its cluster.")
    budget_minutes: int | None = setting(
        default=None,
        description=(
            "Refuse plans whose runs would take longer together; a run that nothing is known of "
            "counts with its `max_total_time`."
        ),
        traits=[Trait.LOCAL, Trait.RAIL],
        ge=0,
        le=1_000_000_000,
    )
    state: str | None = setting(
        default=None,
        description=(
            "`running`, `stopped` or `absent`; without it the project exists and its cluster is "
            "started only when work needs it."
        ),
        traits=[Trait.LOCAL],
        pattern="^(running|stopped|absent)$",
    )


@dataclass(frozen=True)
class ProjectObject:
    """A project on the hub."""

    id: int
    name: str
    status: str
    cluster: Mapping[str, Any]


class Project(Kind[ProjectSpec, ProjectObject]):
    """The project kind."""

    name = "project"
    plural = "projects"
    spec = ProjectSpec
    object = ProjectObject
    reads = ("projects",)
    is_home = True
    states: ClassVar = {
        None: Wanted.PRESENT,
        "running": Wanted.STARTED,
        "stopped": Wanted.STOPPED,
        "absent": Wanted.ABSENT,
    }
    losses: ClassVar = {Verb.DELETE: Loss.ARTIFACTS, Verb.STOP: Loss.COMPUTE}

    def observe(
        self, answers: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> tuple[ProjectObject, ...]:
        """Translate project objects; one that is being deleted is gone already."""
        return tuple(
            from_wire(item)
            for item in answers["projects"]
            if not item.get("deleted") and not item.get("deleting")
        )

    def assess(self, spec: ProjectSpec, scene: Scene) -> Assessment:
        """Compare by name; the size matters only while the cluster runs, or is about to."""
        detail = {Verb.START: describe_cluster(spec.cluster)}
        found = next((item for item in scene.objects if is_named(item.name, spec.name)), None)
        if found is None:
            new = "is new"
            return Assessment(
                spec.name, create="does not exist", start=new, unready=new, detail=detail
            )
        active = found.status == RUNNING
        coming = active or found.status in STARTING
        idle = f"its cluster is {found.status}"
        changes = (
            scene.differ(ClusterSpec, declared_size(spec.cluster), found.cluster) if coming else ()
        )
        return Assessment(
            found.name,
            object=found,
            start=None if coming else idle,
            restart="another cluster size is declared" if changes else None,
            unready=None if active else idle,
            stop=idle if coming else None,
            revisions=(found,),
            changes=changes,
            detail=detail,
        )

    def renew(self, spec: ProjectSpec, assessment: Assessment, scene: Scene) -> Assessment:
        """Refuse: with the project everything in it would go."""
        return assessment._replace(refusal="a project is not replaced: it would take all along")

    def facts(self, spec: ProjectSpec | None, found: ProjectObject | None) -> Mapping[str, str]:
        """The sizes of the cluster, declared and found."""
        facts = {"declared": describe_cluster(spec.cluster)} if spec and spec.cluster else {}
        if found:
            facts["cluster"] = _describe_observed(found)
            facts["project id"] = str(found.id)
        return facts

    def declarations(
        self, found: ProjectObject, among: Mapping[str, Sequence[Any]]
    ) -> Iterator[ProjectSpec]:
        """With the size of its cluster, where that can be declared."""
        with suppress(ValueError):
            yield ProjectSpec(name=found.name, cluster=ClusterSpec(**found.cluster))
        yield ProjectSpec(name=found.name)

    def follow(self, found: ProjectObject) -> Steps | None:
        """Wait until its cluster runs, or is gone."""
        return _follow(found) if found.status in STARTING | STOPPING else None

    def create(self, work: Work) -> Steps:
        """One request."""
        body = {"name": work.name, "organization_id": work.organization_id}
        return from_wire((yield Send("POST", "projects", body)))

    def delete(self, work: Work) -> Steps:
        """One request; the hub clears up behind it."""
        yield from delete(f"projects/{work.object.id}")

    def start(self, work: Work) -> Steps:
        """Deploy the cluster, or resize one that runs or is about to; wait until it runs."""
        found: ProjectObject = work.object
        if found.status in STOPPING:
            found = from_wire((yield _await(found.id, STOPPING)))
        cluster: ClusterSpec | None = work.spec.cluster
        if cluster and cluster.autoterminate_minutes:
            minutes = {"cluster_autoterminate_minutes": cluster.autoterminate_minutes}
            yield Send("PATCH", f"projects/{found.id}", minutes)
        if found.status in STARTING:
            found = yield from _await_running(found.id, STARTING)
            if _is_of_size(found, cluster):
                return found
        if found.status == RUNNING:
            yield Send("PATCH", f"projects/{found.id}", to_wire_size(cluster))
            return (yield from _await_running(found.id, STARTING))
        yield from _deploy(found, work)
        return (yield from _await_running(found.id, STARTING | {"undeployed"}))

    def stop(self, work: Work) -> Steps:
        """Undeploy the cluster and wait until it is gone."""
        yield Send("PATCH", f"projects/{work.object.id}/undeploy")
        return from_wire((yield _await(work.object.id, STOPPING | STARTING | {RUNNING})))

    def selection(self, name: str | None) -> Mapping[tuple[str, ...], str | None]:
        """Another project has other data sets and experiments."""
        return {("name",): name, ("dataset",): None, **NO_EXPERIMENT}


def is_single_tenant(work: Work) -> Steps:
    """Yield the read that tells whether the organization has its clusters for itself (§2.3)."""
    organization = yield Send("GET", f"organizations/{work.organization_id}")
    return organization.get("cluster_mode") == SINGLE_TENANT


def _deploy(found: ProjectObject, work: Work) -> Steps:
    """Yield the request for a cluster; a single tenant creates one (wire contract §3.3)."""
    cluster: ClusterSpec | None = work.spec.cluster
    if not (yield from is_single_tenant(work)):
        yield Send("PATCH", f"projects/{found.id}/deploy", to_wire_size(cluster))
        return
    minutes = cluster.autoterminate_minutes if cluster else None
    body = {"project_id": found.id, "organization_id": work.organization_id}
    size = {name: value for name, value in to_wire_size(cluster).items() if value is not None}
    idle = {"autoterminate_minutes": minutes or DEFAULT_IDLE_MINUTES}
    yield Send("POST", "clusters", {**body, **size, **idle})


def _await(project_id: int, waiting: frozenset[str]) -> Await:
    return Await("projects", project_id, waiting, progress=lambda item: str(item["status"]))


def _await_running(project_id: int, waiting: frozenset[str]) -> Steps:
    """Yield the wait for a cluster that is to start.

    Raises:
        ActionFailed: it did not.
    """
    started = from_wire((yield _await(project_id, waiting)))
    if started.status != RUNNING:
        raise ActionFailed(f"the cluster did not start: its status is `{started.status}`")
    return started


def _follow(found: ProjectObject) -> Steps:
    """Yield the wait for a cluster on its way."""
    if found.status in STARTING:
        return (yield from _await_running(found.id, STARTING))
    return from_wire((yield _await(found.id, STOPPING)))


def _is_of_size(found: ProjectObject, cluster: ClusterSpec | None) -> bool:
    """Say whether a cluster has the declared size, as far as the hub tells."""
    return all(
        found.cluster.get(name, size) == size for name, size in declared_size(cluster).items()
    )


def _describe_observed(found: ProjectObject) -> str:
    """Return status and size in words: `running, standard, 2-4 nodes`."""
    low, high = found.cluster.get("min_nodes"), found.cluster.get("max_nodes")
    nodes = f"{high} nodes" if low in (None, high) else f"{low}-{high} nodes"
    size = [found.cluster.get("type"), nodes if high is not None else None]
    return ", ".join(str(part) for part in (found.status, *size) if part)


def from_wire(item: Mapping[str, Any]) -> ProjectObject:
    """Translate one project object of the hub (wire contract §2.4)."""
    status, size = str(item.get("status")), size_from_wire(item)
    return ProjectObject(item["id"], str(item["name"]), status, size)


KIND = Project()
