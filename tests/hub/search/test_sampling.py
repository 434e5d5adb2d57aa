import numpy as np
import pytest

from auger_hub.search.sampling import FEWEST, rungs, sample_rows

CLASSES = {"seed": 3, "model_type": "classification"}
VALUES = {"seed": 3, "model_type": "regression"}
ROWS = np.arange(1_000, 9_000)


def test_a_small_table_has_one_rung() -> None:
    assert rungs(4 * FEWEST - 1) == [None]


def test_a_large_table_has_rungs_of_a_quarter_each() -> None:
    assert rungs(320_000) == [None, 80_000, 20_000, 5_000]


@pytest.mark.parametrize("info", [CLASSES, VALUES])
def test_a_part_is_drawn_from_the_training_rows_alone(info: dict[str, str]) -> None:
    part = sample_rows(ROWS, np.zeros(9_000, dtype=int), 500, info)
    assert len(part) == len(set(part.tolist())) == 500
    assert set(part.tolist()) <= set(ROWS.tolist())


def test_a_rare_class_is_in_every_part() -> None:
    target = np.zeros(9_000, dtype=int)
    target[[2_000, 5_000, 8_999]] = 1
    part = sample_rows(ROWS, target, 200, CLASSES)
    assert target[part].sum() == 3


def test_of_a_series_the_last_rows_are_taken() -> None:
    part = sample_rows(ROWS, np.zeros(9_000), 100, {**VALUES, "timeColumn": "day"})
    assert part.tolist() == ROWS[-100:].tolist()


@pytest.mark.parametrize("most", [None, 8_000, 10_000])
def test_nothing_is_drawn_where_there_are_no_more(most: int | None) -> None:
    assert sample_rows(ROWS, np.zeros(9_000), most, VALUES) is ROWS
