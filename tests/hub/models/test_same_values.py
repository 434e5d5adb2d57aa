"""One value is one value, however a file or a format writes it: learned, asked and scored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.read import read_raw
from auger_hub.models.evaluate import evaluate
from auger_hub.models.predict import DESCRIPTION_FILE, Predictor, schema_of
from auger_hub.models.predict_file import FilePredictor

from .conftest import MakeModel, describe

RIDGE = "sklearn.linear_model.Ridge"
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
    from auger_hub.data.profile import profile_file
    from auger_hub.data.schema import Declared, TableSchema
    from auger_hub.data.text.typed import to_column

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
