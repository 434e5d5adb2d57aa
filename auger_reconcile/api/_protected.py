"""Refuse deletes of one object that auger.yaml or its lock file protects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.errors import ConfigError

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.planner.plan import Action, Plan
    from auger_reconcile.state import ObservedState

PROTECTION = "prevent_destroy"


@dataclass(frozen=True)
class Protection:
    """What must not be deleted by a command about one thing.

    Attributes:
        context: whose file and lock file protect.
        is_at_home: whether the project is the one of the file.
        locked: what the lock file lists, with the places, the project under its name here.
        elsewhere: what the lock files of other environments list besides.
    """

    context: Context
    is_at_home: bool
    locked: Mapping[Address, SourceSpan]
    elsewhere: Mapping[Address, SourceSpan]

    @property
    def projects(self) -> tuple[str, ...]:
        """The projects that the lock files list something of."""
        return tuple(dict.fromkeys(at.project for at in (*self.locked, *self.elsewhere)))

    def guard(self, plan: Plan, observed: ObservedState) -> Plan:
        """Return a plan of deletes, refused where it deletes what is protected.

        Args:
            plan: of deletes.
            observed: every project that the lock files list.
        """
        from auger_reconcile.planner.guards.protection import check_lock, check_protection
        from auger_reconcile.planner.index import Index
        from auger_reconcile.resources._registry import kind_of
        from auger_reconcile.resources._spec import Lifecycle
        from auger_reconcile.state import Declared, DesiredState

        kept = Lifecycle(prevent_destroy=True)
        resources = {
            at: Declared(at, kind_of(at.kind).spec.model_construct(name=at.name, lifecycle=kept))
            for at in (one.address for one in plan.actions if self._protects(one))
        }
        listed = {**self.elsewhere, **self.locked}
        desired = DesiredState(
            resources,
            protected=frozenset(listed),
            locked_at=listed,
            locked_elsewhere=frozenset(self.elsewhere),
        )
        refusals = list(check_protection(desired, plan.actions))
        asks = bool(self.locked) and self.context.file.exists()
        declared = self.context.try_desired() if asks else desired
        if declared is not None:  # a file that is not valid may declare whatever is listed
            whole = replace(desired, resources={**declared.resources, **resources})
            refusals += check_lock(whole, Index(observed))
        return replace(plan, refusals=tuple(refusals))

    def _protects(self, action: Action) -> bool:
        """Say whether auger.yaml forbids to delete an object: itself, or all of its file.

        A file that is not valid counts as well, as far as it can be read.
        """
        from auger_reconcile.config.declarations.moves import former_names
        from auger_reconcile.resources._registry import kind_of

        if not self.is_at_home:
            return False
        kind = kind_of(action.address.kind)
        declared = self.context.setting(f"{kind.name}s")
        known = dict(declared) if isinstance(declared, Mapping) else {}
        short = self.context.setting(kind.name)
        if isinstance(short, Mapping):  # without a name it is the only one
            known[str(short.get("name") or action.name)] = short
        former = former_names(self.context.setting("moved"), kind.name)
        told = [
            one["lifecycle"].get(PROTECTION)
            for name, one in known.items()
            if isinstance(one, Mapping)
            and isinstance(one.get("lifecycle"), Mapping)
            and action.object is not None
            and any(
                kind.bears(action.object, called)
                for called in (str(name), *former.get(str(name), ()))
            )
        ]
        own = [one for one in told if one is not None]
        return any(own) if own else bool(self.context.setting("lifecycle", PROTECTION))


def read_protection(context: Context, project: str, *, is_at_home: bool) -> Protection:
    """Return what protects the objects of a project.

    Raises:
        ConfigError: a lock file cannot be read.
    """
    from auger_reconcile.config.load import is_same_place
    from auger_reconcile.config.protection import lock_path, read_elsewhere, read_protected
    from auger_reconcile.config.syntax.report import Report
    from auger_reconcile.resources.names.revisions import is_named

    report = Report()
    listed = read_protected(lock_path(context.folder, context.env), report)
    is_same = partial(
        is_same_place,
        context.file,
        context.env,
        variables=context.variables,
        environ=context.environ,
    )
    elsewhere = read_elsewhere(context.folder, context.env, is_same, report)
    if report.has_errors:
        raise ConfigError(report.diagnostics)

    def here(places: Mapping[Address, SourceSpan]) -> dict[Address, SourceSpan]:
        return {
            at._replace(project=project) if is_named(at.project, project) else at: place
            for at, place in places.items()
        }

    told = here(listed)
    others = {at: place for at, place in here(elsewhere).items() if at.project == project}
    return Protection(context, is_at_home, told, {at: others[at] for at in others.keys() - told})
