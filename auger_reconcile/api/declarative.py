"""Plan, apply, destroy and detect drift of declared projects, one call each.

from auger.api import apply, plan

todo = plan("projects/churn")
for action in todo.actions:
print(action.verb.value, action.address)
result = apply(todo, "projects/churn", on_event=print)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from auger_reconcile.api._arguments import check_arguments
from auger_reconcile.errors import PlanRefused, StalePlan

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.applier.result import ApplyResult, Event
    from auger_reconcile.planner.build import PlanOptions
    from auger_reconcile.planner.drift import Drift
    from auger_reconcile.planner.plan import Plan

OnEvent = Callable[["Event"], None]


@check_arguments
def plan(  # noqa: PLR0913 - keyword-only, each with a default
    path: str | Path = ".",
    *,
    env: str | None = None,
    variables: Mapping[str, str] | None = None,
    hub: str | None = None,
    options: PlanOptions | None = None,
    refresh_sources: bool = False,
) -> Plan:
    """Return what has to happen so that the hub has what the files say; nothing is changed.

    Args:
        path: an auger.yaml, or a folder of which every auger.yaml is read.
        env: overlay to lay over the files: `prod` for `auger.prod.yaml`.
        variables: values of `${name}` in the files.
        hub: `local` or a URL, instead of what the files and the credentials say.
        options: targets, prune and the like; addresses may be texts, as everywhere.
        refresh_sources: read URLs of data sets again, and compare them with what the hub has read.

    Raises:
        ConfigError: the files are not valid; it carries every problem.
        NotAuthenticated: the credentials are missing or refused.
        HubError: the hub cannot be read.
    """
    with _open(path, env, variables, hub, refresh_sources=refresh_sources) as workspace:
        return workspace.plan(options)


@check_arguments
def apply(  # noqa: PLR0913 - keyword-only, each with a default
    todo: Plan | None = None,
    path: str | Path = ".",
    *,
    env: str | None = None,
    variables: Mapping[str, str] | None = None,
    hub: str | None = None,
    wait: bool = False,
    on_event: OnEvent | None = None,
) -> ApplyResult:
    """Carry out a plan, and no other action; without one, make it first.

    What fails is in the result: `result.is_complete` tells whether everything was applied, and
    `outcome.error` of each of `result.outcomes` why not.

    Args:
        todo: of `plan` or `destroy`, with the same path and options.
        path: an auger.yaml, or a folder.
        env: as for `plan`.
        variables: as for `plan`.
        hub: as for `plan`.
        wait: also for runs that nothing depends on.
        on_event: told of `Started`, `Progressed` and `Finished` actions, never two at once.

    Raises:
        StalePlan: the plan was made of other files, or for another hub.
        PlanRefused: a guard forbids the plan, or a lock file does by now; nothing was done.
    """
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.planner.guards.protection import check_protection

    options = ApplyOptions(wait=wait, on_event=on_event or (lambda _: None))
    with _open(path, env, variables, hub) as workspace:
        if todo is None:
            return workspace.apply(workspace.plan(), options)
        if todo.config_digest != workspace.desired.digest:
            raise StalePlan(f"the files in `{path}` are not those that the plan was made of")
        if todo.hub != workspace.session.client.url:
            raise StalePlan(f"the plan was made for the hub {todo.hub}")
        if protected := tuple(check_protection(workspace.desired, todo.actions)):
            raise PlanRefused(protected)
        return workspace.apply(todo, options)


@check_arguments
def destroy(
    path: str | Path = ".",
    *,
    env: str | None = None,
    variables: Mapping[str, str] | None = None,
    hub: str | None = None,
) -> Plan:
    """Return the plan that deletes everything the files declare, for `apply` to carry out."""
    from auger_reconcile.planner.build import PlanOptions

    return plan(path, env=env, variables=variables, hub=hub, options=PlanOptions(destroy=True))


@check_arguments
def drift(  # noqa: PLR0913 - keyword-only, each with a default
    path: str | Path = ".",
    *,
    env: str | None = None,
    variables: Mapping[str, str] | None = None,
    hub: str | None = None,
    targets: str | Address | Iterable[str | Address] = (),
    excludes: str | Address | Iterable[str | Address] = (),
    refresh_sources: bool = False,
) -> Drift:
    """Return how the hub differs from the files, what they do not name included; only reads.

    Args:
        path: as for `plan`.
        env: as for `plan`.
        variables: as for `plan`.
        hub: as for `plan`.
        targets: only these addresses and what they need, such as `experiment.churn`; addresses
            may be texts, as everywhere.
        excludes: not these addresses, nor what needs them.
        refresh_sources: as for `plan`.

    Raises:
        AugerError: an address is not declared.
    """
    from auger_reconcile.api.plans.addresses import parse_addresses
    from auger_reconcile.planner.targets import Scope

    with _open(path, env, variables, hub, refresh_sources=refresh_sources) as workspace:
        declared = workspace.desired.resources
        chosen = (tuple(parse_addresses(given, declared)) for given in (targets, excludes))
        return workspace.drift(Scope(*chosen))


@contextmanager
def _open(
    path: str | Path,
    env: str | None,
    variables: Mapping[str, str] | None,
    hub: str | None,
    *,
    refresh_sources: bool = False,
) -> Iterator[Workspace]:
    from auger_reconcile.api.workspace import Workspace

    workspace = Workspace(
        files=(Path(path),),
        env=env,
        variables=dict(variables or {}),
        hub=hub,
        refresh_sources=refresh_sources,
    )
    try:
        yield workspace
    finally:
        workspace.close()
