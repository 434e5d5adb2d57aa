"""Predict a CSV or Parquet file with this model, on this machine alone.

    python client.py --path_to_predict=data.csv [--threshold=0.5] [--proba] [--explain]

writes `data_predicted.csv` beside the input: its rows as they stand, the prediction, and with
`--threshold` or `--proba` the probability of each class, with `--explain` what each column
contributes: `expected_value` and every `contribution_<column>` sum up to the prediction.

Notices go to standard error; and as JSON into the file that the variable AUGER_NOTICES names.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from auger_hub.models.predict import MODELS_OWN, BadInput, Predictor
from auger_hub.models.predict_file import FilePredictor


def main() -> int:
    """Predict the file that the command line names."""
    parser = argparse.ArgumentParser(description="Predict a file with this model.")
    parser.add_argument("--path_to_predict", required=True, type=Path, help="CSV or Parquet file")
    parser.add_argument(
        "--threshold",
        type=float,
        help="probability from which on the second of two classes is predicted;"
        " adds the probability of each class",
    )
    parser.add_argument("--proba", action="store_true", help="add the probability of each class")
    parser.add_argument("--explain", action="store_true", help="add what each column contributes")
    arguments = parser.parse_args()
    source: Path = arguments.path_to_predict
    target = source.with_name(f"{source.stem}_predicted.csv")
    try:
        predictor = Predictor.load(Path(__file__).resolve().parent / "model")
        predictor.explains = arguments.explain
        threshold = arguments.threshold
        if threshold is None and arguments.proba:
            threshold = MODELS_OWN
        rows = FilePredictor(predictor, threshold).predict(source, target)
    except (BadInput, OSError) as error:
        print(f"error: {_say(error)}", file=sys.stderr)  # noqa: T201  (a program's answer)
        return 1
    if place := os.environ.get("AUGER_NOTICES"):
        told = json.dumps([notice.to_dict() for notice in predictor.notices])
        Path(place).write_text(told, encoding="utf-8")
    for notice in predictor.notices:
        print(f"notice: {notice.text}", file=sys.stderr)  # noqa: T201  (a program's answer)
    print(f"{rows} rows predicted: {target}")  # noqa: T201  (a program's answer)
    return 0


def _say(error: Exception) -> str:
    """Return an error as a sentence that names the file."""
    if not isinstance(error, OSError) or error.filename is None:
        return str(error)
    if isinstance(error, FileNotFoundError):
        return f"There is no file `{error.filename}`."
    return f"`{error.filename}` cannot be read or written: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main())
