"""auger's search in this process, without a hub around it."""

from __future__ import annotations

from auger_hub.search.run import SearchTask, TrialResult, run_search


def fill_board(task: SearchTask) -> list[TrialResult]:
    """Search until the budget is used; return the board, in the order in which the trials came."""
    board: dict[str, TrialResult] = {}
    run_search(task, [], report=lambda one: board.update({one.uid: one}), should_stop=lambda: False)
    return list(board.values())


def find_best(board: list[TrialResult]) -> TrialResult:
    """Return the entry with the highest score; one at least must have been scored."""
    return max(board, key=lambda one: float("-inf") if one.score is None else one.score)
