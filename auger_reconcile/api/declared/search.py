"""Read what auger.yaml says of an experiment: its settings, its data, and which one it means."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from auger_reconcile.address import Address
from auger_reconcile.api._names import check_new_name
from auger_reconcile.api._resource import Resource
from auger_reconcile.diagnostics import nearest, quote_some
from auger_reconcile.errors import AugerError

if TYPE_CHECKING:
    from auger_reconcile.api.dataset import DataSet
    from auger_reconcile.diagnostics import Diagnostic
    from auger_reconcile.planner.coverage import Coverage
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources._spec import Spec
    from auger_reconcile.resources.experiment import ExperimentSpec
    from auger_reconcile.resources.project import ProjectSpec
    from auger_reconcile.resources.search.runs import ExperimentObject
    from auger_reconcile.state import DesiredState, ObservedState

STORED = ("experiment", "name")


class DeclaredSearch(Resource):
    """An experiment as the file has it; what is done to it is for `Experiment`."""

    kind = "experiment"
    of_revisions = "the content of its data says which one it is"
    _name: str | None
    _dataset: DataSet | None

    @property
    def name(self) -> str:
        """The name: as given, as stored in auger.yaml, or what the file declares by default."""
        stored = self._name or self.context.name_of(*STORED)
        if not stored and not self.context.file.exists():
            from auger_reconcile.api.context import require

            return require(None, self.kind, STORED)
        return stored or self._declared()[0].name

    def _stored_name(self) -> str | None:
        return self._name or self._own_name()

    def _own_name(self) -> str | None:
        if stored := self.context.name_of(*STORED):
            return stored
        try:
            desired = self.context.load_desired(check_sources=False)
        except AugerError:
            return None
        mine = [at.name for at in desired.resources if at.kind == self.kind]
        return mine[0] if len(mine) == 1 else None

    def _check_selected(self, plan: Plan, observed: ObservedState, found: ExperimentObject) -> None:
        """Refuse a select after which the file would mean another experiment of that name.

        Raises:
            AugerError: the file declares other data than the experiment learns from.
        """
        from auger_reconcile.api._selection import find_declared, place_of

        changes = [change for action in plan.actions for change in action.changes]
        desired = self.context.desired_after(changes) if changes else None
        at = find_declared(desired, self.project_name, self.kind, found.name)
        stands = place_of(desired, observed, at).bound if desired and at else None
        if not (desired and at) or (stands is not None and stands.id == found.id):
            return
        mine = observed.of(self.project_name, "dataset")
        data = next((one.name for one in mine if one.id == found.dataset_id), None)
        raise AugerError(
            f"experiment `{found.name}` learns from "
            f"{f'`{data}`' if data else 'a data set that is gone'}, "
            f"and {self.context.file} declares `{vars(desired.resources[at].spec)['dataset']}`",
            hint=f"auger dataset select {shlex.quote(data)}" if data else None,
        )

    def _declared(self, observed: ObservedState | None = None) -> tuple[Spec, DesiredState]:
        """Return the experiment with the settings of auger.yaml, and all that is declared with it.

        The content of a declared data set says which of its revisions is meant; where that cannot
        be read here, the newest is. One that is given is taken as it is on the hub.

        Args:
            observed: the hub; without it local sources are not read.
        """
        from dataclasses import replace

        from auger_reconcile.api._selection import find_declared
        from auger_reconcile.resources.files.source import DatasetSpec
        from auger_reconcile.state import Declared

        desired = self.context.load_desired(check_sources=False)
        settings = self._settings(desired)
        given = self._name
        if at := find_declared(desired, self.project_name, self.kind, given or settings.name):
            given = at.name
        elif given and observed and given in {one.name for one in self._all(observed)}:
            given, _ = self._selectable(observed, given)  # a revision means what it is one of
        wanted = self._dataset.name if self._dataset else settings.dataset
        is_there = observed is not None and self._has_dataset(observed, wanted)
        if observed is not None:
            needed = [name for name in (wanted, settings.holdout) if name]
            new = [name for name in needed if not self._has_dataset(observed, name)]
            if new or not self._dataset:
                sent = [Address(self.project_name, "dataset", name) for name in new]
                desired = self.context.load_desired(needs=sent)
            is_there = is_there and self._dataset is not None
        name = check_new_name(given or settings.name, "experiment")
        state = settings.state if observed is None else _state_to_start(settings)
        spec = settings.model_copy(update={"name": name, "dataset": wanted, "state": state})
        data = Address(self.project_name, "dataset", wanted)
        known = desired.resources.get(data)
        resources = {at: one for at, one in desired.resources.items() if at.project == data.project}
        if known is None or is_there:
            resources[data] = Declared(data, DatasetSpec(name=wanted))
        own = Address(self.project_name, self.kind, name)
        home = Address(self.project_name, "project", self.project_name)
        resources.setdefault(home, Declared(home, self._home_spec()))
        resources[own] = Declared(own, spec)
        return spec, replace(desired, resources=resources)

    def _settings(self, desired: DesiredState) -> ExperimentSpec:
        """Return the declared experiment that is meant; a single one is, under any name."""
        from auger_reconcile.api._selection import find_declared

        mine = {at: one.spec for at, one in desired.resources.items() if at.kind == self.kind}
        wanted = self._name or self.context.name_of(*STORED)
        at = find_declared(desired, self.project_name, self.kind, wanted) if wanted else None
        if at in mine or len(mine) == 1:
            return cast("ExperimentSpec", mine[at] if at in mine else next(iter(mine.values())))
        raise self._unclear(wanted, [str(spec.name) for spec in mine.values()])

    def _unclear(self, wanted: str | None, names: Sequence[str]) -> AugerError:
        """Return that none of the declared experiments is meant, with what can be named."""
        if not names:
            told = f"{self.context.file} declares none"
            return AugerError("which experiment is meant?", hint=told)
        near = nearest(wanted, names) if wanted else None
        told, lead = "which experiment is meant?", f"{self.context.file} declares "
        if wanted:
            told = f"experiment `{wanted}` is not declared in {self.context.file}"
            lead = f"there is `{near}`; " if near else "it declares "
        lead += "" if near else f"{quote_some(names)}; "
        if not self.context.command:
            return AugerError(told, hint=f"{lead}`experiment_name` names one")
        command = f"{self.context.command} {shlex.quote(near or names[0])}"
        return AugerError(told, hint=f"{lead}one is named behind the command, as in\n{command}")

    def _all(self, observed: ObservedState) -> tuple[ExperimentObject, ...]:
        return observed.of(self.project_name, self.kind)

    def _has_dataset(self, observed: ObservedState, name: str) -> bool:
        from auger_reconcile.resources.names.revisions import is_named

        return any(is_named(one.name, name) for one in observed.of(self.project_name, "dataset"))

    def _home_spec(self) -> ProjectSpec:
        from auger_reconcile.api.project import Project

        return Project(self.context, self.project_name).spec()


def _state_to_start(settings: ExperimentSpec) -> str:
    """Return the state of an experiment whose run is asked for, whatever auger.yaml leaves open.

    Raises:
        AugerError: auger.yaml would have the run undone by the next apply.
    """
    if settings.state in ("stopped", "absent"):
        told = f"auger.yaml declares experiment `{settings.name}` {settings.state}"
        hint = "the next apply would undo it; `state: created` leaves runs to this command"
        raise AugerError(told, hint=hint)
    return "completed"


def tell_unread(coverage: Coverage) -> Iterator[Diagnostic]:
    """Yield a warning of data that is taken as it is on the hub, because it is not here."""
    from auger_reconcile.diagnostics import Diagnostic, Severity
    from auger_reconcile.resources.files.source import NOT_HERE

    for address, reason in coverage.uncompared.items():
        if reason == NOT_HERE:
            summary = f"the newest data on the hub is taken: {reason}"
            yield Diagnostic(Severity.WARNING, "not-compared", summary, label=f"`{address}`")
