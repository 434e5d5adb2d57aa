"""Predictions of a model in the cloud and on this machine, and what really happened."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from auger.api import AugerError, Context, Experiment, Model, NotFound, Project
from auger_reconcile.api.exports.serve import dockerfile, serve_export
from tests.api.live_hub import LiveHub

from .conftest import OpenContext, Trained

BOTH = pytest.mark.parametrize("locally", [False, True], ids=["cloud", "locally"])
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
PROBABILITIES = ["proba_setosa", "proba_versicolor", "proba_virginica"]
ROW = ["5.1", "3.5", "1.4", "0.2"]


@pytest.fixture
def model(trained: Trained, hub: LiveHub, work: Path) -> Iterator[Model]:
    """The models of the trained project."""
    with Context(trained.folder, environ=hub.environ, home=work) as context:
        yield Model(context)


def write(path: Path, *rows: list[str], columns: list[str] = FEATURES) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@BOTH
def test_predictions_lie_beside_the_input(
    model: Model, trained: Trained, work: Path, locally: bool
) -> None:
    source = write(work / "new.csv", ROW, ROW)
    path = model.predict(source, trained.model_id, locally=locally)
    assert path == work / "new_predicted.csv"
    header, first, second = read(path)
    assert header == [*FEATURES, "species"]
    assert first == second == [*ROW, "setosa"]
    assert sorted(file.name for file in work.iterdir()) == ["new.csv", "new_predicted.csv"]


@BOTH
def test_a_threshold_of_a_model_of_three_classes_is_refused(
    model: Model, trained: Trained, work: Path, locally: bool
) -> None:
    source = write(work / "new.csv", ROW)
    with pytest.raises(AugerError, match="two classes, and the model tells 3 apart"):
        model.predict(source, trained.model_id, 0.5, locally)
    assert [file.name for file in work.iterdir()] == ["new.csv"]


@pytest.mark.slow
def test_an_empty_file_is_named_by_the_downloaded_model_too(
    model: Model, trained: Trained, work: Path
) -> None:
    (source := work / "none of mine.csv").touch()
    with pytest.raises(AugerError, match=r"`none of mine\.csv` is empty"):
        model.predict(source, trained.model_id, locally=True)


def test_the_probabilities_are_added(model: Model, trained: Trained, work: Path) -> None:
    path = model.predict(write(work / "new.csv", ROW), trained.model_id, proba=True)
    header, row = read(path)
    assert header[5:] == ["proba_setosa", "proba_versicolor", "proba_virginica"]
    assert sum(map(float, row[5:])) == pytest.approx(1)


@pytest.mark.slow
def test_cloud_and_export_predict_the_same(model: Model, trained: Trained, work: Path) -> None:
    source = shutil.copy(trained.folder / "flowers.csv", work / "all.csv")
    in_cloud = read(model.predict(source, trained.model_id, proba=True))
    here = read(model.predict(source, trained.model_id, locally=True, proba=True))
    assert here[0][4:6] == ["species", "species_predicted"]
    assert [row[:6] for row in here] == [row[:6] for row in in_cloud]
    probabilities = [[float(value) for value in row[6:]] for row in here[1:]]
    told = [[float(value) for value in row[6:]] for row in in_cloud[1:]]
    assert probabilities == [pytest.approx(row) for row in told]


@pytest.mark.parametrize(
    "locally", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["cloud", "locally"]
)
def test_odd_values_are_carried_along(
    model: Model, trained: Trained, work: Path, locally: bool
) -> None:
    columns = [*FEATURES, "noté", "species"]
    rows = [[*ROW, 'two\nlines, "quoted"', "?"], ["", "?", "NA", "0.2", "ünï 花", "x"]]
    path = model.predict(
        write(work / "odd.csv", *rows, columns=columns), trained.model_id, locally=locally
    )
    header, first, second = read(path)
    assert header == [*FEATURES, "noté", "species", "species_predicted"]
    assert first[4:] == ['two\nlines, "quoted"', "?", "setosa"]
    assert second[:6] == rows[1]
    assert second[6] in ("setosa", "versicolor", "virginica")


@BOTH
@pytest.mark.slow
def test_a_compressed_file_is_predicted(
    model: Model, trained: Trained, work: Path, locally: bool
) -> None:
    source = write(work / "new.csv", ROW)
    (work / "new.csv.gz").write_bytes(gzip.compress(source.read_bytes()))
    path = model.predict(work / "new.csv.gz", trained.model_id, locally=locally)
    assert path == work / "new_predicted.csv"
    assert read(path)[1] == [*ROW, "setosa"]


def test_other_delimiters_are_understood(model: Model, trained: Trained, work: Path) -> None:
    (work / "new.csv").write_text(";".join(FEATURES) + "\n" + ";".join(ROW) + "\n")
    path = model.predict(work / "new.csv", trained.model_id)
    assert path.read_text().splitlines()[1] == ";".join([*ROW, "setosa"])


def test_a_file_without_rows_has_no_predictions(model: Model, trained: Trained, work: Path) -> None:
    path = model.predict(write(work / "none.csv"), trained.model_id)
    assert read(path) == [[*FEATURES, "species"]]


@pytest.mark.parametrize(
    ("locally", "content", "problem"),
    [
        (False, None, r"`.*bad.csv` cannot be read: No such file or directory"),
        (False, b"", r"`.*bad.csv` is empty"),
        (False, b"sepal_length,other\n1,2\n", "needs columns .* `petal_length`"),
        (False, b"a,b\x00\x01\n1,2\n", "is no CSV file"),
        (False, b"a,b\n1,2\n3\n", "has a row with 1 values where 2 are expected"),
        (True, None, r"`.*bad.csv` cannot be predicted: No such file or directory"),
        pytest.param(
            *(True, b"sepal_length,other\n1,2\n", "needs columns .* `petal_length`"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_file_that_cannot_be_predicted_is_refused_and_nothing_written(
    model: Model,
    trained: Trained,
    work: Path,
    *,
    locally: bool,
    content: bytes | None,
    problem: str,
) -> None:
    if content is not None:
        (work / "bad.csv").write_bytes(content)
    with pytest.raises(AugerError, match=problem):
        model.predict(work / "bad.csv", trained.model_id, locally=locally)
    assert [file.name for file in work.iterdir() if file.name != "bad.csv"] == []


def test_many_rows_go_in_batches_with_progress(model: Model, trained: Trained, work: Path) -> None:
    told: list[int] = []
    source = write(work / "many.csv", *[ROW] * 4500)
    path = model.predict(source, trained.model_id, on_rows=told.append)
    assert told == [2000, 4000, 4500]
    assert len(read(path)) == 4501


@pytest.mark.slow
def test_an_export_runs_in_its_own_process_where_no_hub_is_and_no_network(
    trained: Trained, work: Path
) -> None:
    write(work / "new.csv", ROW)
    script = (
        "import sys\nfrom auger.api import Context, Model\n"
        "model = Model(Context(sys.argv[1]))\n"
        "print(model.predict('new.csv', sys.argv[2], locally=True))\n"
    )
    environ = {"HOME": str(work), "PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", script, str(trained.folder), trained.model_id]
    done = subprocess.run(
        command, env=environ, cwd=work, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "new_predicted.csv\n", "")
    assert not (work / ".augerai").exists()


def test_a_model_that_was_not_downloaded_is_not_found(model: Model, work: Path) -> None:
    with pytest.raises(NotFound, match="has not been downloaded") as caught:
        model.predict(write(work / "new.csv", ROW), "NOSUCH", locally=True)
    assert caught.value.hint == "auger model deploy NOSUCH --locally"


@pytest.mark.parametrize("model_id", ["NOSUCH", "../projects", "a/b", "ü?x=1#y", "."])
def test_a_model_that_does_not_exist_is_not_found(model: Model, work: Path, model_id: str) -> None:
    with pytest.raises(NotFound):
        model.predict(write(work / "new.csv", ROW), model_id)
    with pytest.raises(NotFound):
        model.actual(work / "new.csv", model_id)
    with pytest.raises(NotFound):
        model.undeploy(model_id)
    with pytest.raises(NotFound):
        model.deploy(model_id)
    with pytest.raises(NotFound):
        Experiment(model.context).leaderboard(model_id)


def test_what_was_mistyped_is_hinted_at_before_anything_is_started(
    model: Model, work: Path
) -> None:
    with pytest.raises(NotFound) as asked:
        model.predict(write(work / "new.csv", ROW), "NOSUCH")
    assert asked.value.hint == "auger model list"
    with pytest.raises(NotFound) as deployed:
        model.plan_deploy("NOSUCH")
    assert str(deployed.value) == "there is no trial `NOSUCH`"
    assert "auger experiment leaderboard" in str(deployed.value.hint)
    with pytest.raises(NotFound) as shown:
        Experiment(model.context).leaderboard("NOSUCH")
    assert "auger experiment history" in str(shown.value.hint)


@pytest.fixture
def declared(trained: Trained, hub: LiveHub, work: Path) -> Iterator[Model]:
    """Models that an auger.yaml declares."""
    text = (trained.folder / "auger.yaml").read_text()
    models = f"""\
models:
  by trial: {{trial: {trained.model_id}}}
  here: {{trial: {trained.model_id}, locally: true}}
  best: {{experiment: flowers.csv-experiment}}
  planned: {{trial: NOSUCH}}
"""
    (work / "auger.yaml").write_text(text + models)
    shutil.copy(trained.folder / "flowers.csv", work)
    shutil.copytree(trained.folder / "models", work / "models")
    with Context(work, environ=hub.environ, home=work) as context:
        yield Model(context)


@pytest.mark.parametrize("name", ["by trial", pytest.param("here", marks=pytest.mark.slow), "best"])
def test_a_declared_model_is_asked_by_its_name(declared: Model, work: Path, name: str) -> None:
    path = declared.predict(write(work / "new.csv", ROW), name)
    assert read(path)[1] == [*ROW, "setosa"]


@pytest.mark.slow
def test_a_declared_model_that_is_downloaded_is_asked_here(
    declared: Model, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_reconcile.client.predict.predict_file", None)
    path = declared.predict(write(work / "new.csv", ROW), "here")
    assert read(path)[1] == [*ROW, "setosa"]


def test_what_happened_is_sent_to_a_declared_model(declared: Model, work: Path) -> None:
    source = write(work / "truth.csv", [*ROW, "setosa"], columns=[*FEATURES, "species"])
    assert declared.actual(source, "best") == 1


def test_a_declared_model_that_is_not_deployed_is_not_found(declared: Model, work: Path) -> None:
    with pytest.raises(NotFound, match="model `planned` is declared, but not there") as caught:
        declared.predict(write(work / "new.csv", ROW), "planned")
    assert caught.value.hint == "auger apply --target model.planned"


def test_deploying_what_is_deployed_does_nothing(model: Model, trained: Trained) -> None:
    assert model.plan_deploy(trained.model_id).is_empty
    assert model.plan_deploy(trained.model_id, locally=True).is_empty


def test_deployed_models_are_listed(model: Model, trained: Trained) -> None:
    listed = list(model.list())
    assert [(item["id"], item["status"]) for item in listed] == [(trained.model_id, "ready")]


@pytest.mark.slow
@BOTH
def test_every_format_and_a_data_frame_are_predicted_alike(
    model: Model, trained: Trained, work: Path, locally: bool
) -> None:
    frame = pd.read_csv(trained.folder / "flowers.csv").iloc[::10]
    frame.to_json(work / "f.jsonl", orient="records", lines=True)
    frame.to_parquet(work / "f.parquet")
    frame.to_csv(work / "f.csv", index=False)
    asked = {"locally": locally, "proba": True}
    found = model.predict(frame, trained.model_id, **asked)
    pd.testing.assert_frame_equal(found[frame.columns], frame)
    assert list(found.columns[5:]) == ["species_predicted", *PROBABILITIES]
    plain = model.predict(frame, trained.model_id, locally=locally)
    assert plain["species_predicted"].tolist() == found["species_predicted"].tolist()
    expected = found.reset_index(drop=True)
    lines = pd.read_json(model.predict(work / "f.jsonl", trained.model_id, **asked), lines=True)
    parquet = pd.read_parquet(model.predict(work / "f.parquet", trained.model_id, **asked))
    text = pd.read_csv(model.predict(work / "f.csv", trained.model_id, **asked))
    for one in (lines, parquet.reset_index(drop=True), text):
        pd.testing.assert_frame_equal(one, expected, check_dtype=False)


def test_a_model_is_scored_on_rows_with_their_target(
    model: Model, trained: Trained, work: Path
) -> None:
    frame = pd.read_csv(trained.folder / "flowers.csv")
    frame.loc[:4, "species"] = None
    found = model.evaluate(frame)
    predicted = model.predict(frame)["species_predicted"]
    known = frame["species"].notna()
    assert found.rows == int(known.sum())
    right = float((predicted == frame["species"])[known].mean())
    assert found.scores["accuracy"] == pytest.approx(right)
    assert [one["rows"] for one in found.per_class] == [sum(row) for row in found.confusion]
    assert [one["code"] for one in found.notices] == ["rows-without-target"]
    frame.to_csv(work / "f.csv", index=False)
    assert model.evaluate(work / "f.csv", trained.model_id) == found


def test_rows_without_the_target_are_not_scored(model: Model, work: Path) -> None:
    source = write(work / "f.csv", [*ROW, "setosa"], columns=[*FEATURES, "Species"])
    with pytest.raises(AugerError, match="has no column `species`") as caught:
        model.evaluate(source)
    assert caught.value.hint == "the nearest name is `Species`"


def test_without_a_name_the_only_model_is_meant(model: Model, declared: Model, work: Path) -> None:
    source = write(work / "new.csv", ROW)
    assert read(model.predict(source))[1] == [*ROW, "setosa"]
    with pytest.raises(AugerError, match="declares 4 models: `by trial`"):
        declared.predict(source)


def test_what_is_no_table_is_told_by_every_method(model: Model, trained: Trained) -> None:
    nothing: Any = None
    for ask in (model.predict, model.evaluate, model.actual):
        with pytest.raises(AugerError, match="a file or a data frame, not from `None`"):
            ask(nothing, trained.model_id)
        with pytest.raises(AugerError, match=r"`\.` is a folder, not a file with rows"):
            ask(".", trained.model_id)


def test_a_format_that_no_export_has_is_refused_with_those_there_are(
    model: Model, trained: Trained
) -> None:
    with pytest.raises(AugerError, match="no model is exported as `foo`") as caught:
        model.export(trained.model_id, "foo")
    assert caught.value.hint == "the formats are `zip`, `joblib`, `mlflow`, `onnx`"


def test_an_export_of_no_trial_is_told_as_one(model: Model) -> None:
    with pytest.raises(NotFound, match="there is no trial `nope`") as caught:
        model.export("nope")
    assert "auger experiment leaderboard" in str(caught.value.hint)


def test_actuals_are_stored(model: Model, trained: Trained, work: Path) -> None:
    source = write(work / "truth.csv", [*ROW, "setosa"], columns=[*FEATURES, "species"])
    assert model.actual(source, trained.model_id) == 1


def test_models_of_a_project_that_does_not_exist_are_not_found(
    open_context: OpenContext, name: str
) -> None:
    context = open_context()
    with pytest.raises(NotFound, match=f"project `{name}` does not exist"):
        list(Model(context, Project(context, name)).list())


def test_the_note_beside_an_export_holds_no_secret(trained: Trained, hub: LiveHub) -> None:
    note = trained.folder / "models" / f"model-{trained.model_id}.json"
    assert json.loads(note.read_text())["trial_id"] == trained.model_id
    assert hub.token not in note.read_text()


def test_a_model_is_exported_as_what_other_tools_load(model: Model, trained: Trained) -> None:
    folder = model.export(trained.model_id, "mlflow")
    assert folder == trained.folder / "models" / f"export-{trained.model_id}-mlflow"
    assert {"MLmodel", "README.md", "code", "model"} <= {one.name for one in folder.iterdir()}
    with pytest.raises(AugerError, match="is there already") as caught:
        model.export(trained.model_id, "mlflow")
    assert str(caught.value.hint).endswith("--format mlflow --out PATH")
    shutil.rmtree(folder)


@pytest.mark.slow
def test_an_export_is_served_without_a_hub(model: Model, trained: Trained, work: Path) -> None:
    archive = model.servable(trained.model_id)
    assert model.servable(str(archive)) == archive
    command = [sys.executable, "-m", "auger_reconcile", "model", "serve", str(archive)]
    environ = {"HOME": str(work), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=work, env=environ, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        url = service.stdout.readline().split()[-1]
        body = {"instances": [[float(value) for value in ROW]]}
        answer = requests.post(f"{url}/invocations", json=body, timeout=60).json()
        service.send_signal(signal.SIGINT)
        service.wait(60)
    assert answer == {"predictions": [{"species": "setosa"}]}


def test_a_dockerfile_of_an_export_names_its_python_and_its_port(
    model: Model, trained: Trained
) -> None:
    archive = model.servable(trained.model_id)
    text = dockerfile(archive, 9000)
    assert f"FROM python:{sys.version_info.major}.{sys.version_info.minor}-slim\n" in text
    assert f'COPY ["{archive.name}", "/tmp/model.zip"]' in text
    assert text.endswith('CMD ["python", "serve.py", "--host", "0.0.0.0", "--port", "9000"]\n')


@pytest.mark.parametrize("path", ["nosuch.zip", "models/nosuch"])
def test_an_export_that_is_not_there_is_looked_for_on_no_hub(model: Model, path: str) -> None:
    with pytest.raises(NotFound, match=f"there is no export `{path}`"):
        model.servable(path)


def test_what_is_no_export_cannot_be_served(work: Path) -> None:
    other = write(work / "rows.csv", ROW)
    with pytest.raises(AugerError, match="is no export of a model"):
        dockerfile(other, 8080)
    with pytest.raises(AugerError, match="not of a folder"):
        dockerfile(work, 8080)
    with pytest.raises(AugerError, match="can be served"):
        serve_export(work, "127.0.0.1", 0)


@pytest.mark.slow
@BOTH
def test_a_prediction_is_explained_by_what_each_column_contributes(
    model: Model, trained: Trained, work: Path, locally: bool
) -> None:
    source = write(work / "new.csv", ROW)
    path = model.predict(source, trained.model_id, locally=locally, proba=True, explain=True)
    header, row = read(path)
    told = dict(zip(header, row, strict=True))
    shares = [float(told[f"contribution_{name}"]) for name in FEATURES]
    wanted = float(told["proba_setosa"])
    assert float(told["expected_value"]) + sum(shares) == pytest.approx(wanted, abs=1e-9)
