"""Serve predictions of this model over HTTP, on this machine alone unless told otherwise.

    python serve.py [--host 127.0.0.1] [--port 8080]

GET `/health` and `/ping` answer when the model is loaded. POST `/invocations` takes what MLflow's
scoring server takes: JSON with `dataframe_split`, `dataframe_records`, `inputs` or `instances`, or
CSV; the answer is `{"predictions": [{...}, ...]}`. POST `/predictions` takes what the hub takes:
`{"features": [...], "records": [[...], ...], "threshold"}`, and answers `{"data": {...}}` with the
`result`. With AUGER_MODEL_TOKEN in the environment, both want it as `Authorization: Bearer`.

Self-contained: an exported model carries this file along.
"""

from __future__ import annotations

import argparse
import hmac
import io
import json
import os
import signal
import sys
import threading
import traceback
import uuid
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd

from auger_hub.data.notices import to_dicts
from auger_hub.models.predict import BadInput, Predictor

TOKEN = "AUGER_MODEL_TOKEN"  # noqa: S105 - the name of the variable
MOST_BYTES = 64 << 20
_SECONDS = 60  # for a request to come in
_SHAPES = "`dataframe_split`, `dataframe_records`, `inputs` or `instances`"
Table = tuple[list[str], list[list[Any]]]


class Service:
    """A model that is asked by several callers, one at a time: it notes what it met."""

    def __init__(self, predictor: Predictor, model_id: str) -> None:
        self.model_id = model_id
        self._predictor = predictor
        self._lock = threading.Lock()

    def invoke(self, body: bytes, kind: str) -> dict[str, Any]:
        """Answer as MLflow's scoring server does.

        Raises:
            BadInput: the body is none of the shapes, or cannot be predicted.
        """
        threshold: float | None = None
        if kind == "text/csv":
            columns, records = _from_csv(body)
        else:
            asked = _from_json(body)
            columns, records = self._to_table(asked)
            params = asked.get("params")
            threshold = _threshold_of(params if isinstance(params, dict) else {})
        names, rows, notices = self._predict(columns, records, threshold)
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return {"predictions": found, **({"notices": notices} if notices else {})}

    def predict(self, body: bytes) -> dict[str, Any]:
        """Answer as the hub does (wire contract §2.15).

        Raises:
            BadInput: the body has no features and records, or cannot be predicted.
        """
        asked = _from_json(body)
        columns, records = asked.get("features"), asked.get("records")
        if not (_is_table(columns, records) and columns is not None and records is not None):
            raise BadInput("`features` has to be a list of names, `records` a list of lists.")
        bare = bool(asked.get("no_features_in_result"))
        names, rows, notices = self._predict(columns, records, _threshold_of(asked), bare=bare)
        result = {"columns": names, "data": rows, **({"notices": notices} if notices else {})}
        told = {"object": "prediction", "id": str(uuid.uuid4()), "pipeline_id": self.model_id}
        counted = {"status": "done", "records_count": len(records), "error_message": None}
        return {"data": {**told, **counted, "result": result}}

    def _predict(
        self, columns: Any, records: Any, threshold: float | None, *, bare: bool = True
    ) -> tuple[list[str], list[list[Any]], list[dict[str, Any]]]:
        with self._lock:
            names, rows = self._predictor.predict(columns, records, threshold, bare=bare)
            return names, rows, to_dicts(self._predictor.notices)

    def _to_table(self, asked: Mapping[str, Any]) -> Table:
        split, records = asked.get("dataframe_split"), asked.get("dataframe_records")
        if isinstance(split, dict) and _is_table(split.get("columns"), split.get("data")):
            return split["columns"], split["data"]
        given = asked.get("inputs", asked.get("instances")) if records is None else records
        if isinstance(given, dict) and all(isinstance(v, list) for v in given.values()):
            if len({len(values) for values in given.values()}) > 1:
                raise BadInput("The columns of `inputs` are not of one length.")
            return list(given), [list(row) for row in zip(*given.values(), strict=True)]
        if isinstance(given, list) and given and all(isinstance(row, dict) for row in given):
            columns = list(dict.fromkeys(name for row in given for name in row))
            return columns, [[row.get(name) for name in columns] for row in given]
        needed = list(self._predictor.needed)
        if _is_table(needed, given):
            return needed, given
        raise BadInput(f"The body has to be JSON with {_SHAPES}, or CSV.")


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise BadInput("The body is no JSON.") from None
    if not isinstance(asked, dict):
        raise BadInput("The body has to be a JSON object.")
    return asked


def _from_csv(body: bytes) -> Table:
    try:
        table = pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False)
    except ValueError as error:  # pandas' own errors and broken texts are such
        raise BadInput(f"The body is no CSV: {error}.") from None
    return list(table.columns), table.to_numpy().tolist()


def _is_table(columns: object, records: object) -> bool:
    return (
        isinstance(columns, list)
        and all(isinstance(name, str) for name in columns)
        and isinstance(records, list)
        and all(isinstance(row, list) and len(row) == len(columns) for row in records)
        and not any(isinstance(value, list | dict) for row in records for value in row)
    )


def _threshold_of(asked: Mapping[str, Any]) -> float | None:
    threshold = asked.get("threshold")
    if threshold is None:
        return None
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not is_number or not 0 <= threshold <= 1:
        raise BadInput("`threshold` has to be a number from 0 to 1.")
    return float(threshold)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "auger-model", ""
    timeout = _SECONDS
    service: Service
    token = ""

    def do_GET(self) -> None:
        """Tell whether the model is there."""
        if self.path in ("/health", "/ping"):
            self._answer(200, {"status": "ok", "model_id": self.service.model_id})
        else:
            self._answer(404, {"error": "There is GET /health, POST /invocations, /predictions."})

    def do_POST(self) -> None:
        """Predict."""
        body = self._body()
        if body is None:
            return
        kind = (self.headers.get("Content-Type") or "application/json").partition(";")[0].strip()
        try:
            if self.path == "/invocations":
                self._answer(200, self.service.invoke(body, kind.lower()))
            elif self.path in ("/predictions", "/api/v1/predictions"):
                self._answer(200, self.service.predict(body))
            else:
                self._answer(404, {"error": "There is POST /invocations and /predictions."})
        except BadInput as error:
            self._answer(400, {"error": str(error)})
        except Exception:  # noqa: BLE001 - the next request may be good
            traceback.print_exc(file=sys.stderr)
            self._answer(500, {"error": "The prediction failed; the service's output says why."})

    def _body(self) -> bytes | None:
        """Return the body of a caller that may ask; else the answer is given."""
        length = self.headers.get("Content-Length") or ""
        told = (self.headers.get("Authorization") or "").encode("utf-8", "replace")
        self.close_connection = True  # what is not read would be taken for the next request
        if self.token and not hmac.compare_digest(told, f"Bearer {self.token}".encode()):
            self._answer(401, {"error": "The token is missing or wrong."})
        elif not (length.isascii() and length.isdigit()):
            self._answer(411, {"error": "The request has to have a Content-Length."})
        elif int(length) > MOST_BYTES:
            self._answer(413, {"error": f"The body has more than {MOST_BYTES:,} bytes."})
        else:
            body = self.rfile.read(int(length))
            self.close_connection = (self.headers.get("Connection") or "").lower() == "close"
            return body
        return None

    def _answer(self, status: int, content: Mapping[str, Any]) -> None:
        text = json.dumps(content, allow_nan=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text)


class Server(ThreadingHTTPServer):
    """Answers each connection in a thread of its own."""

    daemon_threads = True


def make_server(service: Service, host: str, port: int, token: str = "") -> Server:
    """Return a server that listens already; port 0 is a free one."""
    handler = type("Handler", (_Handler,), {"service": service, "token": token})
    return Server((host, port), handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the model that lies beside this file until the process is ended."""
    parser = argparse.ArgumentParser(description="Serve predictions of this model over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on; 0 is a free one")
    given = parser.parse_args(arguments)
    folder = Path(__file__).resolve().parent / "model"
    predictor = Predictor.load(folder)
    model_id = str(json.loads((folder / "model.json").read_text(encoding="utf-8"))["trial_id"])
    service = Service(predictor, model_id)
    try:
        server = make_server(service, given.host, given.port, os.environ.get(TOKEN, ""))
    except (OSError, OverflowError) as error:
        reason = f"{given.host}:{given.port} cannot be listened on: {error}"
        print(f"error: {reason}", file=sys.stderr)  # noqa: T201  (a program's answer)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    where = f"http://{given.host}:{server.server_address[1]}"
    print(f"Model {model_id} answers on {where}", flush=True)  # noqa: T201  (a program's answer)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
