"""Ask a deployed model: rows of a file go to the hub in batches, the answers into a file beside it.

Wire contract §2.15 (prediction), §2.16 (actual), §3.8 and §3.9 (flows).
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.rows import read_batches
from auger_reconcile.errors import AugerError, HubError
from auger_reconcile.resources._revisions import split_extension

WAITING = frozenset({"requested", "running"})
PAUSES = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)  # seconds between looks; the last one stays
OUTCOME = "actual"  # beside `prediction_id`, whatever the target is called: wire contract §2.16
TIMEOUT = 600.0  # seconds for one batch


def predict_file(
    client: HubClient,
    source: Path,
    model_id: str,
    *,
    threshold: float | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> Path:
    """Predict every row of a CSV file; return the path of the file with the predictions.

    The result appears when it is complete, or not at all.

    Raises:
        AugerError: the file cannot be read or written, or the model is not ready.
    """
    model = client.call("GET", f"pipelines/{model_id}")
    if model.get("status") != "ready":
        told = model.get("error_message") or f"its status is `{model.get('status')}`"
        raise AugerError(f"model {model_id} cannot be asked: {told}")
    result = predicted_path(source)
    draft = result.with_name(f".{result.name}.part")
    try:
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            done = 0
            for columns, rows in read_batches(source, drop=model.get("target_feature")):
                answer = _ask(client, model_id, columns, rows, threshold)
                if not done:
                    writer.writerow(_without_ids(answer["columns"], answer["columns"]))
                for row in answer["data"]:
                    writer.writerow(_without_ids(answer["columns"], row))
                done += len(rows)
                if on_rows:
                    on_rows(done)
        draft.replace(result)
    except OSError as error:
        raise AugerError(f"`{result}` cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return result


def send_actuals(client: HubClient, source: Path, model_id: str) -> int:
    """Send the rows of a CSV file as what really happened; return how many there were.

    Raises:
        AugerError: the file cannot be read, or has no column with the outcome.
    """
    target = client.call("GET", f"pipelines/{model_id}").get("target_feature")
    sent = 0
    for columns, rows in read_batches(source):
        if target and not {str(target), OUTCOME}.intersection(columns):
            raise AugerError(
                f"`{source}` has no column `{target}`, which holds what really happened",
                hint=f"with `prediction_id`, the column may be called `{OUTCOME}`",
            )
        body = {"pipeline_id": model_id, "actual_column_names": columns, "actuals": rows}
        client.call("POST", "actuals", body)
        sent += len(rows)
    return sent


def predicted_path(source: Path) -> Path:
    """Return where predictions go: `<file>_predicted.csv` beside the input.

    Raises:
        AugerError: the path names no file, as `.` does.
    """
    if not source.name:
        raise AugerError(f"`{source}` is a folder, not a file with rows")
    return source.with_name(f"{split_extension(source.name)[0]}_predicted.csv")


def _ask(
    client: HubClient,
    model_id: str,
    columns: list[str],
    rows: list[list[Any]],
    threshold: float | None,
) -> dict[str, Any]:
    """Return the columns and rows of the answer to one batch."""
    body = {"pipeline_id": model_id, "features": columns, "records": rows, "threshold": threshold}
    item = client.call("POST", "predictions", body)
    deadline = time.monotonic() + TIMEOUT
    looks = 0
    while item.get("status") in WAITING:
        if time.monotonic() > deadline:
            raise HubError(f"prediction {item['id']} did not end within {TIMEOUT:.0f} s")
        time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
        item = client.call("GET", f"predictions/{item['id']}")
    result = item.get("result")
    if item.get("status") != "done" or not isinstance(result, dict) or "data" not in result:
        told = item.get("error_message") or f"its status is `{item.get('status')}`"
        raise HubError(f"the model gave no prediction: {told}")
    return result


def _without_ids(columns: Sequence[str], row: Sequence[Any]) -> list[Any]:
    """Return a row without `prediction_id`, which older hubs put in front."""
    return [value for name, value in zip(columns, row, strict=True) if name != "prediction_id"]
