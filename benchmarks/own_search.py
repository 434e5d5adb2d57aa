"""Run auger's search in this process, without a hub around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auger_hub.search.run import SearchTask, TrialResult, run_search

if TYPE_CHECKING:
    from auger_hub.search.scores.expectation import Expectation


def fill_board(task: SearchTask) -> list[TrialResult]:
    """Search until the budget is used; return the board, in the order in which the trials came."""
    return search(task)[0]


def search(task: SearchTask) -> tuple[list[TrialResult], Expectation | None]:
    """Search until the budget is used; return the board and what to expect of its best."""
    board: list[TrialResult] = []
    told: list[Expectation] = []
    run_search(task, [], report=board.append, conclude=told.append, should_stop=lambda: False)
    return board, told[0] if told else None


def find_best(board: list[TrialResult]) -> TrialResult:
    """Return the entry with the highest score; one at least must have been scored."""
    return max(board, key=lambda one: float("-inf") if one.score is None else one.score)
