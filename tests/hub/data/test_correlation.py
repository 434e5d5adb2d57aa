"""Correlations are those of pandas, over the rows that have both values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.correlation import MOST_COLUMNS, pairwise_r
from auger_hub.data.profile import profile_file

ROWS = 300


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(3)
    first = random.normal(size=ROWS)
    frame = pd.DataFrame(
        {
            "first": first,
            "against": 5 - first + random.normal(size=ROWS) / 10,
            "large": first * 1e200 + random.normal(size=ROWS) * 1e200,
            "own": random.normal(size=ROWS),
        }
    )
    return frame.mask(random.random(frame.shape) < 0.2)


def test_each_pair_is_compared_over_the_rows_that_have_both(frame: pd.DataFrame) -> None:
    wanted = frame.assign(large=frame["large"] / 1e200).corr().to_numpy()
    assert pairwise_r(frame.to_numpy()) == pytest.approx(wanted, abs=1e-9)


def test_what_has_one_value_or_few_rows_compares_with_nothing() -> None:
    values = np.column_stack([np.arange(50.0), np.full(50, 2.0), np.full(50, np.nan)])
    values[:5, 2] = range(5)
    found = pairwise_r(values)
    assert found[0, 0] == pytest.approx(1)
    assert np.isnan(found[0, 1:]).all()


def test_texts_of_two_values_count_as_numbers(frame: pd.DataFrame, tmp_path: Path) -> None:
    answer = np.where(frame["first"].fillna(0) > 0, "yes", "no")
    path = tmp_path / "t.csv"
    frame[["first", "own"]].assign(answer=answer, same=1).to_csv(path, index=False)
    told = profile_file(path)["correlation"]
    assert told["columns"] == ["first", "own", "answer = yes"]
    wanted = frame["first"].corr(pd.Series(answer == "yes", dtype=float))
    assert told["matrix"][0][2] == pytest.approx(wanted, abs=5e-4)
    assert (told["rows"], told["left_out"]) == (ROWS, 0)


def test_of_many_columns_those_that_move_together_most_are_kept(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    wide = pd.DataFrame(random.normal(size=(60, 40)), columns=[f"c{n}" for n in range(40)])
    wide["twin"] = wide["c39"] * 2
    wide.to_csv(tmp_path / "w.csv", index=False)
    told = profile_file(tmp_path / "w.csv")["correlation"]
    assert len(told["columns"]) == MOST_COLUMNS
    assert told["columns"][-2:] == ["c39", "twin"]
    assert told["left_out"] == 41 - MOST_COLUMNS


def test_a_table_without_two_such_columns_has_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\nx,1\ny,2\nz,3\n")
    assert "correlation" not in profile_file(tmp_path / "t.csv")
