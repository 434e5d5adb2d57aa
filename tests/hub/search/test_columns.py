from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer

from auger_hub.search.column_kinds import CATEGORY, DATE, MISSING_TEXT, NUMBER
from auger_hub.search.columns import (
    CleanColumns,
    date_parts,
    elapsed_names,
    names_of,
    output_columns,
    to_number,
    to_text,
)


def clean(kinds: dict[str, str], **columns: list[object]) -> pd.DataFrame:
    return CleanColumns(kinds).fit_transform(pd.DataFrame(columns))


def test_numbers_may_be_text() -> None:
    assert clean({"a": NUMBER}, a=["1.5", "2"])["a"].tolist() == [1.5, 2.0]


def test_what_is_no_finite_number_is_missing() -> None:
    values = ["x", None, "inf", "", 10**400, -(10**400)]
    assert to_number(pd.Series(values, dtype=object)).isna().all()


def test_truth_values_are_one_and_zero_however_written() -> None:
    column = pd.Series([True, "false", "TRUE", False], dtype=object)
    assert to_number(column).tolist() == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("values", [[1, 2], [1.0, 2.0], ["1", "2"]])
def test_a_category_is_the_same_as_number_or_text(values: list[object]) -> None:
    assert to_text(pd.Series(values)).tolist() == ["1", "2"]


def test_truth_values_as_categories_are_the_same_as_their_text() -> None:
    assert to_text(pd.Series([True, "true", "True"], dtype=object)).tolist() == ["true"] * 3


def test_a_missing_category_is_one_of_its_own() -> None:
    assert to_text(pd.Series(["a", None, np.nan])).tolist() == ["a", MISSING_TEXT, MISSING_TEXT]


def test_a_date_becomes_calendar_numbers() -> None:
    row = clean({"d": DATE}, d=["2024-02-29 13:00"]).iloc[0]
    parts = ("year", "month", "day", "weekday", "hour")
    assert [row[f"d.{part}"] for part in parts] == [2024, 2, 29, 3, 13]
    assert row["d.days"] == pytest.approx(19782 + 13 / 24)


@pytest.mark.parametrize(("text", "year"), [("0001-01-01", 1), ("9999-12-31", 9999)])
def test_a_date_that_stands_for_never_or_always_is_a_date(text: str, year: int) -> None:
    parts = date_parts(pd.Series(np.array([text, "2024-01-01", "NaT"], dtype="datetime64[us]")))
    assert parts["year"].tolist()[:2] == [year, 2024]
    assert parts["days"].tolist()[:2] == [float(np.datetime64(text, "D").astype(int)), 19723.0]


def test_what_is_no_date_is_missing() -> None:
    assert clean({"d": DATE}, d=["soon", None]).isna().all().all()


def test_zones_are_brought_to_one() -> None:
    days = clean({"d": DATE}, d=["2024-01-01T01:00+01:00", "2024-01-01T00:00Z"])["d.days"]
    assert days[0] == days[1]


def test_a_column_that_a_record_lacks_is_missing() -> None:
    assert clean({"a": NUMBER, "b": CATEGORY}, a=[1])["b"].tolist() == [MISSING_TEXT]


def test_columns_without_a_kind_are_left_out() -> None:
    assert clean({"b": NUMBER}, a=[1], b=[2]).columns.tolist() == ["b"]


def test_the_names_that_come_out_are_known_before() -> None:
    kinds = {"d": DATE, "a": NUMBER, "c": CATEGORY}
    found = clean(kinds, d=["2024-01-01"], a=[1], c=["x"])
    assert found.columns.tolist() == list(output_columns(kinds))


def test_a_date_never_takes_the_name_of_a_column() -> None:
    kinds = {"d": DATE, "d.month": NUMBER}
    found = clean(kinds, d=["2024-03-01"], **{"d.month": [75]})
    assert found.columns.tolist() == list(output_columns(kinds))
    assert found.columns.is_unique
    assert found["d.month"].tolist() == [75]
    assert found["d..month"].tolist() == [3]


@pytest.mark.parametrize("given", [["a", "c"], [0, 2], np.array([0, 2])])
def test_a_step_knows_its_columns_by_place_or_as_stored_models_do_by_name(given: Any) -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x y", "z"], "c": [3.0, 4.0]})
    columns = ColumnTransformer([("number", "passthrough", given)]).fit(table)

    assert names_of(columns, columns.transformers_[0][2]) == ["a", "c"]


def test_a_step_that_takes_a_text_is_given_one_column() -> None:
    table = pd.DataFrame({"a": [1.0], "b": ["x y"]})

    assert names_of(ColumnTransformer([("number", "passthrough", [0])]).fit(table), "b") == "b"


def test_the_last_hour_of_a_year_is_beside_the_first_of_the_next() -> None:
    made = clean({"d": DATE}, d=["2023-12-31 23:30", "2024-01-01 00:30", "2023-07-02 12:00", None])
    angles = made[[f"d.{cycle}_{wave}" for cycle in ("year", "day") for wave in ("sin", "cos")]]
    near = np.linalg.norm(angles.iloc[0] - angles.iloc[1])
    far = np.linalg.norm(angles.iloc[0] - angles.iloc[2])
    assert near < 0.3
    assert far > 2
    assert angles.iloc[3].isna().all()


def test_days_between_dates_of_a_row_are_counted_and_take_no_name_that_is_there() -> None:
    kinds = {"ordered": DATE, "sent": DATE, "sent.since.ordered": NUMBER}
    row = clean(
        kinds, ordered=["2024-02-28"], sent=["2024-03-01 12:00"], **{"sent.since.ordered": [7]}
    ).iloc[0]
    assert row["sent.since.ordered."] == 2.5
    assert row["sent.since.ordered"] == 7


def test_of_many_dates_only_the_first_are_compared() -> None:
    many = dict.fromkeys("abcdefg", DATE)
    assert len(elapsed_names(many)) == 6
