"""One value is one value, however a file or a format writes it: learned, asked and scored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.profile import profile_file
from auger_hub.data.read import read_raw, read_table
from auger_hub.data.schema import (
    BOOLEAN,
    CATEGORY,
    DATE,
    NUMBER,
    TEXT,
    ColumnSchema,
    Declared,
    TableSchema,
)
from auger_hub.data.text.typed import count_unreadable, to_column
from auger_hub.models.evaluate import evaluate
from auger_hub.models.predict import DESCRIPTION_FILE, Predictor, schema_of
from auger_hub.models.predict_file import FilePredictor

from .conftest import MakeModel, describe

RIDGE = "sklearn.linear_model.Ridge"
TREE = "sklearn.ensemble.ExtraTreesRegressor"
ROWS = 60
TRUTHS = (np.arange(ROWS) % 3 == 0).tolist()
NOISE = np.random.default_rng(0).normal(size=ROWS).round(3).tolist()
SPELLINGS = {
    "upper": ("TRUE", "FALSE"),
    "lower": ("true", "false"),
    "title": ("True", "False"),
    "spaced": (" TRUE", "FALSE "),
}
TYPED = ("parquet", "feather", "jsonl", "json", "xlsx")


def write(folder: Path, name: str, columns: Mapping[str, Sequence[Any]]) -> Path:
    """Write a table in the format that its name ends with, texts of a CSV as they stand."""
    frame, path = pd.DataFrame(columns), folder / name
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True)
        case ".json":
            frame.to_json(path, orient="records")
        case ".parquet":
            frame.to_parquet(path)
        case ".feather":
            frame.to_feather(path)
        case ".xlsx":
            pytest.importorskip("openpyxl")
            frame.to_excel(path, index=False)
    return path


def answers(predictor: Predictor, path: Path) -> list[list[Any]]:
    """Ask about the rows of a file in every way, each time without a notice."""
    raw = read_raw(path)
    records = raw.astype(object).where(raw.notna(), None).to_numpy().tolist()
    found = [[row[0] for row in predictor.predict(list(raw), records, None, bare=True)[1]]]
    assert predictor.notices == []
    frames = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".feather": pd.read_feather}
    tables = [raw, *(read(path) for suffix, read in frames.items() if path.suffix == suffix)]
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        tables.append(pd.DataFrame(lines, dtype=object))
    asking = FilePredictor(predictor, bare=True)
    for number, table in enumerate(tables):
        to = path.with_name(f"answer{number}.csv")
        asking.predict_batches([table], to)
        assert predictor.notices == []
        found.append(pd.read_csv(to, dtype=object).iloc[:, 0].tolist())
    if path.suffix in (".csv", ".parquet"):
        asking.predict(path, to := path.with_name("answer.csv"))
        assert predictor.notices == []
        found.append(pd.read_csv(to, dtype=object).iloc[:, 0].tolist())
    return found


def truths(kind: str, values: Sequence[bool] = TRUTHS) -> list[Any]:
    """Return truth values as texts of a spelling, or as values of a format that knows them."""
    if kind not in SPELLINGS:
        return list(values)
    yes, no = SPELLINGS[kind]
    return [yes if value else no for value in values]


def name_of(kind: str) -> str:
    return f"{kind}.csv" if kind in SPELLINGS else f"table.{kind}"


@pytest.mark.search
@pytest.mark.parametrize("learned", [*SPELLINGS, "parquet"])
def test_truth_values_are_the_same_however_they_are_written(
    make_model: MakeModel, tmp_path: Path, learned: str
) -> None:
    target = [x + 20 * flag for x, flag in zip(NOISE, TRUTHS, strict=True)]
    columns = {"x": NOISE, "flag": truths(learned), "y": target}
    path = write(tmp_path, name_of(learned), columns)
    predictor = Predictor.load(make_model(path, "y", "regression", RIDGE))
    expected = np.array(target)
    for kind in (*SPELLINGS, *TYPED):
        asked = write(tmp_path, f"asked-{name_of(kind)}", {"x": NOISE, "flag": truths(kind)})
        for found in answers(predictor, asked):
            np.testing.assert_allclose(np.array(found, dtype=float), expected, atol=1.5)
        scored = evaluate(predictor, read_raw(asked).assign(y=target))
        assert scored.scores["r2"] > 0.99


@pytest.mark.search
@pytest.mark.parametrize("learned", [*SPELLINGS, "parquet"])
def test_classes_that_are_truth_values_are_spelled_as_learned_and_scored_as_any(
    make_model: MakeModel, tmp_path: Path, learned: str
) -> None:
    signal = [x + 20 * flag for x, flag in zip(NOISE, TRUTHS, strict=True)]
    path = write(tmp_path, name_of(learned), {"x": signal, "y": truths(learned)})
    predictor = Predictor.load(make_model(path, "y"))
    labels = [text.strip() for text in SPELLINGS.get(learned, ("True", "False"))]
    assert predictor.classes == sorted(labels)
    shown = [labels[0] if value else labels[1] for value in TRUTHS]
    for kind in (*SPELLINGS, *TYPED):
        asked = write(tmp_path, f"asked-{name_of(kind)}", {"x": signal, "y": truths(kind)})
        assert all(found == shown for found in answers(predictor, asked))
        scored = evaluate(predictor, read_raw(asked))
        assert (scored.rows, scored.scores["accuracy"], scored.notices) == (ROWS, 1.0, [])


@pytest.mark.search
def test_spellings_within_one_file_are_two_values_and_no_four(tmp_path: Path) -> None:
    mixed = [("TRUE", "true", " True")[n % 3] if v else "FALSE" for n, v in enumerate(TRUTHS)]
    path = write(tmp_path, "mixed.csv", {"x": NOISE, "flag": mixed, "y": truths("upper")})
    info = describe(path, "y", "classification")
    (flag,) = [one for one in info["stat_data"] if one["column_name"] == "flag"]
    assert flag["value_counts"] == {"FALSE": 40, "TRUE": 20}
    assert flag["unique_values"] == 2
    assert info["targetClasses"] == ["FALSE", "TRUE"]


@pytest.mark.search
def test_names_that_are_declared_of_truth_values_are_the_same_too(tmp_path: Path) -> None:
    path = write(tmp_path, "table.csv", {"flag": truths("upper"), "x": NOISE})
    for kind in ("category", "text", "boolean"):
        declared = Declared.from_dict({"columns": {"flag": {"type": kind}}})
        schema = TableSchema.from_dict(profile_file(path, declared=declared)["schema"])
        column = schema.column("flag")
        assert column is not None
        read = to_column([True, "false", "TRUE ", None, "maybe"], column, schema)
        assert read.tolist() == ["TRUE", "FALSE", "TRUE", None, "maybe"]


@pytest.mark.search
def test_a_model_of_before_knows_the_one_spelling_that_it_met(
    make_model: MakeModel, tmp_path: Path
) -> None:
    target = [x + 20 * flag for x, flag in zip(NOISE, TRUTHS, strict=True)]
    columns = {"x": NOISE, "flag": truths("upper"), "y": target}
    folder = make_model(write(tmp_path, "upper.csv", columns), "y", "regression", RIDGE)
    description = json.loads((folder / DESCRIPTION_FILE).read_text())
    for column in description["schema"]["columns"]:
        column.pop("spelling", None)
    flag = schema_of(description).column("flag")
    assert flag is not None
    assert flag.spelling == ("TRUE", "FALSE")
    description["categories"]["flag"] = ["FALSE", "TRUE", "true"]  # three that it can tell apart
    several = schema_of(description).column("flag")
    assert several is not None
    assert several.spelling == ()


GAPS = [n % 6 == 1 for n in range(ROWS)]
KINDS = ("whole.csv", "fractions.csv", "german.csv", "t.parquet", "t.feather", "t.jsonl", "t.xlsx")


def with_gaps(name: str, mark: str) -> list[Any]:
    """Return numbers, some of which are -999: as texts, or as numbers of a format."""
    numbers = [float(n % 7) for n in range(ROWS)]
    if not name.endswith(".csv"):
        whole = [-999 if gap else int(n) for n, gap in zip(numbers, GAPS, strict=True)]
        return whole if mark == "-999" else [float(one) for one in whole]
    form = {"whole.csv": "{:.0f}", "fractions.csv": "{:.1f}", "german.csv": "{:.1f}"}[name]
    texts = [form.format(n) for n in numbers]
    texts = [mark if gap else text for text, gap in zip(texts, GAPS, strict=True)]
    return [text.replace(".", ",") for text in texts] if name == "german.csv" else texts


@pytest.mark.search
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("mark", ["-999", "-999.0"])
def test_a_number_that_stands_for_missing_does_so_however_it_is_written(
    tmp_path: Path, name: str, mark: str
) -> None:
    columns = {"x": NOISE, "n": with_gaps(name, mark)}
    path = write(tmp_path, name, columns)
    declared = Declared.from_dict({"missing": ["", "-999"]})
    found = profile_file(path, declared=declared)
    (n,) = [one for one in found["stat_data"] if one["column_name"] == "n"]
    assert n["missing_values"] == sum(GAPS)
    assert [one["code"] for one in found["notices"]] == (
        ["number-format"] if name == "german.csv" else []
    )
    schema = TableSchema.from_dict(found["schema"])
    column = schema.column("n")
    assert column is not None
    expected = [np.nan if gap else float(n % 7) for n, gap in enumerate(GAPS)]
    np.testing.assert_array_equal(read_table(path, schema)["n"], expected)
    raw = read_raw(path)["n"]
    for values in (raw, raw.tolist()):
        np.testing.assert_array_equal(to_column(values, column, schema), expected)
    for values in ([-999], [-999.0], ["-999"], ["-999.0"], [" -9.99e2"], pd.Series([-999.0, 1])):
        typed = to_column(values, column, schema)
        assert np.isnan(typed[0])
        assert count_unreadable(values, typed, column, schema) == 0
    lost = ["-999", "-999.0", "x", "1", None]
    assert count_unreadable(lost, to_column(lost, column, schema), column, schema) == 1


@pytest.mark.search
def test_a_model_is_asked_with_the_gaps_that_it_learned(
    make_model: MakeModel, tmp_path: Path
) -> None:
    numbers = [-999 if gap else n % 7 for n, gap in enumerate(GAPS)]
    target = [50.0 if n == -999 else float(n) for n in numbers]
    path = write(tmp_path, "learned.csv", {"x": NOISE, "n": numbers, "y": target})
    declared = Declared.from_dict({"missing": ["-999"]})
    folder = make_model(path, "y", "regression", TREE, declared=declared)
    predictor = Predictor.load(folder)
    for name in KINDS:
        if name != "german.csv":
            columns = {"x": NOISE, "n": with_gaps(name, "-999.0")}
            asked = write(tmp_path, f"asked-{name}", columns)
            for found in answers(predictor, asked):
                np.testing.assert_allclose(np.array(found, dtype=float), target)
    known = read_raw(path).assign(y=[*target[:-1], "-999.0"])
    assert [one.code for one in evaluate(predictor, known).notices] == ["rows-without-target"]


def test_names_dates_and_classes_have_gaps_for_such_numbers_too() -> None:
    columns = (
        ColumnSchema("name", CATEGORY),
        ColumnSchema("day", DATE, format="%Y%m%d"),
        ColumnSchema("flag", BOOLEAN, spelling=("yes", "no")),
    )
    schema = TableSchema(columns, missing=("0", "-999"))
    for column in columns:
        for values in ([0, -999.0, "0"], pd.Series([0, -999]), pd.Series([0.0, np.nan])):
            assert to_column(values, column, schema).isna().all(), column
    assert to_column([False, True], columns[2], schema).tolist() == ["no", "yes"]


def test_a_schema_of_before_takes_such_numbers_for_numbers() -> None:
    column = ColumnSchema("n", NUMBER)
    stored = TableSchema((column,), missing=("-999",)).to_dict()
    del stored["rules"]
    schema = TableSchema.from_dict(stored)
    assert to_column([-999, -1.0, "-999.0", "-999"], column, schema).tolist()[:3] == [
        -999,
        -1,
        -999,
    ]
    assert TableSchema.from_dict(schema.to_dict()).rules == 1


IDS = [2**60 + n % 5 for n in range(ROWS)]  # five of which a float makes one
LONGER = [2**64 - 1 - n % 5 for n in range(ROWS)]
LONG_FILES = ("ids.csv", "ids.parquet", "ids.feather", "ids.jsonl", "ids.json")


def schema_of_file(path: Path, **said: Mapping[str, Any]) -> tuple[TableSchema, list[str]]:
    found = profile_file(path, declared=Declared.from_dict({"columns": said}))
    codes = [one["code"] for one in found["notices"] if one["column"] == "n"]
    return TableSchema.from_dict(found["schema"]), codes


@pytest.mark.parametrize("name", LONG_FILES)
@pytest.mark.parametrize("numbers", [IDS, LONGER], ids=["signed", "unsigned"])
def test_whole_numbers_that_no_float_holds_are_names_in_every_format(
    tmp_path: Path, name: str, numbers: list[int]
) -> None:
    path = write(tmp_path, name, {"n": numbers, "x": NOISE})
    schema, codes = schema_of_file(path)
    (n, _) = schema.columns
    assert (n.type, n.whole, codes) == (CATEGORY, True, ["text-like-values"])
    texts = list(map(str, numbers))
    assert read_table(path, schema)["n"].tolist() == texts
    assert read_table(path)["n"].tolist() == texts
    for values in (numbers, texts, pd.Series(numbers), read_raw(path)["n"]):
        assert to_column(values, n, schema).tolist() == texts
    number, _ = schema_of_file(path, n={"type": "number"})
    assert number.columns[0].type == NUMBER


def test_gaps_make_no_floats_of_long_whole_numbers(tmp_path: Path) -> None:
    numbers = pd.array([None, *IDS[1:]], dtype="Int64")
    for name in ("ids.csv", "ids.parquet", "ids.feather"):
        path = write(tmp_path, name, {"n": numbers, "x": NOISE})
        schema, _ = schema_of_file(path)
        assert read_table(path, schema)["n"].tolist()[1:] == list(map(str, IDS[1:]))
    lines = [json.dumps({"n": None if n == 0 else one}) for n, one in enumerate(IDS)]
    records = tmp_path / "ids.jsonl"
    records.write_text("\n".join(lines))
    columns = tmp_path / "ids.json"
    columns.write_text(json.dumps({"n": [None, *IDS[1:]]}))
    for path in (records, columns):
        assert read_table(path)["n"].tolist()[1:] == list(map(str, IDS[1:]))


def test_one_long_number_behind_the_first_rows_makes_names_of_all(tmp_path: Path) -> None:
    for last in (2**53 + 1, 2**64 - 1):
        path = write(tmp_path, "late.csv", {"n": [*range(30_000), last], "x": 1.5})
        schema, codes = schema_of_file(path)
        assert schema.columns[0].type == TEXT
        assert "text-like-values" in codes
        assert read_table(path, schema)["n"].tolist()[-2:] == ["29999", str(last)]
    path = write(tmp_path, "exact.csv", {"n": [*range(30), 2**53], "x": 1.5})
    schema, codes = schema_of_file(path)
    assert (schema.columns[0].type, schema.columns[0].whole) == (NUMBER, True)


def test_a_long_number_in_a_declared_column_of_numbers_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "u64.csv", {"n": [1, 2, 2**64 - 1], "x": [1, 2, 3]})
    schema, codes = schema_of_file(path, n={"type": "number"})
    assert codes == []
    assert read_table(path, schema)["n"].tolist() == [1, 2, float(2**64 - 1)]


@pytest.mark.search
@pytest.mark.parametrize("learned", LONG_FILES)
def test_long_numbers_are_told_apart_as_features_and_as_classes(
    make_model: MakeModel, tmp_path: Path, learned: str
) -> None:
    target = [float(10 * (n % 5)) for n in range(ROWS)]
    path = write(tmp_path, f"learned-{learned}", {"n": IDS, "x": NOISE, "y": target})
    predictor = Predictor.load(make_model(path, "y", "regression", TREE))
    classes = [[2**60, 2**60 + 1][int(t > 15)] for t in target]
    path = write(tmp_path, f"classes-{learned}", {"x": target, "y": classes})
    classifier = Predictor.load(make_model(path, "y"))
    for name in LONG_FILES:
        asked = write(tmp_path, name, {"n": IDS, "x": NOISE})
        for found in answers(predictor, asked):
            np.testing.assert_allclose(np.array(found, dtype=float), target, atol=1)
        asked = write(tmp_path, name, {"x": target, "y": classes})
        scored = evaluate(classifier, read_raw(asked))
        assert (scored.rows, scored.scores["accuracy"]) == (ROWS, 1.0)
    assert classifier.classes == [str(2**60), str(2**60 + 1)]


@pytest.mark.search
def test_whole_numbers_that_are_declared_names_are_the_same_however_they_are_written(
    make_model: MakeModel, tmp_path: Path
) -> None:
    codes = [1 + n % 4 for n in range(ROWS)]
    target = [float(10 * (code % 3)) for code in codes]
    declared = Declared.from_dict({"columns": {"n": {"type": "category"}}})
    for learned in ("a.csv", "a.parquet"):
        path = write(tmp_path, learned, {"n": codes, "x": NOISE, "y": target})
        folder = make_model(path, "y", "regression", TREE, declared=declared)
        predictor = Predictor.load(folder)
        for values in (codes, [float(code) for code in codes], [f"{code}.0" for code in codes]):
            for name in ("b.csv", "b.parquet", "b.jsonl"):
                asked = write(tmp_path, name, {"n": values, "x": NOISE})
                for found in answers(predictor, asked):
                    np.testing.assert_allclose(np.array(found, dtype=float), target, atol=1)
        predictor.predict(["n", "x"], [[5, 0.1], [1.5, 0.1], ["1.50", 0.1]], None)
        assert [(one.code, one.count) for one in predictor.notices] == [("unknown-categories", 3)]


def test_decimals_of_parquet_are_asked_as_they_were_learned(
    make_model: MakeModel, tmp_path: Path
) -> None:
    ids = [Decimal(10**18 + 1 + n % 4) for n in range(80)]
    frame = pd.DataFrame({"key": ids, "y": ["no" if n % 4 < 2 else "yes" for n in range(80)]})
    path = tmp_path / "ids.parquet"
    frame.to_parquet(path)
    predictor = Predictor.load(make_model(path, "y"))
    FilePredictor(predictor).predict(path, tmp_path / "answered.csv")
    answered = pd.read_csv(tmp_path / "answered.csv", dtype=str)
    assert answered["key"].tolist() == list(map(str, ids))
    assert answered["y_predicted"].tolist() == frame["y"].tolist()
    assert predictor.notices == []
