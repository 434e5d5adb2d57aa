"""Generated tables in every dialect and format: what a model learned is what it is asked with.

`AUGER_TABLES` is how many tables are tried: one of each format, and many when it is soaked.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.profile import profile_file
from auger_hub.data.read import read_table
from auger_hub.data.schema import TableSchema
from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor

from .conftest import describe

pytestmark = pytest.mark.search

TABLES = int(os.environ.get("AUGER_TABLES", "12"))
RIDGE = {"uid": "A", "algorithm_name": "sklearn.linear_model.Ridge", "algorithm_params": {}}
DIALECTS = {
    "plain": {"sep": ","},
    "german": {"sep": ";", "decimal": ","},
    "tabs": {"sep": "\t"},
    "pipes": {"sep": "|"},
    "windows": {"sep": ",", "lineterminator": "\r\n", "encoding": "utf-8-sig"},
}
FORMATS = [*DIALECTS, "records", "lines", "columns", "parquet", "feather", "xlsx", "arff"]
DATES = [
    "%Y-%m-%d", "%d/%m/%Y", "%d %b %Y", "%Y-%m-%dT%H:%M:%S+02:00", "%B %d, %Y", "%d.%m.%y",
    "%m/%d/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S.%f",
]  # fmt: skip
AMOUNTS = ["${:,.2f}", "{:,.1f} €", "{:.1f}%", "CHF {:.2f}", "({:.0f})", "−{:.1f}", "{:.1f}-"]
MARKS = ["-", "n.a.", "unknown", ".", "#DIV/0!"]
ROWS = 60


def table_of(seed: int) -> pd.DataFrame:
    """Make a table of numbers, names, codes, dates and truth values with gaps, and a target."""
    random = np.random.default_rng(seed)
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(random.integers(0, 700, ROWS), unit="D")
    columns: dict[str, Any] = {
        "x": random.normal(size=ROWS).round(3),
        "large": random.normal(size=ROWS).round(2) * 1e6,
        "whole": random.integers(-50, 50, ROWS),
        "name": random.choice(["ann", "Bob; the 2nd", "café", "o'neil"], ROWS),
        "code": random.choice(["007", "012", "7", "1.10"], ROWS),
        "day": days.strftime(DATES[seed % len(DATES)]),
        "yes": random.choice(["true", "false"], ROWS),
        "amount due": [
            AMOUNTS[seed % len(AMOUNTS)].format(n) for n in random.uniform(1, 9e3, ROWS)
        ],
        "marked": [f"{n:.3f}" for n in random.normal(size=ROWS)],
        "long id": [str(n) for n in random.integers(2**60, 2**62, ROWS)],
        "naïve": random.choice(
            ["Yes", "yes", " no", "no ", "a, b", 'say "x"', "NA", "12 kg"], ROWS
        ),
        "flag": random.random(ROWS) < 0.5,
        "n.1": random.integers(0, 2, ROWS) * 1.0,
    }
    columns["marked"][:3] = [MARKS[seed % len(MARKS)]] * 3
    frame = pd.DataFrame(columns)
    target = frame["x"] * 3 + (frame["code"] == "007") * 5 + days.month + random.normal(size=ROWS)
    for name in ("x", "name", "day"):
        frame[name] = frame[name].mask(random.random(ROWS) < 0.1)
    kept = random.permutation(list(columns))[: random.integers(3, len(columns) + 1)]
    return frame[list(kept)].assign(y=target.round(3))


def write(frame: pd.DataFrame, folder: Path, kind: str) -> Path:
    if kind in DIALECTS:
        frame.to_csv(folder / f"{kind}.csv", index=False, **DIALECTS[kind])
        return folder / f"{kind}.csv"
    match kind:
        case "records" | "columns":
            frame.to_json(path := folder / f"{kind}.json", orient=kind)
        case "lines":
            frame.to_json(path := folder / "lines.jsonl", orient="records", lines=True)
        case "parquet":
            frame.to_parquet(path := folder / "t.parquet")
        case "arff":
            (path := folder / "t.arff").write_text(arff_of(frame), encoding="utf-8")
        case "feather":
            frame.to_feather(path := folder / "t.feather")
        case _:
            frame.to_excel(path := folder / "t.xlsx", index=False)
    return path


def arff_of(frame: pd.DataFrame) -> str:
    """Return a table in the format of Weka: numbers, and texts in quotes."""

    def quoted(value: Any) -> str:
        text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
        return f"'{text}'"

    kinds = ["NUMERIC" if dtype.kind in "if" else "STRING" for dtype in frame.dtypes]
    head = [f"@ATTRIBUTE {quoted(n)} {k}" for n, k in zip(frame.columns, kinds, strict=True)]
    rows = [
        ",".join(
            "?" if pd.isna(value) else str(value) if kind == "NUMERIC" else quoted(value)
            for value, kind in zip(row, kinds, strict=True)
        )
        for row in frame.itertuples(index=False)
    ]
    return "\n".join(["@RELATION t", *head, "@DATA", *rows, ""])


def types_of(path: Path) -> dict[str, tuple[str, str | None]]:
    schema = TableSchema.from_dict(profile_file(path)["schema"])
    return {column.name: (column.type, column.format) for column in schema.columns}


@pytest.mark.parametrize("seed", range(TABLES))
def test_what_was_learned_is_what_is_asked_with(tmp_path: Path, seed: int) -> None:
    pytest.importorskip("openpyxl")
    frame, kind = table_of(seed), FORMATS[seed % len(FORMATS)]
    path, plain = write(frame, tmp_path, kind), write(frame, tmp_path, "plain")
    assert types_of(path) == types_of(plain)
    info = describe(path, "y", "regression")
    package_model(tmp_path / "model", data_path=path, task_info=info, trial=RIDGE)
    predictor = Predictor.load(tmp_path / "model")
    table = read_table(path, TableSchema.from_dict(info["schema"]))
    learned = predictor.model.predict(table[list(predictor.needed)])

    dialect = kind if kind in DIALECTS else "plain"
    source = write(frame, tmp_path, dialect)
    options: dict[str, Any] = {"sep": DIALECTS[dialect]["sep"], "encoding": "utf-8-sig"}
    texts = pd.read_csv(source, dtype=str, keep_default_na=False, **options)
    rows = texts.to_numpy(dtype=object).tolist()
    asked = predictor.predict(list(texts.columns), rows, None, bare=True)[1]
    np.testing.assert_array_equal([row[0] for row in asked], learned)
    alone = predictor.predict(list(texts.columns), rows[:1], None, bare=True)[1]
    assert alone[0][0] == pytest.approx(learned[0], rel=1e-12)

    predictor.predict_file(source, tmp_path / "p.csv", None)
    assert predictor.notices == []
    predicted = (tmp_path / "p.csv").read_bytes().splitlines()
    assert all(map(bytes.startswith, predicted, source.read_bytes().splitlines()))
    added = [float(line.rpartition(options["sep"].encode())[2]) for line in predicted[1:]]
    np.testing.assert_array_equal(added, learned)
