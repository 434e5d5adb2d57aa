"""Serve predictions of one loaded model over standard input and output.

    python -m auger_hub.models.worker FOLDER

One JSON document a line. `{"id", "columns", "records", "threshold", "bare"}` is answered with
`{"id", "columns", "data", "notices"}`, `{"id", "file", "to", "threshold", "bare"}` with
`{"id", "count", "notices"}`; what cannot be answered with `{"id", "error"}`, one sentence for the
user. `proba` adds probabilities without a threshold; when `bare`, the answer is without the columns
that were sent. With `observe`, a list of columns, the answer has `observed` besides: counts of what
was asked and said, also by the values of these columns. With `evaluate` the rows of `records` or
`file` are scored instead: `{"id", "evaluation"}`; `truth` may be beside them. It ends with its
input.
"""

from __future__ import annotations

import functools
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from auger_hub.data.files.bounds import bound_memory, most_bytes
from auger_hub.data.notices import to_dicts
from auger_hub.models.predict import MODELS_OWN, BadInput, Predictor
from auger_hub.models.predict_file import FilePredictor
from auger_hub.models.profile import PROFILE_FILE, Observer
from auger_hub.settings import HubSettings
from auger_hub.temporary import use_own_temporary

DAMAGED = (
    "the files of this model are missing or damaged on the hub: undeploy the model and deploy it "
    "again, or bring its folder back from a backup"
)
FAILED = "The prediction failed; the log of the hub says why."


def main(folder: Path) -> int:
    """Answer until the input ends; whatever a library prints goes to the standard error."""
    bound_memory()
    use_own_temporary(HubSettings.from_environment())  # as the hub has told its processes
    answers = sys.stdout
    sys.stdout = sys.stderr
    try:
        predictor = Predictor.load(folder)
    except Exception:  # noqa: BLE001 - whatever is wrong with them; who asks gets a sentence
        traceback.print_exc(file=sys.stderr)
        return _refuse_all(sys.stdin, answers)
    return serve(predictor, sys.stdin, answers)


def _refuse_all(requests: IO[str], answers: IO[str]) -> int:
    for line in requests:
        if line.strip():
            refused = {"id": json.loads(line).get("id"), "error": DAMAGED, "damaged": True}
            answers.write(json.dumps(refused) + "\n")
            answers.flush()
    return 0


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
        do = _evaluate if request.get("evaluate") else _predict
        return {"id": identity, **do(predictor, request)}
    except BadInput as error:
        return {"id": identity, "error": str(error)}
    except Exception:  # noqa: BLE001  (the process outlives a request it cannot answer)
        traceback.print_exc(file=sys.stderr)
        return {"id": identity, "error": FAILED}


def _predict(predictor: Predictor, request: Mapping[str, Any]) -> dict[str, Any]:
    threshold, bare = request.get("threshold"), bool(request.get("bare"))
    predictor.explains = bool(request.get("explain"))
    observer = _begin_to_observe(predictor, request.get("observe"))
    if threshold is None and request.get("proba"):
        threshold = MODELS_OWN
    if "file" in request:
        answer: dict[str, Any] = {"count": _predict_file(predictor, request, threshold, bare=bare)}
    else:
        records = request["records"]
        columns, data = predictor.predict(request["columns"], records, threshold, bare=bare)
        answer = {"columns": columns, "data": data}
    observed = {"observed": observer.take()} if observer else {}
    return {**answer, "notices": to_dicts(predictor.notices), **observed}


def _begin_to_observe(predictor: Predictor, segments: Sequence[str] | None) -> Observer | None:
    """Return what counts the rows that are asked about next; None where nothing is to count them.

    The profile of an older model is made while the model is loaded.
    """
    observer = None
    if segments is not None and predictor.folder is not None:
        observer = _observer(predictor.folder, _profiled_at(predictor.folder))
        if observer is not None:
            observer.begin(segments)
    predictor.observe = observer.see if observer else None
    return observer


def _profiled_at(folder: Path) -> int:
    try:
        return (folder / PROFILE_FILE).stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=1)
def _observer(folder: Path, _profiled_at: int) -> Observer | None:
    return Observer.load(folder)


def _evaluate(predictor: Predictor, request: Mapping[str, Any]) -> dict[str, Any]:
    from auger_hub.data.read import UnreadableData, read_raw
    from auger_hub.models.evaluate import evaluate, to_table

    try:
        if "file" in request:
            frame = read_raw(Path(request["file"]))
            names = predictor.names_of(frame.columns)
            table: Mapping[str, Any] = {
                name: frame.iloc[:, place] for place, name in enumerate(names)
            }
        else:
            table = to_table(predictor, request["columns"], request["records"])
    except UnreadableData as error:
        raise _as_its_user_calls_it(request, error) from error
    truth, threshold = request.get("truth"), request.get("threshold")
    return {"evaluation": evaluate(predictor, table, truth=truth, threshold=threshold).to_dict()}


def _as_its_user_calls_it(request: Mapping[str, Any], error: Exception) -> BadInput:
    """Return an error about a file by its user's name of it."""
    path, told = Path(request["file"]), str(error)
    for known in (path.name, path.stem):
        told = told.replace(f"`{known}`", f"`{request.get('name') or path.name}`")
    return BadInput(told)


def _predict_file(
    predictor: Predictor, request: Mapping[str, Any], threshold: float | None, *, bare: bool
) -> int:
    """Predict an uploaded file of any format; errors call it as its user does."""
    from auger_hub.data.files.formats import DELIMITED, PARQUET, format_of
    from auger_hub.data.files.plain import unpack
    from auger_hub.data.read import UnreadableData, read_raw

    path, target = Path(request["file"]), Path(request["to"])
    try:
        with unpack(path) as plain:
            most = most_bytes(plain.stat().st_size)
            files = FilePredictor(predictor, threshold, bare, most)
            if format_of(plain) in (PARQUET, DELIMITED):
                return files.predict(plain, target)
            return files.predict_batches([read_raw(plain)], target)
    except (BadInput, UnreadableData) as error:
        raise _as_its_user_calls_it(request, error) from error


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
