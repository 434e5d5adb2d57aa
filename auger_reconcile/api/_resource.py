"""Build plans of one resource for the resource classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from auger_reconcile.address import Address
from auger_reconcile.api._arguments import check_arguments
from auger_reconcile.api._names import check_given
from auger_reconcile.diagnostics import nearest
from auger_reconcile.errors import AugerError, NotFound

if TYPE_CHECKING:
    from auger_reconcile.api._protected import Protection
    from auger_reconcile.api.context import Context
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources._spec import Spec
    from auger_reconcile.state import ObservedState


class Resource:
    """Base of Project, DataSet, Experiment and Model: a kind, a context, a project."""

    kind: str
    of_revisions = ""  # what decides on the revision that a declared name stands for

    def __init_subclass__(cls) -> None:
        """Let every kind check what a program hands to it."""
        check_arguments(cls)

    def __init__(self, context: Context, project: str | None) -> None:
        self.context = context
        self._project = check_given(project, "project") or context.name_of("name")

    @property
    def project_name(self) -> str:
        """The name of the project, as given or stored in auger.yaml."""
        from auger_reconcile.api.context import require

        return require(self._project, "project", ("name",))

    def _observe(self) -> ObservedState:
        return self.context.observe(self.project_name)

    def _observe_existing(self, *others: str) -> ObservedState:
        """Read the project, and others where there are any.

        Raises:
            NotFound: the project does not exist.
        """
        observed = self.context.observe(self.project_name, *others)
        if not observed.of(self.project_name, "project"):
            raise NotFound(f"project `{self.project_name}` does not exist")
        return observed

    def _find(self, observed: ObservedState, name: str, kind: str | None = None) -> Any:
        """Return the object of a name.

        Raises:
            NotFound: there is none.
        """
        from auger_reconcile.resources.names.revisions import is_named

        kind = kind or self.kind
        for found in observed.of(self.project_name, kind):
            if is_named(str(found.name), name):
                return found
        near = nearest(name, [str(one.name) for one in observed.of(self.project_name, kind)])
        raise NotFound(
            f"{kind} `{name}` does not exist in project `{self.project_name}`",
            hint=f"there is `{near}`" if near else f"auger {kind} list",
        )

    def _find_current(self, observed: ObservedState, name: str | None, stored: str) -> Any:
        """Return the object of a given name; without one, what the declared resource stands for.

        Changed data makes a new object under a new name: the declared name means that one. A
        declared name that no object has, because it was another one before, means it as well.

        Raises:
            NotFound: there is none.
        """
        if name is None:
            return self._find_declared(observed, stored) or self._find(observed, stored)
        try:
            return self._find(observed, name)
        except NotFound:
            found = self._find_declared(observed, name)
            if found is None:
                raise
            return found

    def _find_declared(self, observed: ObservedState, name: str) -> Any:
        """Return what the declared resource stands for, or would be replaced; None without any."""
        from auger_reconcile.api._selection import find_declared, place_of

        desired = self.context.try_desired() if self._is_at_home else None
        at = find_declared(desired, self.project_name, self.kind, name)
        if desired is None or at is None:
            return None
        return place_of(desired, observed, at).object

    def selected_name(self) -> str | None:
        """Return the name of the object that auger.yaml stands for; None when there is none."""
        stored = self._stored_name()
        if stored is None:
            return None
        found = self._find_declared(self._observe(), stored)
        return found.name if found else stored

    def _stored_name(self) -> str | None:
        """Return the name that auger.yaml gives the resource of this kind, or None."""
        raise NotImplementedError

    def __repr__(self) -> str:
        project = f", project {self._project!r}" if self.kind != "project" else ""
        name = self._stored_name() if self.kind != "model" else None
        told = f" {name!r}{project}" if name else project.removeprefix(",")
        return f"<{type(self).__name__}{told}>"

    def _build(
        self, observed: ObservedState, specs: Mapping[str, Spec], target: str | None = None
    ) -> Plan:
        """Return the plan for some resources of the project.

        Args:
            observed: the hub.
            specs: kind to what is declared.
            target: the kind that is meant; the others are only what it needs.
        """
        from auger_reconcile.planner.build import PlanOptions, build_plan
        from auger_reconcile.state import Declared, DesiredState

        resources = {}
        for kind, spec in specs.items():
            address = Address(self.project_name, kind, spec.name)
            resources[address] = Declared(address, spec)
        targets = tuple(address for address in resources if address.kind == target)
        options: PlanOptions = PlanOptions(targets=targets)
        return build_plan(DesiredState(resources), observed, options)

    def _select(
        self,
        plan: Plan,
        declared: str,
        name: str | None,
        *,
        also: Mapping[tuple[str, ...], str | None] = MappingProxyType({}),
        hint: str = "`--no-select` leaves it alone",
    ) -> Plan:
        """Return the plan with a select at its end, when there is an auger.yaml to select in.

        Args:
            plan: what is done before.
            declared: name of the resource that it is done to.
            name: to store; None clears the one that is stored.
            also: what is stored along with it, by path of keys.
            hint: what can be done where the file would not be valid with it.

        Raises:
            AugerError: the file is about another project, or would not be valid.
        """
        from auger_reconcile.api._selection import check_edit, tell_incomplete
        from auger_reconcile.planner.one_resource import with_selection

        if not self.context.file.exists():
            return plan
        if not self._is_at_home:
            return self._refuse_abroad(plan, name)
        at = Address(self.project_name, self.kind, declared)
        is_other = not self._is_meant(name)
        settings = self.context.settings
        selecting = with_selection(plan, at, name, settings, is_other=is_other, also=also)
        if selecting is plan:
            return plan
        *others, select = selecting.actions
        select = replace(select, changes=self.context.seen_after(self.kind, select.changes))
        files = self.context.files_changed(select.changes)
        select = replace(select, reason=f"{'stored' if name else 'cleared'} in {files}")
        told = plan.diagnostics
        if name is None or self.kind == "project":  # what belongs to it goes, as it was asked
            told = (*told, *tell_incomplete(self.context, select.changes))
        else:
            check_edit(self.context, select.changes, hint)
        return replace(selecting, actions=(*others, select), diagnostics=told)

    def _refuse_abroad(self, plan: Plan, name: str | None) -> Plan:
        """Return a plan that clears nothing in the file of another project.

        Raises:
            AugerError: something would be stored there.
        """
        if name is None:
            return plan
        from auger_reconcile.config.syntax.text import show_path

        home = self.context.name_of("name")
        raise AugerError(
            f"`{show_path(self.context.file)}` is about project `{home}`: "
            f"`{name}` of project `{self.project_name}` cannot be selected there",
            hint="`select=False` leaves the file as it is",
        )

    def _is_meant(self, name: str | None) -> bool:
        """Say whether the file means a name so far, told or by default; None is no name."""
        from auger_reconcile.resources.names.revisions import is_named

        told = self._own_name()
        if name is None or told is None:
            return name is told
        return is_named(told, name) or is_named(name, told)

    def _leaderboard(self) -> str:
        """Return the command that shows the trials; of several experiments, it takes a name."""
        declared = self.context.setting("experiments")
        selected = self.context.name_of("experiment", "name")
        is_one_of = isinstance(declared, Mapping) and len(declared) > 1 and not selected
        return f"auger experiment leaderboard{' NAME' if is_one_of else ''}"

    def _own_name(self) -> str | None:
        """Return the name that auger.yaml gives the resource of this kind, told or by default."""
        raise NotImplementedError

    def _plan_delete(
        self, name: str | None, stored: str, keys: Sequence[str], *, select: bool
    ) -> Plan:
        """Return the plan that deletes one object and clears its name where it was selected.

        Args:
            name: as it was given.
            stored: what is meant without one.
            keys: where auger.yaml stores the name.
            select: whether it is cleared there.
        """
        from auger_reconcile.api._selection import find_later, tell_later
        from auger_reconcile.planner.one_resource import plan_delete

        protection = self._protection()
        observed = self._observe_existing(*protection.projects)
        found = self._find_current(observed, name, stored)
        plan = plan_delete(observed, self.project_name, self.kind, found)
        plan = protection.guard(plan, observed)
        desired = self.context.try_desired() if self._is_at_home else None
        later = find_later(desired, observed, self.kind, found)
        if select and later is None and (name is None or self._is_stored(keys, found.name)):
            plan = self._select(plan, found.name, None)
        told = tell_later(desired, found, later, name, f"auger {self.kind} delete")
        plan = replace(plan, diagnostics=(*plan.diagnostics, *told))
        return self._telling_what_comes_back(plan, observed, found)

    def _protection(self) -> Protection:
        from auger_reconcile.api._protected import read_protection

        return read_protection(self.context, self.project_name, is_at_home=self._is_at_home)

    def _is_stored(self, keys: Sequence[str], name: str) -> bool:
        """Say whether auger.yaml selects an object, in this project."""
        from auger_reconcile.resources.names.revisions import is_named

        stored = self.context.name_of(*keys)
        return self._is_at_home and stored is not None and is_named(name, stored)

    @property
    def _is_at_home(self) -> bool:
        """Whether the names in auger.yaml are about this project."""
        from auger_reconcile.resources.names.revisions import is_named

        home = self.context.name_of("name")
        return home is None or is_named(self.project_name, home)

    def _plan_select(self, name: str) -> Plan:
        """Return the plan that stores the name of an existing object in auger.yaml.

        Raises:
            AugerError: there is no file, or nothing in it would mean that object.
        """
        from auger_reconcile.planner.one_resource import empty_plan

        observed = self._observe_to_select()
        found = self._find(observed, name)
        return self._select(
            empty_plan(observed), found.name, found.name, hint="declare it as it is, before"
        )

    def _observe_to_select(self) -> ObservedState:
        if not self.context.file.exists():
            raise AugerError(
                f"there is no `{self.context.file}` to store the name in", hint="auger new NAME"
            )
        return self._observe_existing()

    def _selectable(self, observed: ObservedState, name: str) -> tuple[str, Any]:
        """Return the declared name that selects an object, and the object.

        An object that no declared resource stands for is selected by its own name.

        Raises:
            NotFound: there is none.
            AugerError: it is not the revision that its declared resource stands for.
        """
        from auger_reconcile.api._selection import find_declared, find_revision, not_there, place_of

        desired = self.context.try_desired() if self._is_at_home else None
        at = find_declared(desired, self.project_name, self.kind, name)
        if desired and at and (stands := place_of(desired, observed, at).object):
            return at.name, stands
        try:
            found = self._find(observed, name)
        except NotFound as error:
            if at is None:
                raise
            raise not_there(at) from error
        place = find_revision(desired, observed, self.kind, found)
        if place is None:
            return found.name, found
        if place.object.id != found.id:
            raise AugerError(
                f"`{found.name}` is a revision of {self.kind} `{place.address.name}`, "
                f"which stands for `{place.object.name}` now",
                hint=self.of_revisions,
            )
        return place.address.name, found

    def _telling_what_comes_back(
        self, plan: Plan, observed: ObservedState, found: Any, undone: str = "absent"
    ) -> Plan:
        """Return the plan, with a word where auger.yaml goes on to declare what it takes away.

        Args:
            plan: of a delete or a stop.
            observed: the hub before.
            found: what it is about.
            undone: the state that would have to be declared.
        """
        from auger_reconcile.api._selection import find_revision, starts_again
        from auger_reconcile.diagnostics import Diagnostic, Severity

        if not (self.context.file.exists() and self._is_at_home):
            return plan
        changes = [change for action in plan.actions for change in action.changes]
        desired = self.context.desired_after(changes)
        place = find_revision(desired, observed, self.kind, found)
        if desired is None or place is None or place.bound is None or place.bound.id != found.id:
            return plan
        if vars(desired.resources[place.address].spec).get("state") in ("absent", undone):
            return plan
        if undone == "stopped" and not starts_again(desired, observed, place):
            return plan
        told = Diagnostic(
            Severity.WARNING,
            "still-declared",
            "auger.yaml declares it, so that the next apply brings it back",
            label=f"`{place.address}`",
            hint=f"`state: {undone}` in its declaration keeps it away",
        )
        return replace(plan, diagnostics=(*plan.diagnostics, told))

    def _telling_what_is_meant(self, plan: Plan, given: str, found: Any) -> Plan:
        """Return the plan of a select, with a word where another object has the name itself."""
        from auger_reconcile.diagnostics import Diagnostic, Severity
        from auger_reconcile.resources.names.revisions import is_named

        if is_named(str(found.name), given) or is_named(given, str(found.name)):
            return plan
        told = Diagnostic(
            Severity.WARNING,
            "stands-for",
            "the name means what auger.yaml declares, which has a later revision",
            label=f"`{given}` stands for `{found.name}`",
            hint=self.of_revisions,
        )
        return replace(plan, diagnostics=(*plan.diagnostics, told))

    def _project_id(self) -> int:
        """Return the id of the project.

        Raises:
            NotFound: it does not exist.
        """
        from auger_reconcile.client.refresh import is_spelled_alike
        from auger_reconcile.resources.names.revisions import is_named

        filters: dict[str, Any] = {"organization_id": self.context.organization_id}
        if is_spelled_alike(self.project_name):
            filters["name"] = self.project_name
        for item in self.context.session.client.iter_all("projects", filters):
            if is_named(str(item.get("name")), self.project_name):
                return int(item["id"])
        raise NotFound(f"project `{self.project_name}` does not exist")

    def _items(self, collection: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of a collection of the project, page by page."""
        filters = {"project_id": self._project_id()}
        yield from self.context.session.client.iter_all(collection, filters)

    def _item(self, collection: str, name: str) -> dict[str, Any]:
        """Return one object of a collection by its name.

        Raises:
            NotFound: there is none.
        """
        from auger_reconcile.client.refresh import is_spelled_alike
        from auger_reconcile.resources.names.revisions import is_named

        filters: dict[str, Any] = {"project_id": self._project_id()}
        if is_spelled_alike(name):
            filters["name"] = name
        for item in self.context.session.client.iter_all(collection, filters):
            if is_named(str(item.get("name")), name):
                return item
        told = f"{self.kind} `{name}` does not exist in project `{self.project_name}`"
        raise NotFound(told, hint=f"auger {self.kind} list")

    def _item_meant(self, collection: str, name: str) -> dict[str, Any]:
        """Return the object of a name, else what the declared resource of that name stands for.

        Raises:
            NotFound: there is neither.
        """
        try:
            return self._item(collection, name)
        except NotFound:
            found = self._find_declared(self._observe(), name)
            if found is None:
                raise
            return self._item(collection, found.name)
