"""Tables and leaderboards as they are read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import click
import pytest

from auger_reconcile.api.runs.leaderboard import Leaderboard
from auger_reconcile.cli.views.run.leaderboard import Layout, render_history, render_leaderboard
from auger_reconcile.cli.views.table import FIRST_PAGE, Column, local_time, member, render_table
from auger_reconcile.resources.search.account import EMPTY, Account, Expected, Failure, Notice

Row = dict[str, Any]
PARAMS = {"learning_rate": 0.123456, "n_estimators": 100, "x" * 60: 1}
NAME, COUNT = Column("Name", member("name")), Column("Rows", member("rows"), is_number=True)


def lines(*rows: dict[str, Any], selected: str = "") -> list[str]:
    rendered = render_table(
        (NAME, COUNT), rows, is_selected=lambda row: row.get("name") == selected
    )
    return [click.unstyle(line) for line in rendered]


def test_columns_are_aligned_and_the_selected_row_is_marked() -> None:
    assert lines({"name": "long", "rows": 5}, {"name": "b", "rows": 12}, selected="b") == [
        "  Name  Rows",
        "  long     5",
        "* b       12",
    ]


def test_what_is_absent_is_empty() -> None:
    assert lines({"name": "a"}, {"name": None, "rows": 0.5}) == [
        "  Name    Rows",
        "  a",
        "        0.5000",
    ]


def test_wide_characters_take_two_columns() -> None:
    assert lines({"name": "花花", "rows": 1}, {"name": "abcd", "rows": 2})[1:] == [
        "  花花     1",
        "  abcd     2",
    ]


def test_a_long_name_is_shown_whole() -> None:
    name = "n" * 200
    assert name in lines({"name": name, "rows": 1}, {"name": "b", "rows": 2})[1]
    assert lines({"name": name, "rows": 1}, {"name": "b", "rows": 2})[2] == "  b" + " " * 64 + "2"


def test_a_name_cannot_play_with_the_terminal() -> None:
    assert "\x1b" not in lines({"name": "a\x1b[2Jb\nc", "rows": 1})[1]


def test_no_rows_are_no_lines() -> None:
    assert lines() == []


def test_a_table_is_streamed_page_by_page() -> None:
    taken = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal taken
        for number in range(10 * FIRST_PAGE):
            taken += 1
            yield {"name": str(number)}

    next(render_table((NAME,), rows()))
    assert taken == FIRST_PAGE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, ""),
        ("", ""),
        ("soon", "soon"),
        ("2026-11-22T17:02:37.195Z", "2026-11-22 18:02 CET"),
        ("2026-07-22T17:02:37+00:00", "2026-07-22 19:02 CEST"),
    ],
)
def test_times_are_those_of_this_place_and_say_so(
    text: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        found = local_time(text)
    time.tzset()
    assert found == told


def trial(number: int, score: float | None, **members: Any) -> dict[str, Any]:
    return {
        "id": f"T{number}",
        "algorithm": "SVC",
        "score_name": "r2",
        "score": score,
        "seconds": 1.25,
        "fold_scores": [score, score],
        "ensemble": False,
        "algorithm_params": {},
        **members,
    }


def shown(
    rows: Sequence[Row], status: str = "completed", account: Account = EMPTY, **layout: Any
) -> list[str]:
    board = Leaderboard("r1", status, tuple(rows), account)
    return [click.unstyle(line) for line in render_leaderboard(board, Layout(**layout))]


def test_a_leaderboard_compares_scores_and_says_what_comes_next() -> None:
    rows = [trial(1, 0.9), trial(2, 0.5, fold_scores=[0.4, 0.6]), trial(3, None, seconds=None)]
    told = shown(rows)
    assert told[0].split() == ["Model", "id", "Algorithm", "r2", "±", "folds", "Seconds"]
    assert told[1].startswith("* T1        SVC        0.9000   0.0000      1.2  ████")
    assert "0.1414" in told[2]
    assert told[3] == "  T3        SVC"
    assert told[-2:] == ["Deploy the best one:", "auger model deploy T1"]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("started", "The run is not finished; the leaderboard is not final."),
        ("interrupted", "The run was interrupted; what it had finished is kept."),
        ("odd", "The run's status is odd."),
    ],
)
def test_an_empty_leaderboard_is_a_sentence(status: str, sentence: str) -> None:
    assert shown([], status) == [sentence]


def test_above_the_board_stands_what_to_expect_on_new_rows() -> None:
    account = Account(expected=Expected(0.9749, 0.9583, 0.9301, 0.9812))
    told = shown([trial(1, 0.9749)], account=account)
    assert told[0] == ("best 0.9749 on the folds; expect 0.9583, 0.9301 to 0.9812 on new rows")
    assert told[1] == ""


def test_below_the_board_stand_the_failed_trials_their_reasons_and_the_notices() -> None:
    account = Account(
        asked=12,
        done=11,
        failed=3,
        failures=(Failure("stopped after 60 seconds, the limit of one trial", ("SVC",), 2),),
        notices=(Notice("few-folds", "3 instead of 5 folds: the rarest class has 3 rows."),),
    )
    told = shown([trial(1, 0.9)], account=account)
    assert told[-5:-2] == [
        "The run is completed.",
        (
            "Trials: 12 asked, 8 scored, 2 failed: stopped after 60 seconds, the limit of one "
            "trial, 1 more failed: the time ran out before the others."
        ),
        "notice: 3 instead of 5 folds: the rarest class has 3 rows.",
    ]


def test_a_run_that_failed_says_why() -> None:
    account = Account(error="The target `species` has no number in any of 60 rows.")
    assert shown([], "error", account) == [
        "The run ended with an error: The target `species` has no number in any of 60 rows."
    ]


@pytest.mark.parametrize("width", [30, 50, 60, 70, 80, 200])
def test_a_leaderboard_is_never_wider_than_the_terminal(width: int) -> None:
    rows = [
        trial(1, 0.9, id="8E69EE534536118", algorithm="LGBMClassifier", algorithm_params=PARAMS),
        trial(2, 0.5, id="6250A19E131ED5E", algorithm="SVC", algorithm_params=PARAMS),
    ]
    told = shown(rows, width=width, with_parameters=True)
    table = told[: told.index("")]
    assert max(map(len, table)) <= max(width, 41)  # an id, a name and a score are always told


def test_hyperparameters_stand_below_their_trial() -> None:
    told = shown([trial(1, 0.9, algorithm_params=PARAMS)], with_parameters=True)
    assert told[2] == "    learning_rate=0.1235, n_estimators=100, " + "x" * 60 + "=1"


def test_of_an_ensemble_its_members_and_weights_are_told() -> None:
    params = {"pipelines": ["A1", "B2"], "weights": [0.75, 0.25], "members": []}
    told = shown([trial(1, 0.9, ensemble=True, algorithm_params=params)], with_parameters=True)
    assert told[2] == "    0.75 of A1, 0.25 of B2"


def test_history_shows_settings_as_the_file_has_them_and_the_best_trials() -> None:
    run = {
        "id": "r1",
        "experiment": "exp",
        "created_at": "2026-11-22T17:02:37.195Z",
        "status": "completed",
        "score": 0.9,
        "settings": {"use_ensemble": True, "exclude": ["a", "b"], "metric": "r2", "none": None},
        **Account(expected=Expected(0.9, 0.85, 0.8, 0.88), error="odd").to_json(),
        "leaderboard": [trial(number, 0.9 - number / 10) for number in range(8)],
    }
    told = [click.unstyle(line) for line in render_history(run)]
    assert told[0].endswith("completed  best 0.9000")
    assert told[1:5] == [
        "  experiment: exp",
        *("  exclude: a, b", "  metric: r2", "  use_ensemble: true"),
    ]
    assert told[5:7] == [
        "  best 0.9000 on the folds; expect 0.8500, 0.8000 to 0.8800 on new rows",
        "  error: odd",
    ]
    assert sum("SVC" in line for line in told) == 5
