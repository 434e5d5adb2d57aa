"""Wait for what is running on the hub: runs, data, clusters, deployments.

Only reads. What a resource waits for is said by its kind, as steps; here they are taken, those of
all resources at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auger_reconcile.address import Address
from auger_reconcile.applier.steps import StepRunner
from auger_reconcile.applier.waiting import Patience
from auger_reconcile.errors import ActionFailed, AugerError
from auger_reconcile.resources._base import Wanted

if TYPE_CHECKING:
    from auger_reconcile.api.plans.observation import Observation
    from auger_reconcile.api.workspace import Workspace
    from auger_reconcile.planner.decide import ResourceStatus
    from auger_reconcile.resources._steps import Steps

MOST_AT_ONCE = 32  # looked at in turn; others wait for one of them to end


@dataclass(frozen=True)
class Ending:
    """How one resource ended: well, or with an error."""

    address: Address
    error: AugerError | None = None


@dataclass(frozen=True)
class Watch:
    """Who is told what.

    Attributes:
        on_progress: told the address and how far it is, from several threads but never two at once.
        on_end: told each ending.
        patience: clock, timeout and stop signal.
    """

    on_progress: Callable[[Address, str], None] = lambda _address, _text: None
    on_end: Callable[[Ending], None] = lambda _: None
    patience: Patience = field(default_factory=Patience)


def wait_for(
    workspace: Workspace, observation: Observation, addresses: Iterable[Address], watch: Watch
) -> tuple[Ending, ...]:
    """Wait for the end of what is under way for some declared resources.

    Args:
        workspace: whose hub is asked.
        observation: made of it before.
        addresses: what is waited for; what is neither under way nor has failed is left out.
        watch: who is told.

    Returns:
        How each of them ended, in the order in which they did.
    """
    return tuple(_endings(workspace, observation, addresses, watch))


def _endings(
    workspace: Workspace, observation: Observation, addresses: Iterable[Address], watch: Watch
) -> Iterator[Ending]:
    lock = threading.Lock()
    client, folder = workspace.session.client, workspace.folder

    def follow(address: Address, steps: Steps) -> Any:
        def report(text: str, _done: int | None, _total: int | None) -> None:
            with lock:
                watch.on_progress(address, text)

        return StepRunner(client, folder, watch.patience, report).run(steps)

    followed: dict[Future[Any], Address] = {}
    with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="wait") as pool:
        try:
            for address in addresses:
                steps = _steps_of(observation.statuses[address])
                if steps is not None:
                    followed[pool.submit(follow, address, steps)] = address
            for future in as_completed(followed):
                ending = Ending(followed[future], _error_of(future))
                with lock:
                    watch.on_end(ending)
                yield ending
        except BaseException:  # the threads would wait on
            watch.patience.stop.set()
            raise


def _error_of(future: Future[Any]) -> AugerError | None:
    error = future.exception()
    if error is None or isinstance(error, AugerError):
        return error
    raise error


def _steps_of(one: ResourceStatus) -> Steps | None:
    """Return what a resource is waited for with; None when nothing is under way for it."""
    assessment = one.assessment
    if one.wanted in (Wanted.ABSENT, Wanted.STOPPED):
        return None
    if assessment.object is not None:
        return one.kind.follow(assessment.object)
    if assessment.broken:
        return _fail(str(assessment.create))
    return None


def _fail(reason: str) -> Steps:
    """Take no step, and fail."""
    yield from ()
    raise ActionFailed(reason)
