"""Write a stored model as ONNX where that predicts the same, and refuse where it does not.

The graph takes columns as `CleanColumns` leaves them: numbers with NaN where they are missing,
texts with a word of their own for it. What it answers is compared with the model itself, on every
row of the training data, and on rows with values that are missing or were never met.
"""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auger_hub.models.exports.archive import NotExportable, introduction, reading
from auger_hub.models.predict import DESCRIPTION_FILE, Predictor, schema_of
from auger_hub.search.column_kinds import CODE, DATE, MISSING_TEXT, NUMBER, TEXT
from auger_hub.search.columns import CleanColumns
from auger_hub.search.pipelines.calibrated import SMALLEST

Array = np.ndarray[Any, Any]
TOLERANCE = 1e-5
_PROBED = 200  # rows in which one column after the other is missing or new
_NEW = "a value that was never met"
_UNABLE = {DATE: "dates", TEXT: "texts of words"}
_PACKAGES = ("numpy", "onnx", "onnxruntime", "pandas")


def write_onnx(folder: Path, data_path: Path | None, made: Path) -> None:
    """Write `model.onnx` and its README.

    Raises:
        NotExportable: with the reason.
    """
    description = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    _refuse(description, data_path)
    assert data_path is not None, "refused above"
    model = Predictor.load(folder).model
    rows = _rows_to_check(description, data_path)
    content = _exact_graph(model, description, rows)
    (made / "model.onnx").write_bytes(content)
    (made / "README.md").write_text(_readme(description, len(rows)), encoding="utf-8")
    pins = "".join(f"{name}=={version(name)}\n" for name in _PACKAGES)
    (made / "requirements.txt").write_text(pins, encoding="utf-8")


def _refuse(description: Mapping[str, Any], data_path: Path | None) -> None:
    if description["model_type"] == "timeseries":
        raise NotExportable("A forecast goes by the values before it, which ONNX does not keep.")
    for name, kind in description["kinds"].items():
        if kind in _UNABLE:
            told = f"ONNX has no exact form of {_UNABLE[kind]}, which the column `{name}` holds"
            raise NotExportable(f"{told}; joblib and mlflow have.")
    if data_path is None:
        raise NotExportable("The training data is gone, and ONNX is checked on it.")
    try:
        import onnxmltools  # noqa: F401
        import onnxruntime  # noqa: F401
        import skl2onnx  # noqa: F401
    except ImportError as error:
        told = f"The hub lacks `{error.name}`: pip install 'auger-reconcile[onnx]' where it runs."
        raise NotExportable(told) from error


def _rows_to_check(description: Mapping[str, Any], data_path: Path) -> pd.DataFrame:
    """Return the training rows, clean, and some with a value that is missing or new."""
    from auger_hub.models.package import read_as_run
    from auger_hub.search.pipelines.pipeline import split_features_target

    frame, _ = read_as_run(data_path, description["task_info"])
    features, _, _ = split_features_target(frame, description["task_info"])
    clean = CleanColumns(description["kinds"]).transform(features)
    probes = [clean]
    for name, kind in description["kinds"].items():
        values = [np.nan] if kind in (NUMBER, CODE) else [MISSING_TEXT, _NEW]
        probes.extend(clean.head(_PROBED).assign(**{name: value}) for value in values)
    return pd.concat(probes, ignore_index=True)


def _exact_graph(model: Any, description: Mapping[str, Any], rows: pd.DataFrame) -> bytes:
    """Return the graph of the first precision that predicts the same.

    Raises:
        NotExportable: neither does.
    """
    wanted = _expected(model, rows, is_classes=description["classes"] is not None)
    reason = ""
    for precision in ("double", "float"):
        try:
            content = _convert(model, description["kinds"], precision)
            found = list(_answers(content, rows, description))
        except Exception as error:  # noqa: BLE001 - converters raise what they like
            reason = f"it cannot be converted: {_words(error)}"
            continue
        reason = _difference(wanted, found)
        if not reason:
            return content
    raise NotExportable(f"The model is not the same as ONNX ({reason}); joblib and mlflow are.")


def _words(error: Exception) -> str:
    """Return what a converter says, unless it only says where in its code it fell."""
    if isinstance(error, AttributeError | TypeError | LookupError):
        return "the converter does not know all of its parts"
    return " ".join(str(error).split())[:200]


def _expected(model: Any, rows: pd.DataFrame, *, is_classes: bool) -> list[Array]:
    if not is_classes:
        return [np.asarray(model.predict(rows), dtype=float)]
    shown = np.asarray(model.predict_proba(rows))
    return [np.asarray(model.classes_)[shown.argmax(axis=1)], shown]


def _difference(wanted: list[Array], found: list[Array]) -> str:
    """Say how answers differ; nothing where they do not."""
    rows = len(wanted[0])
    if len(wanted) > 1 and (count := int(np.count_nonzero(wanted[0] != found[0]))):
        return f"{count:,} of {rows:,} rows get another class"
    gap = np.abs(wanted[-1] - found[-1].reshape(wanted[-1].shape))
    worst = float((gap / np.maximum(1.0, np.abs(wanted[-1]))).max())
    if not worst <= TOLERANCE:  # nor where it is not a number
        return f"predictions differ by up to {worst:.2g} on {rows:,} rows"
    return ""


def _convert(model: Any, kinds: Mapping[str, str], precision: str) -> bytes:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

    _register_lightgbm()
    number = {"double": DoubleTensorType, "float": FloatTensorType}[precision]
    types = [
        (name, number([None, 1]) if kind in (NUMBER, CODE) else StringTensorType([None, 1]))
        for name, kind in kinds.items()
    ]
    bare = _without_cleaning(model)
    options = {id(bare): {"zipmap": False}} if hasattr(bare, "classes_") else None
    opset = {"": 18, "ai.onnx.ml": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # converters ask for attributes that are going to be gone
        graph = to_onnx(bare, initial_types=types, options=options, target_opset=opset)
    content: bytes = graph.SerializeToString()
    return content


def _without_cleaning(model: Any) -> Any:
    """Return a pipeline, or an ensemble of such, without the first step: the graph gets it done."""
    from sklearn.pipeline import Pipeline

    bare = copy.copy(model)
    if isinstance(model, Pipeline):
        bare.steps = model.steps[1:]
    elif hasattr(model, "estimators_"):
        bare.estimators_ = [_without_cleaning(one) for one in model.estimators_]
    return bare


def _register_lightgbm() -> None:
    from lightgbm import LGBMClassifier, LGBMRegressor
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator as shapes

    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    update_registered_converter(
        LGBMClassifier,
        "LightGbmLGBMClassifier",
        shapes.calculate_linear_classifier_output_shapes,
        convert_lightgbm,
        options=options,
    )
    update_registered_converter(
        LGBMRegressor,
        "LightGbmLGBMRegressor",
        shapes.calculate_linear_regressor_output_shapes,
        convert_lightgbm,
        options={"split": None},
    )


def _answers(content: bytes, rows: pd.DataFrame, description: Mapping[str, Any]) -> Iterator[Array]:
    """Yield what the graph answers: classes and probabilities, or values."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    types = {one.name: one.type for one in session.get_inputs()}
    kinds = description["kinds"]
    given = {}
    for name in kinds:
        values = rows[[name]].to_numpy()
        kind = {"tensor(double)": np.float64, "tensor(float)": np.float32}.get(types[name])
        given[name] = values.astype(object) if kind is None else values.astype(kind)
    answers = session.run(None, given)
    yield np.asarray(answers[0]).ravel()
    if description["classes"] is not None:
        yield np.asarray(answers[1], dtype=float)


def lines_after(description: Mapping[str, Any]) -> str:
    """Return lines of Python that make `predicted` of the `answers` of the graph."""
    labels, threshold = description["classes"], description.get("threshold")
    if labels is None:
        return "predicted = answers[0].ravel()"
    numbers = "answers[0]" if threshold is None else f"(probabilities[:, 1] >= {threshold!r}) * 1"
    lines = [
        f"labels = {json.dumps(labels, ensure_ascii=False)}",
        "probabilities = answers[1]  # a column a class",
    ]
    if description.get("calibration"):
        lines += _calibrating(description["calibration"])
        numbers = "probabilities.argmax(axis=1)"
    return "\n".join([*lines, f"predicted = [labels[number] for number in {numbers}]"])


def _calibrating(told: Mapping[str, Any]) -> list[str]:
    """Return the lines of `apply_calibration`."""
    if told["method"] == "temperature":
        power = f"np.clip(probabilities, {SMALLEST!r}, 1) ** (1 / {told['temperature']!r})"
        return [f"raised = {power}", "probabilities = raised / raised.sum(axis=1, keepdims=True)"]
    if told["method"] == "sigmoid":
        odds = f"{told['slope']!r} * np.log(chance / (1 - chance)) + {told['intercept']!r}"
        lines = [
            f"chance = np.clip(probabilities[:, 1], {SMALLEST!r}, 1 - {SMALLEST!r})",
            f"second = 1 / (1 + np.exp(-({odds})))",
        ]
    else:
        lines = [f"second = np.interp(probabilities[:, 1], {told['from']!r}, {told['to']!r})"]
    return [*lines, "probabilities = np.column_stack([1 - second, second])"]


def _readme(description: dict[str, Any], rows: int) -> str:
    numbers = [name for name, kind in description["kinds"].items() if kind in (NUMBER, CODE)]
    texts = [name for name in description["kinds"] if name not in numbers]
    labels, after = description["classes"], lines_after(description)
    fill = f'table[texts] = table[texts].fillna("{MISSING_TEXT}")\n' if texts else ""
    return f"""{introduction(description)}
It was checked on {rows:,} rows (all training rows, and rows with values that are missing or new):
the graph predicts the same{" class" if labels else ""}, within {TOLERANCE:g}.

```
pip install -r requirements.txt
```

```python
import numpy as np
import onnxruntime
import pandas as pd

session = onnxruntime.InferenceSession("model.onnx")
types = {{one.name: one.type for one in session.get_inputs()}}
{reading(texts, schema_of(description).missing)}
{fill}inputs = {{
    name: table[[name]].to_numpy(
        {{"tensor(double)": np.float64, "tensor(float)": np.float32}}.get(kind, object)
    )
    for name, kind in types.items()
}}
answers = session.run(None, inputs)
{after}
```

Numbers have to be plain (no thousands marks or currency signs), texts as the training data has
them, a missing number is NaN and a missing text is `{MISSING_TEXT}`: what the other exports read by
themselves is not part of the graph.
"""
