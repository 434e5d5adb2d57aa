"""What a model's answers are worth against the truth: every metric that applies.

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
    Clients send all values as texts (§5.2), so numbers are read from them.
    """
    import numpy as np

    from auger_hub.models.predict import BadInput
    from auger_hub.search.metrics import Outcome, all_scores, metrics_for

    known = truth if truth is not None else _truth_of(predictor, columns, records)
    encoded = [_encode(predictor, value) for value in known[: len(records)]]
    chosen = [number for number, value in enumerate(encoded) if value is not None]
    if not chosen:
        raise BadInput("No row has a true value that the model knows.")
    kept = [_as_numbers(predictor, columns, records[number]) for number in chosen]
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


def _encode(predictor: Predictor, value: Any) -> float | int | None:
    """Return the number of a class, or the value; None for what the model does not know."""
    if predictor.classes is not None:
        labels = [str(label) for label in predictor.classes]
        return labels.index(str(value)) if str(value) in labels else None
    return _number(value)


def _as_numbers(predictor: Predictor, columns: Sequence[str], record: Sequence[Any]) -> list[Any]:
    from auger_hub.search.column_kinds import CODE, NUMBER

    numeric = {name for name, kind in predictor.kinds.items() if kind in (NUMBER, CODE)}
    return [
        _number(value) if name in numeric and isinstance(value, str) else value
        for name, value in zip(columns, record, strict=True)
    ]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number - number == 0 else None  # neither NaN nor infinite


def table_of(predictor: Predictor, path: Path) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of a file, missing values as None; dates as the model reads them."""
    from auger_hub.data.read import read_table

    frame = read_table(path, predictor.dates)
    records = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return [str(name) for name in frame.columns], records


def _answer(folder: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    from auger_hub.data.unreadable import UnreadableData
    from auger_hub.models.predict import BadInput, Predictor

    predictor = Predictor.load(folder)
    try:
        if "file" in question:
            columns, records = table_of(predictor, Path(question["file"]))
        else:
            columns, records = question["columns"], question["records"]
        return score_rows(predictor, columns, records, question.get("truth"))
    except (BadInput, UnreadableData) as error:
        return {"error": str(error)}


if __name__ == "__main__":
    bound_memory()
    print(json.dumps(_answer(Path(sys.argv[1]), json.load(sys.stdin))))  # noqa: T201 - the answer
