"""Drives the steps of an action by hand: each step is noted and answered."""

from typing import Any

from auger_reconcile.errors import Conflict, HubError, NotFound
from auger_reconcile.resources._base import Work
from auger_reconcile.resources._steps import Step, Steps

CONFLICT = Conflict("transition to this status impossible", status=400)
GONE = NotFound("Couldn't find it", status=404)
REFUSED = HubError("trial_id: model is undeploying", status=400)


def drive(steps: Steps, *answers: Any) -> tuple[list[Step], Any]:
    """Return the steps that were asked for and what the action leaves behind.

    Args:
        steps: of one action.
        answers: one a step; an error is thrown in.
    """
    asked = [next(steps)]
    try:
        for answer in answers:
            threw = isinstance(answer, Exception)
            asked.append(steps.throw(answer) if threw else steps.send(answer))
    except StopIteration as end:
        return asked, end.value
    raise AssertionError(f"there are more steps: {asked[-1]}")


def work(spec: Any = None, found: Any = None, **more: Any) -> Work:
    """Return what an action has at hand."""
    given = {"name": spec.name if spec else "", "refs": {}, "organization_id": 7, **more}
    return Work(spec=spec, object=found, **given)
