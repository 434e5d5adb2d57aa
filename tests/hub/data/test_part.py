"""A part of the rows of a table: even, in order, and the same one whenever it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.part import Part
from auger_hub.data.read import read_raw, read_with_schema, read_within
from auger_hub.data.table import Reading

ROWS = 20_000


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return pd.DataFrame({"n": range(ROWS), "t": [f"text {n % 7}" for n in range(ROWS)]})


@pytest.mark.parametrize("form", ["csv", "parquet", "feather"])
def test_every_reader_chooses_the_same_rows(table: pd.DataFrame, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"table.{form}"
    getattr(table, f"to_{form}")(path, **({"index": False} if form == "csv" else {}))
    whole = table.astype({"t": "object"})  # as texts are read
    memory = int(whole.memory_usage(index=False, deep=True).sum() / 4)
    frame, schema, part = read_within(path, Reading(), None, memory)
    assert part is not None
    assert part.rows == ROWS
    assert len(frame) == pytest.approx(ROWS / 4, rel=0.05)
    assert frame["n"].is_monotonic_increasing
    again, _ = read_with_schema(path, Reading(schema), part=part)
    pd.testing.assert_frame_equal(again, frame)
    assert read_raw(path, part)["n"].astype(int).tolist() == frame["n"].tolist()
    assert part.of(table)["n"].tolist() == frame["n"].tolist()


def test_what_fits_is_read_whole(table: pd.DataFrame, tmp_path: Path) -> None:
    table.to_csv(tmp_path / "table.csv", index=False)
    frame, _, part = read_within(tmp_path / "table.csv", Reading(), None, 2**30)
    assert (len(frame), part) == (ROWS, None)


@pytest.mark.parametrize("wanted", [1, 100, 5_000, 19_999])
def test_a_part_is_even_over_the_table_and_has_no_period(wanted: int) -> None:
    chosen = Part.of_rows(wanted, ROWS).of(pd.DataFrame({"n": range(ROWS)}))["n"].to_numpy()
    assert abs(len(chosen) - wanted) <= max(2, wanted / 100)
    if wanted >= 100:
        for size in (2, 5, 7, 10):  # neither of tenths of the table nor of rows that recur
            parts = np.bincount(chosen * size // ROWS), np.bincount(chosen % size)
            for counts in parts:
                assert counts.min() > 0.5 * wanted / size
