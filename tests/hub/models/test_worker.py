"""A worker answers one JSON line with one JSON line, whatever it is asked."""

import gzip
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from auger_hub.data.files import bounds
from auger_hub.models.predict import Predictor
from auger_hub.models.worker import FAILED, answer, serve

from .conftest import HOLDOUT

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SETOSA = [5.1, 3.5, 1.4, 0.2]


@pytest.fixture(scope="module")
def predictor(iris_model: Path) -> Predictor:
    return Predictor.load(iris_model)


@pytest.fixture(scope="module")
def worker(iris_model: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "auger_hub.models.worker", str(iris_model)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def ask(worker: "subprocess.Popen[str]", line: str) -> dict[str, Any]:
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(line + "\n")
    worker.stdin.flush()
    answered: dict[str, Any] = json.loads(worker.stdout.readline())
    return answered


def test_process_answers_records_and_survives_nonsense(worker: "subprocess.Popen[str]") -> None:
    request = {"id": 7, "columns": COLUMNS, "records": [SETOSA], "threshold": None}
    expected = {"id": 7, "columns": [*COLUMNS, "species"], "data": [[*SETOSA, "setosa"]]}
    expected["notices"] = []
    assert ask(worker, json.dumps(request)) == expected
    assert "error" in ask(worker, "{nonsense")
    assert ask(worker, json.dumps({**request, "id": "8"})) == {**expected, "id": "8"}


def test_bad_input_is_answered_with_its_sentence(predictor: Predictor) -> None:
    line = json.dumps({"id": 1, "columns": ["a"], "records": [[1]], "threshold": None})
    answered = answer(predictor, line)
    assert answered["id"] == 1
    assert answered["error"].startswith("The model needs columns that the data does not have")


def ask_for_file(predictor: Predictor, source: Path) -> Path:
    target = source.parent / "predicted.csv"
    request = {"id": 1, "file": str(source), "to": str(target), "threshold": None}
    assert answer(predictor, json.dumps(request))["count"] == 30
    return target


def test_file_is_answered_with_its_number_of_rows(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    source.write_bytes(HOLDOUT.read_bytes())
    assert len(pd.read_csv(ask_for_file(predictor, source))) == 30


def test_compressed_file_in_another_encoding_is_predicted(
    predictor: Predictor, tmp_path: Path
) -> None:
    text = HOLDOUT.read_text().replace("setosa", "café")
    source = tmp_path / "data.csv.gz"
    source.write_bytes(gzip.compress(text.encode("latin-1")))
    predicted = pd.read_csv(ask_for_file(predictor, source))
    assert set(predicted["species"]) == {"café", "versicolor", "virginica"}
    assert set(predicted["species_predicted"]) == {"setosa", "versicolor", "virginica"}


def test_file_of_another_format_is_predicted(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "data.json"
    pd.read_csv(HOLDOUT).to_json(source, orient="records")
    assert len(pd.read_csv(ask_for_file(predictor, source))) == 30


def test_unreadable_file_is_answered_with_its_sentence(
    predictor: Predictor, tmp_path: Path
) -> None:
    (tmp_path / "data.parquet").write_text("no parquet")
    request = {"id": 1, "file": str(tmp_path / "data.parquet"), "to": str(tmp_path / "p.csv")}
    answered = answer(predictor, json.dumps(request))
    assert "although its name says so" in answered["error"]


def test_requests_are_answered_line_by_line(predictor: Predictor) -> None:
    request = json.dumps({"id": 1, "columns": COLUMNS, "records": [SETOSA]})
    answers = io.StringIO()
    assert serve(predictor, io.StringIO(f"{request}\n\n{request}\n"), answers) == 0
    assert [json.loads(line)["id"] for line in answers.getvalue().splitlines()] == [1, 1]


def test_unforeseen_failure_is_answered_too(
    predictor: Predictor, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = answer(predictor, json.dumps({"id": 5, "columns": COLUMNS}))
    assert answered == {"id": 5, "error": FAILED}
    assert "Traceback" in capsys.readouterr().err


def test_an_endless_number_is_predicted_as_a_missing_one(predictor: Predictor) -> None:
    request = {"id": 5, "columns": COLUMNS, "records": [[10**400, *SETOSA[1:]]], "bare": True}
    answered = answer(predictor, json.dumps(request))
    assert answered["data"] == [["setosa"]]
    assert [notice["code"] for notice in answered["notices"]] == ["unreadable-values"]


def test_parquet_file_is_predicted(predictor: Predictor, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    source = tmp_path / "data.parquet"
    duckdb.execute(f"COPY (FROM read_csv('{HOLDOUT}')) TO '{source}' (FORMAT parquet)")
    assert len(pd.read_csv(ask_for_file(predictor, source))) == 30


def test_a_single_record_is_answered_in_milliseconds(predictor: Predictor) -> None:
    """Milliseconds of the processor: other processes of the machine do not count."""
    request = json.dumps({"id": 1, "columns": COLUMNS, "records": [SETOSA]})
    times = []
    for _ in range(30):
        began = time.process_time()
        assert answer(predictor, request)["data"][0][-1] == "setosa"
        times.append(time.process_time() - began)
    assert min(times) < 0.02


@pytest.mark.slow
def test_a_file_of_any_length_is_predicted_in_the_memory_of_a_batch(
    iris_model: Path, tmp_path: Path
) -> None:
    pytest.importorskip("resource")
    header, *rows = HOLDOUT.read_text().splitlines()
    program = """if True:
        import resource, sys
        from pathlib import Path
        from auger_hub.models import predict
        from auger_hub.models.predict_file import FilePredictor
        predict.BATCH_ROWS = 1000
        predictor = predict.Predictor.load(Path(sys.argv[1]))
        for name in sys.argv[2:]:
            FilePredictor(predictor).predict(Path(name), Path(name + ".out"))
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    """
    names = []
    for count in (1_000, 20_000):
        names.append(str(tmp_path / f"{count}.csv"))
        wide = (row + "," + "x" * 8000 for row in rows * (count // len(rows)))
        Path(names[-1]).write_text("\n".join([f"{header},note", *wide]) + "\n")
    command = [sys.executable, "-c", program, str(iris_model), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    short, long = map(int, done.stdout.split())
    assert long - short < 80_000, "kilobytes; the whole file has twice as many"


def test_a_small_file_of_endless_rows_is_not_predicted_onto_the_whole_disk(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.setattr(bounds, "RATIO_MATTERS_FROM", 1 << 20)
    source, target = tmp_path / "data.parquet", tmp_path / "p.csv"
    one_row = f"(FROM read_csv('{HOLDOUT}') LIMIT 1)"
    duckdb.execute(
        f"COPY (SELECT t.* FROM {one_row} t, range(300000)) TO '{source}' (FORMAT parquet)"
    )
    assert source.stat().st_size < 20_000
    request = {"id": 1, "file": str(source), "to": str(target)}
    assert "unpacks to far more" in answer(predictor, json.dumps(request))["error"]
    assert list(tmp_path.iterdir()) == [source]
