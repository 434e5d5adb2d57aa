"""The steps that measure what a gate asks for and the hub has not told yet, and decide then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from auger_reconcile.errors import ActionFailed, NotFound
from auger_reconcile.resources._steps import Await, Send, Steps
from auger_reconcile.resources.gates.gate import HOLDOUT, Bout, Gate, Where, decide, unmeasured
from auger_reconcile.resources.gates.measured import evaluations_from_wire

WAITING = "waiting"


def measure(gate: Gate, bout: Bout) -> Steps:
    """Yield the requests for what is not measured; return what the gate says then.

    Raises:
        ActionFailed: the hub cannot measure it.
    """
    for where, trials, columns in _questions(gate, bout):
        run = bout.challenger.run_id
        item = yield from _ask(where, trials, columns, run if where.rows == HOLDOUT else where.id)
        told = evaluations_from_wire(item.get("results"), str(item.get("experiment_session_id")))
        challenger, champion = bout.challenger, bout.champion
        bout = bout._replace(
            challenger=challenger._replace(evaluations=(*challenger.evaluations, *told)),
            champion=champion and champion._replace(evaluations=(*champion.evaluations, *told)),
        )
    return decide(gate, bout)


def keep_outcome(gate: Gate, bout: Bout) -> Steps:
    """Have the hub keep the score of a trial that did not pass: no plan reads whole boards."""
    unscored = bout._replace(challenger=bout.challenger._replace(score=None))
    with suppress(ActionFailed):  # a hub that keeps nothing is asked again
        yield from measure(gate, unscored)


def _questions(gate: Gate, bout: Bout) -> Iterator[tuple[Where, list[str], tuple[str, ...]]]:
    """Yield rows, trials and columns; what is asked of the same rows is one question."""
    asked: dict[Where, tuple[list[str], set[str]]] = {}
    for where, trial_id, columns in unmeasured(gate, bout):
        trials, named = asked.setdefault(where, ([], set()))
        trials.append(trial_id)
        named.update(columns)
    for where, (trials, named) in asked.items():
        yield where, trials, tuple(sorted(named))


def _ask(where: Where, trials: list[str], columns: tuple[str, ...], run: str | None) -> Steps:
    if not where.id:
        raise ActionFailed(f"gate: {where.text} is not on the hub yet")
    body = {
        "experiment_session_id": run,
        "trial_ids": trials,
        "project_file_id": int(where.id) if where.rows == HOLDOUT else None,
        "segments": list(columns),
    }
    try:
        item = yield Send("POST", "trial_evaluations", body)
    except NotFound as error:
        told = "gate: this hub measures nothing but its board"
        hint = "`min_score` of the model is a gate on the board, which every hub has"
        raise ActionFailed(told, hint=hint) from error
    if item.get("status") == WAITING:
        item = yield Await("trial_evaluations", item["id"], frozenset({WAITING}))
    if item.get("status") != "done":
        why = item.get("error_message") or f"its status is `{item.get('status')}`"
        raise ActionFailed(f"gate: it could not be measured on {where.text}: {why}")
    return item
