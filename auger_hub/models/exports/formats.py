"""Write a stored model as what other tools load: joblib for scikit-learn, MLflow, ONNX.

Each is a zip of a folder with a README and the packages it needs. joblib and MLflow are the
self-contained export in another form: its own code writes and reads them, so none needs this
package, and MLflow need not be installed here.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from auger_hub.data.schema import NUMBER, ColumnSchema
from auger_hub.models.exports.archive import (
    PACKAGE,
    export_model,
    installation,
    introduction,
    needed_columns,
    reading,
    texts_of,
)
from auger_hub.models.predict import DESCRIPTION_FILE, schema_of

ZIP, JOBLIB, MLFLOW, ONNX = "zip", "joblib", "mlflow", "onnx"


def export_as(form: str, folder: Path, zip_path: Path, *, data_path: Path | None = None) -> None:
    """Write the export of the model in `folder` in a format; complete or not at all.

    Args:
        form: `zip`, `joblib`, `mlflow` or `onnx`.
        folder: of the model.
        zip_path: where the zip appears.
        data_path: what the model was fitted on; ONNX is checked on it.

    Raises:
        NotExportable: the format cannot hold this model.
    """
    if form == ZIP:
        export_model(folder, zip_path)
        return
    write = {JOBLIB: _write_joblib, MLFLOW: _write_mlflow}.get(form)
    with tempfile.TemporaryDirectory(dir=zip_path.parent, prefix=".export-") as room:
        made = Path(room) / "made"
        made.mkdir()
        if write is None:
            from auger_hub.models.exports.onnx import write_onnx

            write_onnx(folder, data_path, made)
        else:
            write(folder, made)
        part = Path(room) / "part.zip"
        _pack(made, part)
        part.replace(zip_path)


def _write_joblib(folder: Path, made: Path) -> None:
    module = "auger_hub.models.estimator"
    exported = _unpack(folder, made.with_name("exported"), module)
    with _code_of(exported):
        estimator = importlib.import_module(f"{PACKAGE}.estimator")
        estimator.write_pipeline(exported / "model", made / "model.joblib")
    code = made / PACKAGE
    shutil.copytree(exported / PACKAGE, code, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.move(exported / "requirements.txt", made)
    description = _description(folder)
    (made / "README.md").write_text(_joblib_readme(description), encoding="utf-8")


def _write_mlflow(folder: Path, made: Path) -> None:
    exported = _unpack(folder, made.with_name("exported"), "auger_hub.models.pyfunc")
    (made / "code").mkdir()
    shutil.move(exported / PACKAGE, made / "code")
    shutil.move(exported / "model", made)
    pins = (exported / "requirements.txt").read_text(encoding="utf-8").splitlines()
    description = _description(folder)
    files: dict[str, Callable[[Mapping[str, Any], list[str]], str]] = {
        "MLmodel": _mlmodel,
        "conda.yaml": _conda,
        "python_env.yaml": _python_env,
        "README.md": _mlflow_readme,
    }
    for name, text in files.items():
        (made / name).write_text(text(description, pins), encoding="utf-8")
    (made / "requirements.txt").write_text("\n".join(["mlflow", *pins, ""]), encoding="utf-8")


def _unpack(folder: Path, target: Path, module: str) -> Path:
    """Return the self-contained export as a folder, with one more module of the hub."""
    archive = target.with_suffix(".zip")
    export_model(folder, archive, modules=[module])
    with zipfile.ZipFile(archive) as file:
        file.extractall(target)
    return target


@contextmanager
def _code_of(exported: Path) -> Iterator[None]:
    """Make the code of an export importable: what it pickles is of its classes, not of ours."""
    sys.path.insert(0, str(exported))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(exported))
        for name in [one for one in sys.modules if one.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


def _pack(made: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(made.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(made).as_posix())


def _description(folder: Path) -> dict[str, Any]:
    description: dict[str, Any] = json.loads(
        (folder / DESCRIPTION_FILE).read_text(encoding="utf-8")
    )
    return description


def _joblib_readme(description: dict[str, Any]) -> str:
    proba = "\nmodel.predict_proba(table)         # a column a class, as in model.classes_"
    return f"""{introduction(description)}
```
{installation(description)}
```

```python
import joblib
import pandas as pd

model = joblib.load("model.joblib")  # run where this README is: it needs the folder auger_model
{reading(*texts_of(description))}
model.predict(table){proba if description["classes"] else ""}
```

It is a fitted `sklearn.pipeline.Pipeline`: `model["columns"]` types the columns as the training
data was read, `model["model"].estimator` is what the search has found. A file of joblib runs code
when it is loaded: load it only from where you trust.

{needed_columns(description)}"""


def _mlflow_readme(description: Mapping[str, Any], _pins: list[str]) -> str:
    told = dict(description)
    proba = ', params={"threshold": 0.5})  # with the probability of each class'
    return f"""{introduction(told)}
```
{installation(told)}
```

```python
import mlflow
import pandas as pd

model = mlflow.pyfunc.load_model(".")  # the folder of this README
{reading(*texts_of(told))}
model.predict(table){chr(10) + "model.predict(table" + proba if description["classes"] else ""}
```

`mlflow models serve -m . --env-manager local` serves it; `mlflow.pyfunc.log_model(name="model",
loader_module="auger_model.pyfunc", data_path="model", code_paths=["code/auger_model"])` logs it to
a tracking server.

{needed_columns(told)}"""


def _mlmodel(description: Mapping[str, Any], _pins: list[str]) -> str:
    """Return the file that MLflow looks for: YAML, of which JSON is a part."""
    made = datetime.now(timezone.utc).replace(tzinfo=None)
    content = {
        "flavors": {
            "python_function": {
                "loader_module": "auger_model.pyfunc",
                "code": "code",
                "data": "model",
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "python_version": description["python"],
            }
        },
        "model_uuid": str(description["trial_id"]).lower(),
        "utc_time_created": made.isoformat(sep=" "),
        "signature": _signature(description),
    }
    return json.dumps(content, indent=2) + "\n"


def _signature(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns; what may come as text or as number is of any type."""
    schema = schema_of(description)
    inputs = [{"name": name, **_mlflow_type(schema.column(name))} for name in description["needed"]]
    labels = description["classes"]
    kind = "double" if labels is None or all(isinstance(one, float) for one in labels) else "any"
    outputs = [{"name": description["target"], "type": kind, "required": kind != "any"}]
    parameter = {"name": "threshold", "type": "double", "default": -1.0, "shape": None}
    return {
        "inputs": json.dumps(inputs),
        "outputs": json.dumps(outputs),
        "params": json.dumps([parameter] if labels is not None else []),
    }


def _mlflow_type(column: ColumnSchema | None) -> dict[str, Any]:
    is_number = column is not None and column.type == NUMBER and column.is_plain
    kind = "double" if is_number else "any"
    return {"type": kind, "required": kind != "any"}


def _conda(description: Mapping[str, Any], pins: list[str]) -> str:
    packages: list[Any] = [f"python={description['python']}", "pip", {"pip": ["mlflow", *pins]}]
    content = {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": packages}
    return json.dumps(content, indent=2) + "\n"


def _python_env(description: Mapping[str, Any], _pins: list[str]) -> str:
    content = {
        "python": description["python"],
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    }
    return json.dumps(content, indent=2) + "\n"
