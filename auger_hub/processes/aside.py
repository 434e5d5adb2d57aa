"""Make a call in a process that stands still while a hub has anything else to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import Explanation
from auger_hub.processes.child_process import is_free
from auger_hub.processes.job_process import Workplace
from auger_hub.processes.job_queue import find_jobs
from auger_hub.search.trials.process_call import Part, ProcessCall, ProcessDied

Aside = TypeVar("Aside", Explanation, ModelReference)
_POLL_SECONDS = 0.5
_STUCK_AFTER = 10  # times its processor seconds, and a minute
_BESIDE = ("profile", "explain", "refer")


def call_aside(
    place: Workplace, call: ProcessCall, seconds: float, is_wanted: Callable[[], bool]
) -> tuple[Any, bool]:
    """Return the last that a call has told, and whether it came to its end.

    None when it told nothing, or nobody wants it any more. Waiting does not count, only work.

    Args:
        place: where it is done.
        call: of a function that ends itself in time, or is ended by the system.
        seconds: processor time that it may take.
        is_wanted: whether somebody wants it still.
    """
    told: Any = None
    worked, is_paused = 0.0, False
    while worked < 60 + _STUCK_AFTER * seconds:
        if call.receiver.poll(_POLL_SECONDS):
            try:
                answer = call.receive()
            except ProcessDied:
                break
            if not isinstance(answer, Part):
                return (told if answer is None else answer), True
            told = answer.value
        worked += 0 if is_paused else _POLL_SECONDS
        if not is_wanted():
            return None, False
        if is_paused != _is_busy(place):
            is_paused = not is_paused
            call.pause() if is_paused else call.resume()
    return told, False


def is_waiting(place: Workplace, kind: type[Aside], row_id: str) -> bool:
    """Tell whether what a job was begun for is wanted still."""
    with place.database.read() as session:
        row = session.get(kind, row_id)
        return row is not None and row.status == "waiting"


def finish(place: Workplace, kind: type[Aside], row_id: str, content: Any) -> None:
    """Store what was found, unless nobody wants it any more."""
    with place.database.write() as session:
        row = session.get(kind, row_id)
        if row is not None and row.status == "waiting":
            row.status, row.content = "done", content


def _is_busy(place: Workplace) -> bool:
    """Tell whether other work is being done than what nobody waits for, or to look at data."""
    return any(
        job.kind not in _BESIDE and not is_free(place.settings, job.name)
        for job in find_jobs(place.database)
    )
