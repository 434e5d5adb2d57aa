"""Score a model's answers against the truth, by every metric that applies.

Runs in a process of its own, `python -m auger_hub.review.scoring FOLDER`: the learning
stack is never imported by the hub. One question as JSON on the standard input, one answer out:
`{"columns", "records", "truth"}` or `{"file"}` -> `{"scores", "count"}` or `{"error"}`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_hub.data.bounds import bound_memory

if TYPE_CHECKING:
    from auger_hub.models.predict import Predictor

_SECONDS = 600
_HALF = 0.5  # any threshold has the probabilities added


def ask_for_scores(folder: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    """Ask a process of its own; `{"error"}` when it cannot say."""
    module = "auger_hub.review.scoring"
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, str(folder)],
            input=json.dumps(question).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return {"error": "the scores could not be computed"}
    return answer


def score_rows(
    predictor: Predictor,
    columns: Sequence[str],
    records: Sequence[Sequence[Any]],
    truth: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Return `{"scores", "count"}` of the rows whose truth is known; BadInput without any.

    The truth is that given, else the target column's, else that of a column `actual` (§2.16).
    Clients may send all values as texts (§5.2): the model's schema says what they mean.
    """
    import numpy as np

    from auger_hub.models.predict import BadInput
    from auger_hub.search.metrics import Outcome, all_scores, metrics_for

    known = truth if truth is not None else _truth_of(predictor, columns, records)
    encoded = _encode(predictor, known[: len(records)])
    chosen = [number for number, value in enumerate(encoded) if value is not None]
    if not chosen:
        raise BadInput("No row has a true value that the model knows.")
    kept = [records[number] for number in chosen]
    threshold = None if predictor.classes is None else _HALF
    names, data = predictor.predict(columns, kept, threshold)
    wanted = [predictor.target]
    if predictor.classes is not None:
        wanted = [f"proba_{label}" for label in predictor.classes]
    places = [len(names) - 1 - names[::-1].index(name) for name in wanted]
    shown = np.array([[row[place] for place in places] for row in data], dtype=float)
    outcome = Outcome.of(
        np.array([encoded[number] for number in chosen]),
        shown if predictor.classes is not None else shown[:, 0],
        np.array([]),
    )
    classes = len(predictor.classes or ())
    kind = "classification" if predictor.classes is not None else "regression"
    return {"scores": all_scores(outcome, metrics_for(kind, classes)), "count": len(chosen)}


def _truth_of(
    predictor: Predictor, columns: Sequence[str], records: Sequence[Sequence[Any]]
) -> list[Any]:
    for name in (predictor.target, "actual"):
        if name in columns:
            place = list(columns).index(name)
            return [record[place] for record in records]
    return []


def _encode(predictor: Predictor, values: Sequence[Any]) -> list[float | int | None]:
    """Return the numbers of the classes, or the values; None for what the model does not know."""
    from auger_hub.data.schema import NUMBER, ColumnSchema
    from auger_hub.data.typed import to_column

    if predictor.classes is not None:
        labels = {str(label): number for number, label in enumerate(predictor.classes)}
        return [labels.get(_label(value)) for value in values]
    column = predictor.schema.column(predictor.target)
    if column is None or column.type != NUMBER:
        column = ColumnSchema(predictor.target, NUMBER)
    numbers = to_column(values, column, predictor.schema)
    return [None if number != number else float(number) for number in numbers.tolist()]  # noqa: PLR0124 - NaN


def _label(value: Any) -> str:
    """Return a class as its label is written: whole numbers without a fraction."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


def table_of(path: Path) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of a file as it has them, missing values as None."""
    from auger_hub.data.read import read_raw

    frame = read_raw(path)
    records = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return [str(name) for name in frame.columns], records


def _answer(folder: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    from auger_hub.data.unreadable import UnreadableData
    from auger_hub.models.predict import BadInput, Predictor

    predictor = Predictor.load(folder)
    try:
        if "file" in question:
            columns, records = table_of(Path(question["file"]))
        else:
            columns, records = question["columns"], question["records"]
        return score_rows(predictor, columns, records, question.get("truth"))
    except (BadInput, UnreadableData) as error:
        return {"error": str(error)}


if __name__ == "__main__":
    bound_memory()
    print(json.dumps(_answer(Path(sys.argv[1]), json.load(sys.stdin))))  # noqa: T201 - the answer
