"""Load, observe, plan and apply the projects that files declare.

The command line and Python programs both come through here.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.api._arguments import check_arguments
from auger_reconcile.api.hubs.session import Session, Surroundings, open_session

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.result import ApplyResult
    from auger_reconcile.config.declarations.channel import Channel
    from auger_reconcile.config.load import Loaded
    from auger_reconcile.history.checkout import Checkout
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.drift import Drift
    from auger_reconcile.planner.explain import Explanation
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.planner.targets import Scope
    from auger_reconcile.policy.rule import Rule
    from auger_reconcile.state import DesiredState, ObservedState


@check_arguments
@dataclass(frozen=True)
class Workspace:
    """Files that declare projects, and the hub they are about.

    Attributes:
        files: auger.yaml files, or folders that hold some; one alone and texts are taken, too.
        env: the overlay to merge: `prod` is `auger.prod.yaml`.
        variables: values of `${name}`, before AUGER_VAR_name and the file.
        hub: instead of the declared one.
        on_exchange: told of every request.
        needs_sources: a source that is not here is an error of the files, for whatever is asked.
        refresh_sources: read URLs of data sets again, and compare their content with the hub's.
        approved: names of policies whose approval is given.
        is_exclusive: nothing is applied while another apply is under way in the same projects.
        beat_seconds: how often the hub hears of an apply.
        checkout: where the files came from, instead of what Git says of their folder.
        origin: what the history says applied: `command`, `program` or `controller`.
    """

    files: Sequence[Path] = (Path("auger.yaml"),)
    env: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    hub: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=Path.home)
    on_exchange: Callable[[Any], None] | None = None
    needs_sources: bool = False
    refresh_sources: bool = False
    origin: str = "program"
    approved: frozenset[str] = frozenset()
    is_exclusive: bool = False
    beat_seconds: float = 15.0
    checkout: Checkout | None = None

    def __post_init__(self) -> None:
        """Take a single file for a list, and texts for paths."""
        given = [self.files] if isinstance(self.files, str | Path) else self.files
        object.__setattr__(self, "files", tuple(map(Path, given)))

    @cached_property
    def loaded(self) -> Loaded:
        """The files, read and checked; no hub is asked.

        Raises:
            ConfigError: with every problem of every file.
        """
        from auger_reconcile.config.load import load_desired_state

        with _without_collection():
            return load_desired_state(
                self.files,
                env=self.env,
                variables=self.variables,
                environ=self.environ,
                needs_sources=self.needs_sources,
            )

    def require_sources(self, plan: Plan, targets: Sequence[Address] = ()) -> None:
        """Check that every source is here that a plan has to know the content of.

        Args:
            plan: it says itself what it could not compare.
            targets: what the plan is narrowed to; data that is only needed by them may be missing.

        Raises:
            ConfigError: one is not; what the plan says of it would be a guess.
        """
        from auger_reconcile.resources._base import Verb

        made = {action.address for action in plan.actions if action.verb is not Verb.DELETE}
        compared = {
            at
            for at in plan.coverage.uncompared
            if not targets or any(at.matches(one) for one in targets)
        }
        self.loaded.require_sources(made | compared)

    @property
    def desired(self) -> DesiredState:
        """The desired state that the files declare."""
        return self.loaded.state

    @property
    def has_files(self) -> bool:
        """Whether the files are there at all."""
        return all(path == Path("-") or path.exists() for path in self.files)

    @property
    def is_piped(self) -> bool:
        """Whether the files are what the standard input held, which is read only once."""
        return Path("-") in self.files

    def afresh(self) -> Workspace:
        """Return this workspace with nothing read yet, but what was piped."""
        return self.holding(self.loaded) if self.is_piped else replace(self)

    def holding(self, loaded: Loaded) -> Workspace:
        """Return this workspace with files that have been read already."""
        other = replace(self)
        other.__dict__["loaded"] = loaded
        return other

    @property
    def folder(self) -> Path:
        """The folder of the first file; downloads go below it."""
        first = next(iter(self.files), Path())
        return first if first.is_dir() else first.parent

    @cached_property
    def session(self) -> Session:
        """The connection to the hub of the desired state, opened once."""
        named = self.desired.credentials
        return open_session(
            Surroundings(self.environ, self.home),
            hub=self.hub or self.desired.hub,
            organization=self.desired.organization,
            path_to_credentials=self.folder / Path(named).expanduser() if named else None,
            on_exchange=self.on_exchange,
        )

    def observe(self) -> ObservedState:
        """Read what the hub has of the declared projects.

        With `refresh_sources` the desired state has the content of URLs from now on.

        Raises:
            HubError: it cannot be read.
        """
        from auger_reconcile.client.refresh import refresh

        session, projects = self.session, self.desired.named_projects
        with _without_collection():
            observed = refresh(session.client, projects, session.organization, folder=self.folder)
        if self.refresh_sources:
            from auger_reconcile.api.plans.remote_sources import read_remote_sources

            read = read_remote_sources(self.desired, observed)
            self.__dict__["loaded"] = self.loaded._replace(state=read)
        return observed

    def plan(self, options: PlanOptions | None = None, *, compares: bool = True) -> Plan:
        """Return what apply would do; nothing is changed.

        Args:
            options: what is asked of the plan.
            compares: data that is not here is an error, where the plan depends on its content.

        Raises:
            ConfigError: the files are not valid, or data is not here that has to be.
            HubError: the hub cannot be read.
        """
        from auger_reconcile.api.plans.addresses import declared_options
        from auger_reconcile.planner.build import build_plan

        options = declared_options(options, self.desired.resources) if options else None
        observed = self.observe()
        with _without_collection():
            plan = build_plan(self.desired, observed, options)
        plan = replace(plan, coverage=plan.coverage._replace(environment=self.env))
        if compares:
            self.require_sources(plan, options.targets if options else ())
        if plan.is_empty:
            return plan
        plan = self.judge(plan)
        from auger_reconcile.api.files.line_ends import explain_line_ends

        return explain_line_ends(plan, observed)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The policies that stand beside and above the files.

        Raises:
            ConfigError: one of them is none.
        """
        from auger_reconcile.api.plans.policies import read_policies

        folders = [path if path.is_dir() else path.parent for path in self.files]
        return read_policies(folders, self.environ)

    def judge(self, plan: Plan) -> Plan:
        """Return a plan with what the policies say of it.

        Raises:
            ConfigError: a policy is none.
        """
        from auger_reconcile.api.plans.policies import judge_plan

        return judge_plan(plan, self.desired, self.rules, env=self.env, approved=self.approved)

    def drift(self, scope: Scope | None = None) -> Drift:
        """Return how the hub differs from what the files say; nothing is changed.

        Args:
            scope: targets and excludes; everything without one.

        Raises:
            ConfigError: the files are not valid.
            HubError: the hub cannot be read.
        """
        from auger_reconcile.planner.drift import find_drift
        from auger_reconcile.planner.targets import EVERYTHING

        observed = self.observe()
        drift = find_drift(self.desired, observed, scope or EVERYTHING)
        return replace(drift, coverage=drift.coverage._replace(environment=self.env))

    def explain(self, address: str | Address) -> Explanation:
        """Return why a declared resource would be created, started or replaced, or why not.

        Raises:
            AugerError: it is not declared.
        """
        from auger_reconcile.api.plans.addresses import parse_addresses
        from auger_reconcile.planner.explain import explain

        (wanted,) = parse_addresses(address, self.desired.resources)
        return explain(self.desired, self.observe(), wanted)

    def apply(self, plan: Plan, options: ApplyOptions | None = None) -> ApplyResult:
        """Carry out a plan of this workspace.

        Raises:
            PlanRefused: a guard forbids the plan; nothing was done.
        """
        from auger_reconcile.applier.apply import refusals_of
        from auger_reconcile.history.record import AppliedBy, apply_recorded

        changed = () if refusals_of(plan) else self._remember_protection(plan)
        origin = AppliedBy(self.origin, self.is_exclusive, self.beat_seconds, self.checkout)
        result = apply_recorded(plan, self.session.client, self.folder, options, origin)
        result = replace(result, remembered=changed)
        return self._notify(result) if result.outcomes else result

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Who is told of what, as the files say."""
        return self.loaded.channels if self.has_files else ()

    def _notify(self, result: ApplyResult) -> ApplyResult:
        """Tell of an apply those who want to hear of it; return the result with what failed."""
        if not self.channels:
            return result
        from auger_reconcile.history.checkout import read_checkout
        from auger_reconcile.notify.message import about_apply
        from auger_reconcile.notify.send import tell

        said = {f"AUGER_VAR_{name}": value for name, value in self.variables.items()}
        checkout = self.checkout or read_checkout(self.folder, self.environ)
        message = about_apply(result, self.origin, checkout.commit if checkout else None)
        failures = tell(message, self.channels, {**self.environ, **said})
        return replace(result, notices=(*result.notices, *failures))

    def _remember_protection(self, plan: Plan) -> tuple[Path, ...]:
        """Write what a plan protects and releases into the lock files; return those that changed.

        They are read again: what was written since the plan was made stays.

        Raises:
            AugerError: a file cannot be read or written.
        """
        from auger_reconcile.config.protection import read_again, write_protected

        changed = []
        for lock in () if plan.protection.is_empty else map(read_again, self.loaded.locks):
            protected = lock.after_apply(plan.protection)
            if protected != lock.protected:
                write_protected(lock.path, protected)
                changed.append(lock.path)
        return tuple(changed)

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if "session" in self.__dict__:
            self.session.client.close()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let nothing look for reference cycles while very many objects are made, which all stay.

    Looking again and again at what cannot go takes a fifth of the time of a large plan. At the end
    all of it counts as old: freezing and unfreezing moves it there without a look at each.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # somebody else has not frozen anything
                gc.freeze()
                gc.unfreeze()
            gc.enable()
