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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from auger_hub.data.files.encoding import find_encoding
from auger_hub.data.names import free_name, unique_names
from auger_hub.data.profile import profile_file
from auger_hub.data.read import read_raw, read_table
from auger_hub.data.schema import TableSchema
from auger_hub.data.text.dialect import find_dialect, read_rows
from auger_hub.models.exports.archive import export_model
from auger_hub.models.package import package_model
from auger_hub.models.predict import Predictor
from auger_hub.models.predict_file import FilePredictor
from auger_reconcile.api.exports import local_predict
from auger_reconcile.client.files.tables import Notice, open_table
from auger_reconcile.client.predict import predict_file

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
QUICK = ("western", "lines")  # what differs most; the others are slow
FORMATS = [*DIALECTS, "records", "lines", "columns", "parquet", "feather", "xlsx", "arff"]
PREDICTED = {*DIALECTS, "records", "lines", "parquet", "xlsx"}
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
        "n": random.choice(["a", "b"], ROWS),
        " padded ": random.integers(0, 9, ROWS),
        "y_predicted": random.normal(size=ROWS).round(2),
        "prediction_id": [f"{n:019d}" for n in random.integers(1, 2**62, ROWS)],
    }
    columns["marked"][:3] = [MARKS[seed % len(MARKS)]] * 3
    frame = pd.DataFrame(columns)
    target = frame["x"] * 3 + (frame["code"] == "007") * 5 + days.month + random.normal(size=ROWS)
    for name in ("x", "name", "day"):
        frame[name] = frame[name].mask(random.random(ROWS) < 0.1)
    kept = random.permutation(list(columns))[: random.integers(3, len(columns) + 1)]
    frame = frame[list(kept)].assign(y=target.round(3))
    return frame.set_axis(nasty_names(list(frame.columns), seed, kind), axis="columns")


def nasty_names(names: list[str], seed: int, kind: str) -> list[str]:
    """Leave a name out, and let another stand twice, as far as a format has such names."""
    names[1] = "" if seed % 3 == 0 else names[1]
    names[2] = names[0] if seed % 4 == 1 else names[2]
    has_doubles = kind in DIALECTS or kind == "xlsx"
    return names if has_doubles else unique_names(names)


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


def types_of(schema: TableSchema) -> dict[str, tuple[str, str | None]]:
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
RunExport = Callable[[list[str], Path, Path], str]


@pytest.fixture(scope="module")
def run_export() -> Iterator[RunExport]:
    """Run exports in one process that can import nothing of this package."""
    process = subprocess.Popen(
        [sys.executable, "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    questions, answers = process.stdin, process.stdout
    assert questions
    assert answers

    def run(command: list[str], folder: Path, _room: Path) -> str:
        data = command[2].removeprefix("--path_to_predict=")
        questions.write(f"{json.dumps([str(folder), data])}\n")
        questions.flush()
        *said, end = _answer(answers)
        assert end == "ended 0", said
        return ""

    with process:  # which closes its pipes, and waits
        yield run


def _answer(lines: Any) -> list[str]:
    """Return the lines of one answer."""
    said = [lines.readline().strip()]
    while said[-1] and not said[-1].startswith("ended"):
        said.append(lines.readline().strip())
    return said


@dataclass
class Answering:
    """A model that is asked as a hub is, without HTTP between."""

    predictor: Predictor
    size: int | None = None
    told: list[Notice] = field(default_factory=list)

    @property
    def target(self) -> str:
        return self.predictor.target

    def ask(self, columns: list[str], records: list[list[Any]]) -> tuple[list[str], list[Any]]:
        return self.predictor.predict(columns, records, None, bare=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_learned_is_what_is_asked_with(
    tmp_path: Path, seed: int, run_export: RunExport, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openpyxl")
    frame, kind = table_of(seed), FORMATS[seed % len(FORMATS)]
    path, plain = write(frame, tmp_path, kind), write(frame, tmp_path, "plain")
    info = describe(path, "y", "regression")
    schema = TableSchema.from_dict(info["schema"])
    assert types_of(schema) == types_of(TableSchema.from_dict(profile_file(plain)["schema"]))
    package_model(tmp_path / "model", data_path=path, task_info=info, trial=RIDGE)
    predictor = Predictor.load(tmp_path / "model")
    table = read_table(path, schema)
    learned = predictor.model.predict(table[list(predictor.needed)])

    raw, to = read_raw(path), tmp_path / "tables.csv"  # as the hub predicts files of any format
    FilePredictor(predictor, bare=True).predict_batches([raw], to)
    np.testing.assert_array_equal(pd.read_csv(to).iloc[:, 0], learned)
    assert predictor.notices == []

    source = path if kind in PREDICTED else plain
    asked = predict_file(Answering(predictor), source, to=tmp_path / f"asked{source.suffix}")
    assert_kept(source, asked, learned)
    assert predictor.notices == []
    with open_table(source) as rows:  # as the client sends them
        records = rows.records(next(rows.batches(1)), range(len(rows.columns)))
        alone = predictor.predict(rows.columns, records, None, bare=True)[1]
    assert alone[0][0] == pytest.approx(learned[0], rel=1e-12)

    export_model(tmp_path / "model", tmp_path / "export.zip")
    monkeypatch.setattr(local_predict, "_run", run_export)
    exported = local_predict.open_export(tmp_path / "export.zip")
    if source.suffix == ".csv":
        found = local_predict.predict_locally(exported, source, tmp_path / "here.csv")
        FilePredictor(predictor).predict(source, tmp_path / "file.csv")
        assert (tmp_path / "file.csv").read_bytes() == asked.read_bytes()
    else:
        found = predict_file(exported, source, to=tmp_path / f"here{source.suffix}")
    if source.suffix == ".xlsx":  # which has the time of its making
        assert_kept(source, found, learned)
    else:
        assert found.read_bytes() == asked.read_bytes()


def assert_kept(source: Path, result: Path, learned: Any) -> None:
    """Compare a predicted file with its input: the same rows, a value more in each."""
    match source.suffix:
        case ".csv":
            found = kept_texts(source, result)
        case ".xlsx":
            before, after = (pd.read_excel(p, engine="openpyxl") for p in (source, result))
            pd.testing.assert_frame_equal(after.iloc[:, :-1], before)
            found = after.iloc[:, -1].tolist()
            np.testing.assert_allclose(found, learned, rtol=1e-15)  # a sheet keeps 16 digits
            return
        case ".json":
            before, after = json.loads(source.read_text()), json.loads(result.read_text())
            assert all(
                list(a.items())[:-1] == list(b.items()) for a, b in zip(after, before, strict=True)
            )
            found = [list(row.values())[-1] for row in after]
        case ".parquet":
            before, after = pq.read_table(source), pq.read_table(result)
            assert after.select(range(len(before.column_names))).equals(before)
            found = after.column(len(before.column_names)).to_pylist()
        case _:
            before, after = _lines(source), _lines(result)
            assert all(a.startswith(b[:-1]) for b, a in zip(before, after, strict=True))
            found = [list(json.loads(line).values())[-1] for line in after]
    np.testing.assert_array_equal(found, learned)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def kept_texts(source: Path, result: Path) -> list[float]:
    """Return the last cells of the rows of a text, which begin as those of its input."""
    encoding = find_encoding(source)
    given = source.read_bytes().decode(encoding).removeprefix("\ufeff")
    found = result.read_bytes().decode("utf-8-sig")
    dialect = find_dialect(given)
    name = free_name("y_predicted", dialect.header)
    before = list(read_rows(io.StringIO(given, newline=""), dialect))
    longer = replace(dialect, header=(*dialect.header, name))
    after = list(read_rows(io.StringIO(found, newline=""), longer))
    assert after[0].cells[-1] == name
    assert all(b.text.startswith(a.text.rstrip("\r\n")) for a, b in zip(before, after, strict=True))
    return [float(row.cells[-1]) for row in after[1:]]
