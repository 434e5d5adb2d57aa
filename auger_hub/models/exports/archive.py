"""Export a stored model as a zip that predicts with Python and the packages it lists alone.

The export is the hub's own code under another name: the modules that the model and `client.py`
need are found by their imports, copied into a package `auger_model`, and both their imports and the
class names inside the model file are renamed to it. So it predicts what the hub predicts, and this
package need not be installed.
"""

import ast
import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auger_hub.data.schema import MISSING, NUMBER
from auger_hub.models.contributions import BACKGROUND
from auger_hub.models.predict import BACKGROUND_FILE, DESCRIPTION_FILE, MODEL_FILE, schema_of
from auger_hub.models.trusted import TRUSTED
from auger_hub.search.moved import SCHEMA, with_current_paths

PACKAGE = "auger_model"
_HUB_PACKAGES = ("auger_hub.models", "auger_hub.search", "auger_hub.data")
_PROGRAMS = {"auger_hub.models.client": "client.py", "auger_hub.models.serve": "serve.py"}
_TRUSTED_MODULE = "auger_hub.models.trusted"
_FOLDER = (
    r"\bauger_hub\.(?:models|search|data)"
    r"(?:\.(?:algorithms|files|pipelines|preparation|scores|text|trials)\b)?"
)
_IMPORT_OF_MODULES = re.compile(rf"from {_FOLDER} import")
_HUB_MODULE = re.compile(rf"{_FOLDER}\.(\w+)")


class NotExportable(Exception):
    """The model cannot be written in this format; the text is one sentence for the user."""


def export_model(folder: Path, zip_path: Path, *, modules: Iterable[str] = ()) -> None:
    """Write the export of the model in `folder` (wire contract §2.14); complete or not at all.

    Args:
        folder: of the model.
        zip_path: where the zip appears.
        modules: of the hub, which it carries besides.
    """
    description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    model = with_current_paths(folder / MODEL_FILE)
    handle, name = tempfile.mkstemp(dir=zip_path.parent, suffix=".zip")
    os.close(handle)
    try:
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            _write_code(archive, {*modules, *_modules_in(model)})
            with archive.open(f"model/{MODEL_FILE}", "w") as file:
                _rename_classes(model, file)
            archive.writestr(f"model/{DESCRIPTION_FILE}", _json(description))
            if (folder / BACKGROUND_FILE).is_file():
                archive.write(folder / BACKGROUND_FILE, f"model/{BACKGROUND_FILE}")
            archive.writestr("model/options.json", _json(description["task_info"]))
            archive.writestr("requirements.txt", _requirements(description))
            archive.writestr("README.md", _readme(description))
        Path(name).replace(zip_path)
    finally:
        Path(name).unlink(missing_ok=True)


def _modules_in(model: bytes) -> set[str]:
    """Name the hub's modules whose classes the stored model is made of."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        schema = json.loads(archive.read(SCHEMA))
    found: set[str] = set()
    nodes: list[Any] = [schema]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if str(node.get("__module__", "")).startswith(_HUB_PACKAGES):
                found.add(node["__module__"])
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
    return found


def _write_code(archive: zipfile.ZipFile, modules: Iterable[str]) -> None:
    """Copy the modules and all that they import of the hub."""
    waiting, written = [*_PROGRAMS, *modules], set()
    archive.writestr(f"{PACKAGE}/__init__.py", "")
    while waiting:
        module = waiting.pop()
        if module in written:
            continue
        written.add(module)
        source = _source_of(module)
        waiting.extend(_hub_imports(source))
        leaf = module.rpartition(".")[2]
        archive.writestr(_PROGRAMS.get(module, f"{PACKAGE}/{leaf}.py"), _renamed(source))


def _source_of(module: str) -> str:
    """Return the text of a module; of the trusted types the list alone, not how it came about."""
    if module == _TRUSTED_MODULE:
        return f"TRUSTED = {json.dumps(TRUSTED, indent=4)}\n"
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no source for `{module}`, which the model needs")
    return Path(spec.origin).read_text(encoding="utf-8")


@cache
def _hub_imports(source: str) -> set[str]:
    imports = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom))
    found = set()
    for node in imports:
        if re.fullmatch(_FOLDER, node.module or ""):
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif node.module and node.module.startswith(_HUB_PACKAGES):
            found.add(node.module)
    return found


def _renamed(text: str) -> str:
    """Name modules of the hub as the export has them, where all lie in one folder."""
    return _HUB_MODULE.sub(rf"{PACKAGE}.\1", _IMPORT_OF_MODULES.sub(f"from {PACKAGE} import", text))


def _rename_classes(model: bytes, target: Any) -> None:
    """Copy the model file, a zip of arrays and one schema, with the hub's classes renamed."""
    with (
        zipfile.ZipFile(io.BytesIO(model)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == SCHEMA:
                content = _renamed(content.decode("utf-8")).encode("utf-8")
            new.writestr(name, content)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _requirements(description: dict[str, Any]) -> str:
    """Pin what the model was made with: fitted estimators are no format between versions."""
    pins = description["packages"].items()
    return "".join(f"{name}=={version}\n" for name, version in sorted(pins))


def _readme(description: dict[str, Any]) -> str:
    return f"""{introduction(description)}
```
{installation(description)}
python client.py --path_to_predict=data.csv
```

writes `data_predicted.csv`: the rows of `data.csv` as they stand, and the prediction, which is
called `{description["target"]}_predicted` where `data.csv` has a column `{description["target"]}`.
With `--threshold=0.7` the second of two classes is predicted from that probability on, and a column
`proba_<class>` for each class is added; `--proba` adds these alone. Parquet needs
`pip install duckdb` besides, and CSV that is neither UTF-8 nor UTF-16 is guessed best with
`pip install charset-normalizer`.

`python serve.py --port 8080` answers over HTTP instead: POST `/invocations` as MLflow's scoring
server does, or `/predictions` with `features` and `records` as the hub does. GET `/health` tells
when it is ready.

`--explain` adds what each column contributes to each prediction. For that, the folder `model` holds
{BACKGROUND} rows of the training data (`background.json`; it can be deleted).

{needed_columns(description)}"""


def introduction(description: dict[str, Any]) -> str:
    """Return the head of a README: which model, and what it predicts."""
    classes = description["classes"]
    predicts = (
        f"one of {len(classes)} classes" if classes else f"a number ({description['model_type']})"
    )
    return f"""# Model {description["trial_id"]}

`{description["algorithm_name"]}`, fitted on {description["rows"]} rows, predicts
`{description["target"]}`: {predicts}.
"""


def installation(description: dict[str, Any]) -> str:
    """Return the commands that install what a model needs."""
    python = ".".join(description["python"].split(".")[:2])
    return f"""python -m venv .venv && . .venv/bin/activate     # Python {python}
pip install -r requirements.txt"""


def reading(texts: Sequence[str], missing: Sequence[str] = MISSING) -> str:
    """Return the lines of Python that read a table for a model.

    pandas would guess: codes as `04118` would lose their zeros, and `1.234` its thousands.

    Args:
        texts: the columns whose texts have to be kept.
        missing: what stands for a missing value.
    """
    given = ['"data.csv"']
    if texts:
        given.append("dtype=dict.fromkeys(texts, str)")
    if set(missing) != set(MISSING):
        marks = json.dumps(list(missing), ensure_ascii=False)
        given.append(f"keep_default_na=False, na_values={marks}")
    listed = f"texts = {json.dumps(list(texts), ensure_ascii=False)}\n" if texts else ""
    return f"{listed}table = pd.read_csv({', '.join(given)})"


def texts_of(description: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the columns that pandas would not read as the training data was, and missing marks."""
    schema = schema_of(description)
    plain = {one.name for one in schema.columns if one.type == NUMBER and one.is_plain}
    return [name for name in description["needed"] if name not in plain], schema.missing


def needed_columns(description: dict[str, Any]) -> str:
    """Return the part of a README that names the columns of the input."""
    columns = "\n".join(f"- `{name}`" for name in description["needed"])
    return f"""The input has to have these columns, in any order; empty and unknown values are
allowed:

{columns}
"""
