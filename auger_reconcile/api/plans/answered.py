"""Read files and hub again after a question was answered: what was shown is done, or nothing.

Who is asked may think for an hour, in which others apply, and change the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from auger_reconcile.errors import ConfigError, StalePlan

if TYPE_CHECKING:
    from auger_reconcile.api.context import Context
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.config.load import Loaded
    from auger_reconcile.planner.plan import Plan

_MOST_NAMED = 3


def check_files(
    shown: Plan, read: Loaded, workspace: Workspace, make: Callable[[Workspace], Plan]
) -> None:
    """Do nothing when the files of a plan and what it does are what they were when it was shown.

    Args:
        shown: the plan.
        read: its files as they were read.
        workspace: that it was made in.
        make: makes the plan anew.

    Raises:
        StalePlan: they are not; nothing was done.
    """
    again = workspace.afresh()
    try:
        changed = list(_changed(read, again.loaded))
        if not changed:
            return _check_plan(shown, make(again), by="hub")
    except ConfigError as error:
        changed = [f"{error.summary} now"]
    finally:
        again.close()
    more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
    raise _stale("files", ", ".join(changed[:_MOST_NAMED]) + more)


def check_context(
    shown: Plan, context: Context, again: Context, make: Callable[[Context], Plan]
) -> None:
    """Do nothing when a plan of one resource would do what it did when it was shown.

    Args:
        shown: the plan.
        context: that it was made in.
        again: of the same file, with nothing read yet.
        make: makes the plan anew.

    Raises:
        StalePlan: it would do something else; nothing was done.
    """
    by = "hub" if context.settings == again.settings else "files"
    _check_plan(shown, again.judge(make(again)), by=by)


def _check_plan(shown: Plan, now: Plan, *, by: str) -> None:
    from auger_reconcile.applier.apply import refusals_of
    from auger_reconcile.planner.saved.stale import check_shown

    try:
        check_shown(shown, now)
    except StalePlan as error:
        raise _stale(by, str(error)) from None
    for told in refusals_of(now):
        about = f"{told.address}: " if told.address else ""
        raise _stale("files" if told.span else by, f"{about}{told.summary}")


def _changed(read: Loaded, now: Loaded) -> Iterator[str]:
    """Yield in words what the files declare otherwise by now, and what they protect besides."""
    before, after = read.state, now.state
    if before.digest != after.digest:
        found = {**before.resources, **after.resources}
        differing = [str(at) for at in found if before.resources.get(at) != after.resources.get(at)]
        yield from differing or ["what they declare of all resources"]
    for at in sorted(after.protected - before.protected):
        yield f"{at} is protected now"
    for at in sorted(before.protected - after.protected):
        yield f"{at} is not protected any more"


def _stale(what: str, why: str) -> StalePlan:
    told = f"the {what} changed while the question was open: {why}"
    return StalePlan(told, hint="nothing was done; the same command shows what it would do now")
