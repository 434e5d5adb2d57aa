"""Generated tables in every dialect and format: what a model learned is what it is asked with.

`AUGER_TABLES` is how many tables are tried, from number `AUGER_TABLES_FROM` on: one of each format,
and many when it is soaked.
"""

import calendar
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auger_hub.data.files.encoding import find_encoding
from auger_hub.data.profile import profile_file
from auger_hub.data.read import read_table
from auger_hub.data.schema import TableSchema
from auger_hub.data.text.dialect import find_dialect, read_rows
from auger_hub.models.exports.archive import export_model
from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor
from auger_hub.models.predict_file import FilePredictor
from auger_reconcile.client.files.tables import open_table

from .conftest import describe

pytestmark = pytest.mark.search

TABLES = int(os.environ.get("AUGER_TABLES", "14"))
FIRST = int(os.environ.get("AUGER_TABLES_FROM", "0"))
RIDGE = {"uid": "A", "algorithm_name": "sklearn.linear_model.Ridge", "algorithm_params": {}}
DIALECTS = {
    "plain": {"sep": ","},
    "german": {"sep": ";", "decimal": ","},
    "tabs": {"sep": "\t"},
    "pipes": {"sep": "|"},
    "windows": {"sep": ",", "lineterminator": "\r\n", "encoding": "utf-8-sig"},
    "western": {"sep": ";", "encoding": "cp1252", "errors": "replace"},
    "wide": {"sep": "\t", "encoding": "utf-16"},
}
QUICK = ("german", "western", "lines", "parquet")
FORMATS = [*DIALECTS, "records", "lines", "columns", "parquet", "feather", "xlsx", "arff"]
SEEDS = [
    seed if FORMATS[seed % len(FORMATS)] in QUICK else pytest.param(seed, marks=pytest.mark.slow)
    for seed in range(FIRST, FIRST + TABLES)
]
DATES = [
    "%Y-%m-%d", "%d/%m/%Y", "%d %b %Y", "%Y-%m-%dT%H:%M:%S+02:00", "%B %d, %Y", "%d.%m.%y",
    "%m/%d/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S.%f", "%d. %B %Y", "%d de %B de %Y %H:%M",
    "%Y年%m月%d日",
]  # fmt: skip
IN_WORDS = {  # of another language, as the text around them
    "%d. %B %Y": "Januar Februar März April Mai Juni Juli August September Oktober November"
    " Dezember",
    "%d de %B de %Y %H:%M": "enero febrero marzo abril mayo junio julio agosto septiembre octubre"
    " noviembre diciembre",
}
AMOUNTS = ["${:,.2f}", "{:,.1f} €", "{:.1f}%", "CHF {:.2f}", "({:.0f})", "−{:.1f}", "{:.1f}-"]
ZONES = ["+02:00", "Z", "-0530"]
GERMAN = str.maketrans(",.", ".,")
WESTERN = {ord("年"): "-", ord("月"): "-", ord("日"): None}  # which Windows-1252 has not
MARKS = ["-", "n.a.", "unknown", ".", "#DIV/0!"]
ROWS = 60


def table_of(seed: int) -> pd.DataFrame:
    """Make a table of numbers, names, codes, dates and truth values with gaps, and a target."""
    random = np.random.default_rng(seed)
    form, kind = DATES[seed % len(DATES)], FORMATS[seed % len(FORMATS)]
    days = pd.Timestamp("2019-01-01") + pd.to_timedelta(random.integers(0, 700, ROWS), unit="D")
    columns: dict[str, Any] = {
        "x": random.normal(size=ROWS).round(3),
        "large": (random.normal(size=ROWS) * 100).round() * 1e4,  # workbooks keep 16 digits
        "whole": random.integers(-50, 50, ROWS),
        "name": random.choice(["ann", "Bob; the 2nd", "café", "o'neil"], ROWS),
        "code": random.choice(["007", "012", "7", "1.10"], ROWS),
        "day": written(days, form.translate(WESTERN) if kind == "western" else form),
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
        "day.month": random.choice(["ja", "nein"], ROWS),
        "X": random.choice(["1e3", "2.5E-4", "-7", "+3"], ROWS),
        "lines": random.choice(["one\ntwo", "#3", "'q'", "a;b,c|d\te"], ROWS),
        "share": [f"{n:.1f} %" for n in random.uniform(0, 99, ROWS)],
        "tausend": [f"{n:,.2f}".translate(GERMAN) for n in random.uniform(1, 1e6, ROWS)],
        "leer": [None] * ROWS,
        "same": ["k"] * ROWS,
        "zoned": [f"{day:%Y-%m-%d} 10:30:00{ZONES[n % len(ZONES)]}" for n, day in enumerate(days)],
        "sci id": [f"{n:.6e}" for n in random.integers(2**40, 2**42, ROWS)],
        "-999": random.choice([-999.0, 1.5, 2.25, 3.125], ROWS),
    }
    columns["marked"][:3] = [MARKS[seed % len(MARKS)]] * 3
    frame = pd.DataFrame(columns)
    target = frame["x"] * 3 + (frame["code"] == "007") * 5 + days.month + random.normal(size=ROWS)
    for name in ("x", "name", "day"):
        frame[name] = frame[name].mask(random.random(ROWS) < 0.1)
    kept = random.permutation(list(columns))[: random.integers(3, len(columns) + 1)]
    return frame[list(kept)].assign(y=target.round(3))


def written(days: pd.DatetimeIndex, form: str) -> list[str]:
    names = IN_WORDS.get(form, " ".join(calendar.month_name[1:])).split()
    return [day.strftime(form.replace("%B", names[day.month - 1])) for day in days]


def write(frame: pd.DataFrame, folder: Path, kind: str) -> Path:
    if kind == "western":  # which has no such minus
        frame = frame.replace("−", "-", regex=True)
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


BARE = """
import json, runpy, sys

class Alone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("auger", "auger_hub", "auger_reconcile"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Alone())
for line in sys.stdin:
    folder, data = json.loads(line)
    for name in [name for name in sys.modules if name.partition(".")[0] == "auger_model"]:
        del sys.modules[name]
    sys.path[0], sys.argv = folder, ["client.py", "--path_to_predict", data]
    try:
        runpy.run_path(f"{folder}/client.py", run_name="__main__")
    except SystemExit as end:
        print("ended", end.code, flush=True)
"""
AskExport = Callable[[Path, Path], bytes]


@pytest.fixture(scope="module")
def ask_export() -> Iterator[AskExport]:
    """A process that can import nothing of this package, in which exports predict files."""
    process = subprocess.Popen(
        [sys.executable, "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout

    def ask(model: Path, data: Path) -> bytes:
        folder = model.with_name("export")
        export_model(model, folder.with_suffix(".zip"))
        with zipfile.ZipFile(folder.with_suffix(".zip")) as archive:
            archive.extractall(folder)
        process.stdin.write(f"{json.dumps([str(folder), str(data)])}\n")
        process.stdin.flush()
        *said, end = _answer(process.stdout)
        assert end == "ended 0", said
        return data.with_name(f"{data.stem}_predicted.csv").read_bytes()

    with process:  # which closes its pipes, and waits
        yield ask


def _answer(lines: Any) -> list[str]:
    """Return the lines of one answer."""
    said = [lines.readline().strip()]
    while said[-1] and not said[-1].startswith("ended"):
        said.append(lines.readline().strip())
    return said


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_learned_is_what_is_asked_with(
    tmp_path: Path, seed: int, ask_export: AskExport
) -> None:
    pytest.importorskip("openpyxl")
    frame, kind = table_of(seed), FORMATS[seed % len(FORMATS)]
    path, plain = write(frame, tmp_path, kind), write(frame, tmp_path, "plain")
    assert types_of(path) == types_of(plain)
    info = describe(path, "y", "regression")
    package_model(tmp_path / "model", data_path=path, task_info=info, trial=RIDGE)
    predictor = Predictor.load(tmp_path / "model")
    table = read_table(path, TableSchema.from_dict(info["schema"]))
    learned = predictor.model.predict(table[list(predictor.needed)])

    source = path if path.suffix in (".csv", ".jsonl", ".parquet") else plain
    with open_table(source) as rows:  # as the client sends them
        places = range(len(rows.columns))
        records = [row for batch in rows.batches(None) for row in rows.records(batch, places)]
        columns = rows.columns
    asked = predictor.predict(columns, records, None, bare=True)[1]
    np.testing.assert_array_equal([row[0] for row in asked], learned)
    alone = predictor.predict(columns, records[:1], None, bare=True)[1]
    assert alone[0][0] == pytest.approx(learned[0], rel=1e-12)
    assert predictor.notices == []

    source = plain if source.suffix == ".jsonl" else source
    FilePredictor(predictor).predict(source, tmp_path / "p.csv")
    predicted = (tmp_path / "p.csv").read_bytes()
    assert ask_export(tmp_path / "model", source) == predicted
    if source.suffix == ".csv":
        assert_kept(source, predicted, learned)


def assert_kept(source: Path, predicted: bytes, learned: Any) -> None:
    """Compare a predicted file with its input: the same text, a cell more in each row."""
    encoding = find_encoding(source)
    given = source.read_bytes().decode(encoding)
    found = predicted.decode("utf-8-sig" if encoding != "utf-8" else encoding)
    dialect = find_dialect(given.removeprefix("\ufeff"))
    before = list(read_rows(io.StringIO(given.removeprefix("\ufeff"), newline=""), dialect))
    after = list(
        read_rows(
            io.StringIO(found.removeprefix("\ufeff"), newline=""),
            replace(dialect, header=(*dialect.header, "y_predicted")),
        )
    )
    assert len(before) == len(after)
    assert all(b.text.startswith(a.text.rstrip("\r\n")) for a, b in zip(before, after, strict=True))
    numbers = [float(row.cells[-1]) for row in after[1:]]
    np.testing.assert_array_equal(numbers, learned)
