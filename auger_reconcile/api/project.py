"""Manage a project from Python: auger.api.Project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auger_reconcile.api._names import check_new_name
from auger_reconcile.api._resource import Resource
from auger_reconcile.errors import AugerError, Conflict, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources.project import ProjectSpec


class Project(Resource):
    """A project of the organization.

    Args:
        context: credentials and settings.
        project_name: of an existing or new project; by default the one in auger.yaml.
    """

    kind = "project"

    def __init__(self, context: Context, project_name: str | None = None) -> None:
        super().__init__(context, project_name)

    def list(self) -> Iterator[dict[str, Any]]:
        """Yield the properties of every project of the organization, as the hub has them.

        Raises:
            NotAuthenticated: the credentials are missing or refused.
            HubError: the hub cannot be read.
        """
        filters = {"organization_id": self.context.organization_id}
        for item in self.context.session.client.iter_all("projects", filters):
            if not item.get("deleted") and not item.get("deleting"):
                yield item

    def properties(self) -> dict[str, Any]:
        """Return the properties of the project as the hub has them.

        Raises:
            NotFound: the project does not exist.
        """
        path = f"projects/{self._project_id()}"
        return dict(self.context.session.client.call("GET", path))

    def create(self, *, select: bool = False) -> Project:
        """Create the project; return self.

        Args:
            select: store its name in auger.yaml, where there is one.

        Raises:
            Conflict: the project exists.
            NotAuthenticated: the credentials are missing or refused.
            Unavailable: the network or the hub fails.
        """
        self.context.apply_or_raise(self.plan_create(select=select))
        return self

    def delete(self, *, select: bool = False) -> None:
        """Delete the project with everything in it.

        Args:
            select: clear its name from auger.yaml, where it was selected.

        Raises:
            NotFound: the project does not exist.
        """
        self.context.apply_or_raise(self.plan_delete(select=select))

    def start(self) -> None:
        """Start the cluster with the size that auger.yaml declares, and wait until it runs.

        Raises:
            NotFound: the project does not exist.
        """
        self.context.apply_or_raise(self.plan_start())

    def stop(self) -> None:
        """Stop the cluster and wait until it is gone.

        Raises:
            NotFound: the project does not exist.
        """
        self.context.apply_or_raise(self.plan_stop())

    def plan_create(self, *, select: bool = True) -> Plan:
        """Return what `create` would do."""
        check_new_name(self.project_name, self.kind)
        observed = self._observe()
        if observed.of(self.project_name, self.kind):
            raise Conflict(f"project `{self.project_name}` exists already")
        plan = self._build(observed, {self.kind: self.spec()})
        if not select:
            return plan
        return self._select(plan, self.project_name, self.project_name)

    def plan_delete(self, *, select: bool = True) -> Plan:
        """Return what `delete` would do."""
        return self._plan_delete(self.project_name, self.project_name, ("name",), select=select)

    def plan_start(self) -> Plan:
        """Return what `start` would do."""
        return self._plan_state("running")

    def plan_stop(self) -> Plan:
        """Return what `stop` would do."""
        return self._plan_state("stopped")

    def _plan_state(self, state: str) -> Plan:
        """Return the plan that starts or stops the cluster; a word where the file has it else."""
        from auger_reconcile.diagnostics import Diagnostic, Severity

        plan = self._build(self._observe_existing(), {self.kind: self.spec(state)})
        declared = self.context.name_of("state")
        is_declared = self.context.name_of("name") == self.project_name
        if plan.is_empty or not is_declared or declared not in ({"running", "stopped"} - {state}):
            return plan
        told = Diagnostic(
            Severity.WARNING,
            "still-declared",
            f"auger.yaml declares the project {declared}, so that the next apply undoes it",
            hint=f"`state: {state}` in it keeps it so",
        )
        return replace(plan, diagnostics=(*plan.diagnostics, told))

    def plan_select(self) -> Plan:
        """Return the plan that stores the project's name in auger.yaml."""
        return self._plan_select(self.project_name)

    def spec(self, state: str | None = None) -> ProjectSpec:
        """Return the declaration of the project: the cluster of auger.yaml, in a state."""
        from auger_reconcile.resources._cluster import ClusterSpec
        from auger_reconcile.resources.project import ProjectSpec

        declared = self.context.setting("cluster")
        members = declared if isinstance(declared, Mapping) else {}
        known = {
            k: members[k] for k in ClusterSpec.model_fields if members.get(k) not in ("", None)
        }
        try:
            cluster = ClusterSpec(**known) if known else None
        except ValueError:
            raise AugerError(
                f"the `cluster` of `{self.context.file}` cannot be used", hint="auger validate"
            ) from None
        return ProjectSpec(name=self.project_name, cluster=cluster, state=state)

    @property
    def _is_at_home(self) -> bool:
        """Whatever auger.yaml is about so far, another project can be selected in it."""
        return True

    def selected_name(self) -> str | None:
        """Return the name in auger.yaml: a project has no revisions that it may stand for."""
        return self._project

    def _stored_name(self) -> str | None:
        return self._project

    def _own_name(self) -> str | None:
        return self.context.name_of("name")

    @property
    def exists(self) -> bool:
        """Whether the hub has the project."""
        try:
            self._project_id()
        except NotFound:
            return False
        return True
