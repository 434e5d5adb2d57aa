"""Statistics have the members of wire contract §2.8, and the numbers of pandas and numpy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data import profile, read
from auger_hub.data.profile import profile_file
from auger_hub.data.read import UnreadableData

ROWS = 5_000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "normal": random.normal(size=ROWS),
            "tiny": random.normal(size=ROWS) * 1e-9,
            "rounded": random.normal(size=ROWS).round(1),
            "whole": random.integers(-1000, 1000, ROWS),
            "big": random.integers(-(2**50), 2**50, ROWS),
            "few": random.integers(1, 6, ROWS),
            "rate": random.choice([0.1, 0.2], ROWS),
            "name": random.choice(["ann", "bob", "café, au lait"], ROWS),
            "word": [f"word {number}" for number in random.integers(0, 200, ROWS)],
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 99, ROWS), "D"),
        }
    )
    gaps = random.random((ROWS, frame.shape[1])) < 0.1
    gaps[:, [3, 4]] = False
    return frame.mask(gaps)


@pytest.fixture(scope="module")
def columns(
    frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    path = tmp_path_factory.mktemp("profile") / "t.csv"
    frame.to_csv(path, index=False)
    statistics = profile_file(path)
    assert (statistics["count"], statistics["columns_count"]) == (ROWS, frame.shape[1])
    return {column["column_name"]: column for column in statistics["stat_data"]}


NUMBERS = ["normal", "tiny", "rounded", "whole", "big", "few", "rate"]


@pytest.mark.parametrize("name", NUMBERS)
def test_moments_equal_those_of_pandas(
    frame: pd.DataFrame, columns: dict[str, dict[str, Any]], name: str
) -> None:
    assert columns[name]["avg"] == pytest.approx(frame[name].mean(), rel=1e-9)
    assert columns[name]["std_dev"] == pytest.approx(frame[name].std(), rel=1e-9)
    assert columns[name]["range"] == [f"{frame[name].min():.2f}", f"{frame[name].max():.2f}"]


@pytest.mark.parametrize("name", NUMBERS)
def test_histogram_equals_that_of_numpy(
    frame: pd.DataFrame, columns: dict[str, dict[str, Any]], name: str
) -> None:
    hist, edges = np.histogram(frame[name].dropna(), bins=10)
    assert columns[name]["histogram"] == {"hist": hist.tolist(), "bin_edges": edges.tolist()}


def test_distinct_and_missing_values_equal_those_of_pandas(
    frame: pd.DataFrame, columns: dict[str, dict[str, Any]]
) -> None:
    assert {n: c["unique_values"] for n, c in columns.items()} == frame.nunique().to_dict()
    missing = {name: c["missing_values"] for name, c in columns.items() if "missing_values" in c}
    assert missing == {name: n for name, n in frame.isna().sum().items() if n}


def test_value_counts_equal_those_of_pandas(
    frame: pd.DataFrame, columns: dict[str, dict[str, Any]]
) -> None:
    counts = frame["name"].value_counts()
    assert columns["name"]["value_counts"] == counts.to_dict()
    assert [item["count"] for item in columns["name"]["value_counts_ex"]] == counts.tolist()


def test_datatypes_follow_the_recorded_thresholds(columns: dict[str, dict[str, Any]]) -> None:
    assert {name: (c["datatype"], c["orig_datatype"]) for name, c in columns.items()} == {
        "normal": ("double", "double"),
        "tiny": ("double", "double"),
        "rounded": ("double", "double"),
        "whole": ("integer", "integer"),
        "big": ("integer", "integer"),
        "few": ("categorical", "double"),
        "rate": ("categorical", "double"),
        "name": ("categorical", "string"),
        "word": ("hashing", "string"),
        "day": ("datetime", "datetime"),
    }


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("whole", {"range", "histogram", "avg", "std_dev"}),
        (
            "few",
            {"missing_values", "range", "histogram", "avg", "std_dev"}
            | {"value_counts", "value_counts_ex"},
        ),
        ("name", {"missing_values", "value_counts", "value_counts_ex"}),
        ("word", {"missing_values"}),
        ("day", {"missing_values"}),
    ],
)
def test_members_depend_on_the_datatype(
    columns: dict[str, dict[str, Any]], name: str, members: set[str]
) -> None:
    always = {"column_name", "datatype", "orig_datatype", "unique_values", "use", "isTarget"}
    assert set(columns[name]) == always | members


def test_iris_has_the_recorded_statistics(tmp_path: Path) -> None:
    from sklearn.datasets import load_iris

    iris = load_iris(as_frame=True)
    iris.data.assign(species=iris.target_names[iris.target]).to_csv(tmp_path / "i.csv", index=False)
    statistics = profile_file(tmp_path / "i.csv")
    first, *_, species = statistics["stat_data"]
    assert statistics["count"] == 150
    assert first["range"] == ["4.30", "7.90"]
    assert first["histogram"]["hist"] == [9, 23, 14, 27, 16, 26, 18, 6, 5, 6]
    assert first["unique_values"] == 35
    assert round(first["avg"], 6) == 5.843333
    assert round(first["std_dev"], 6) == 0.828066
    assert species["value_counts"] == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert (first["use"], first["isTarget"]) == (True, False)


def test_statistics_are_json(columns: dict[str, dict[str, Any]]) -> None:
    assert json.loads(json.dumps(columns, allow_nan=False)) == columns


def test_integers_stay_integers_in_value_counts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n" + "1\n2\n2\n" * 10)
    (column,) = profile_file(tmp_path / "t.csv")["stat_data"]
    assert column["value_counts"] == {"2": 20, "1": 10}
    assert column["value_counts_ex"] == [{"value": 2, "count": 20}, {"value": 1, "count": 10}]


def test_few_rows_of_different_numbers_are_no_categories(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n3,x\n4,y\n")
    number, text = profile_file(tmp_path / "t.csv")["stat_data"]
    assert (number["datatype"], text["datatype"]) == ("integer", "categorical")


def test_constant_column_has_a_histogram_around_its_value(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "3,x\n" * 4)
    number, _ = profile_file(tmp_path / "t.csv")["stat_data"]
    assert number["histogram"]["bin_edges"] == np.histogram([3] * 4)[1].tolist()
    assert sum(number["histogram"]["hist"]) == 4
    assert number["std_dev"] == 0.0


def test_empty_column_has_only_missing_values(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,\n2,\n")
    _, empty = profile_file(tmp_path / "t.csv")["stat_data"]
    assert (empty["unique_values"], empty["missing_values"]) == (0, 2)


def test_many_distinct_values_are_estimated_within_a_few_percent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "EXACT_DISTINCT_LIMIT", 100)
    path = tmp_path / "t.csv"
    pd.DataFrame({"a": range(50_000)}).to_csv(path, index=False)
    (column,) = profile_file(path)["stat_data"]
    assert column["unique_values"] == pytest.approx(50_000, rel=0.1)
    assert column["unique_values"] <= 50_000


def test_other_formats_have_the_same_statistics(frame: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.feather")
    expected = profile_file(tmp_path / "t.csv")
    feather, parquet = profile_file(tmp_path / "t.feather"), profile_file(tmp_path / "t.parquet")
    assert feather["schema"].pop("format") != parquet["schema"].pop("format")
    assert feather == parquet
    names = ["whole", "name", "word", "day"]
    pick = lambda found: [c for c in found["stat_data"] if c["column_name"] in names]  # noqa: E731
    assert pick(profile_file(tmp_path / "t.parquet")) == pick(expected)


def test_a_table_in_a_file_of_its_own_has_the_same_statistics(
    frame: pd.DataFrame,
    columns: dict[str, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame.to_csv(path := tmp_path / "t.csv", index=False)
    monkeypatch.setattr(read, "STREAMED_TABLE", 0)  # as for a large text
    found = profile_file(path)
    assert {column["column_name"]: column for column in found["stat_data"]} == columns


def test_unreadable_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(UnreadableData, match=r"line 3"):
        profile_file(tmp_path / "t.csv")


@pytest.mark.slow
def test_a_wide_table_of_texts_fits_into_memory(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(300)]
    rows = [[f"{name}{row}" for name in names] for row in range(5)]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "wide.csv", index=False)
    found = profile_file(tmp_path / "wide.csv")
    assert found["columns_count"] == 300
    assert {column["unique_values"] for column in found["stat_data"]} == {5}
