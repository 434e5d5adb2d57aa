from typing import Any

from auger_reconcile.api.runs.leaderboard import SHOWN, Leaderboard
from auger_reconcile.resources.search.account import EMPTY, Account, Expected, Failure, Notice
from tests.api.cells import cells_of


def row(number: int, score: float | None, **members: Any) -> dict[str, Any]:
    told = {"id": f"T{number}", "algorithm": "SVC", "score_name": "r2", "score": score}
    return {**told, "seconds": 1.25, **members}


def test_a_notebook_shows_trials_and_all_that_is_told_of_the_run() -> None:
    account = Account(
        Expected(0.9, 0.8, 0.7, 0.85),
        (Notice("few-folds", "3 instead of 5 folds."),),
        failed=1,
        failures=(Failure("late", ("SVC",), 1),),
        error="odd <b>",
    )
    shown = Leaderboard("r1", "completed", (row(1, 0.9), row(2, None)), account)._repr_html_()
    assert cells_of(shown)[:3] == ["T1", "SVC", "0.9000"]
    assert cells_of(shown)[4:7] == ["T2", "SVC", ""]
    assert "expect 0.8000, 0.7000 to 0.8500" in shown
    assert "3 instead of 5 folds." in shown
    assert "1 failed: late" in shown
    assert "odd &lt;b&gt;" in shown


def test_a_long_board_is_cut_in_a_notebook_and_whole_as_a_table() -> None:
    board = Leaderboard("r1", "completed", tuple(row(n, 0.5) for n in range(SHOWN + 3)), EMPTY)
    assert "3 more trials" in board._repr_html_()
    assert len(board.to_frame()) == SHOWN + 3


def test_json_has_trials_and_what_is_told_of_them() -> None:
    told = Leaderboard("r1", "completed", (row(1, 0.9),), Account(asked=3)).to_json()
    assert told["trials"] == [row(1, 0.9)]
    assert (told["run_id"], told["status"], told["trials_asked"]) == ("r1", "completed", 3)
