"""A process that keeps one model loaded and answers on its standard input and output.

    python -m auger_hub.models.worker FOLDER

One JSON document a line. `{"id", "columns", "records", "threshold", "bare"}` is answered with
`{"id", "columns", "data"}`, `{"id", "file", "to", "threshold", "bare"}` with `{"id", "count"}`, and
what cannot be answered with `{"id", "error"}`, one sentence for the user. When `bare`, the answer
is without the columns that were sent. It ends with its input.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from auger_hub.data.bounds import bound_memory, most_bytes
from auger_hub.models.predict import BadInput, Predictor

FAILED = "The prediction failed; the log of the hub says why."


def main(folder: Path) -> int:
    """Answer until the input ends; whatever a library prints goes to the standard error."""
    bound_memory()
    answers = sys.stdout
    sys.stdout = sys.stderr
    return serve(Predictor.load(folder), sys.stdin, answers)


def serve(predictor: Predictor, requests: IO[str], answers: IO[str]) -> int:
    """Answer each line of `requests` with one line."""
    for line in requests:
        if line.strip():
            answers.write(json.dumps(answer(predictor, line), allow_nan=False) + "\n")
            answers.flush()
    return 0


def answer(predictor: Predictor, line: str) -> dict[str, Any]:
    """Answer one request; never raise, the next one may be good."""
    identity = None
    try:
        request = json.loads(line)
        identity = request.get("id")
        return {"id": identity, **_predict(predictor, request)}
    except BadInput as error:
        return {"id": identity, "error": str(error)}
    except Exception:  # noqa: BLE001  (the process outlives a request it cannot answer)
        traceback.print_exc(file=sys.stderr)
        return {"id": identity, "error": FAILED}


def _predict(predictor: Predictor, request: Mapping[str, Any]) -> dict[str, Any]:
    threshold, bare = request.get("threshold"), bool(request.get("bare"))
    if "file" in request:
        with _streamable(Path(request["file"]), predictor) as source:
            most = most_bytes(source.stat().st_size)
            target = Path(request["to"])
            return {"count": predictor.predict_file(source, target, threshold, most, bare=bare)}
    records = request["records"]
    columns, data = predictor.predict(request["columns"], records, threshold, bare=bare)
    return {"columns": columns, "data": data}


@contextmanager
def _streamable(path: Path, predictor: Predictor) -> Iterator[Path]:
    """Yield the uploaded file as CSV in UTF-8 or as Parquet, unpacked and converted if need be."""
    from auger_hub.data.kind import Kind, kind_of
    from auger_hub.data.plain import in_utf8, unpack
    from auger_hub.data.read import UnreadableData, read_table

    try:
        with unpack(path) as plain:
            kind = kind_of(plain)
            if kind is Kind.PARQUET:
                yield plain
            elif kind is Kind.DELIMITED:
                with in_utf8(plain) as text:
                    yield text
            else:
                with tempfile.TemporaryDirectory() as folder:
                    converted = Path(folder) / f"{plain.stem}.csv"
                    read_table(plain, predictor.dates).to_csv(converted, index=False)
                    yield converted
    except UnreadableData as error:
        raise BadInput(str(error)) from error


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
