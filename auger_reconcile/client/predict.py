"""Ask a deployed model: rows of a file go to the hub in batches, the answers into a file beside it.

Wire contract §2.15 (prediction), §2.16 (actual), §3.8 and §3.9 (flows).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.rows import BATCH, UTF_8, RowFile, open_rows, texts_of
from auger_reconcile.errors import AugerError, HubError
from auger_reconcile.resources._revisions import split_extension

Notice = dict[str, Any]
"""What the hub, or this client, has to say about a prediction: code, column, count and text."""
WAITING = frozenset({"requested", "running"})
PAUSES = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)  # seconds between looks; the last one stays
OUTCOME = "actual"  # beside `prediction_id`, whatever the target is called: wire contract §2.16
TIMEOUT = 600.0  # seconds for one batch


def predict_file(  # noqa: PLR0913 - what one prediction is asked with, and who is told
    client: HubClient,
    source: Path,
    model_id: str,
    *,
    threshold: float | None = None,
    on_rows: Callable[[int], None] | None = None,
    on_notices: Callable[[list[Notice]], None] | None = None,
) -> Path:
    """Predict every row of a CSV file; return the path of the file with the predictions.

    The result is the file as it stands, with the predictions at the ends of its rows. It appears
    when it is complete, or not at all. `on_notices` is told what the hub could not read, and what
    was guessed about the file.

    Raises:
        AugerError: the file cannot be read or written, or the model is not ready.
    """
    model = client.call("GET", f"pipelines/{model_id}")
    if model.get("status") != "ready":
        told = model.get("error_message") or f"its status is `{model.get('status')}`"
        raise AugerError(f"model {model_id} cannot be asked: {told}")
    result = predicted_path(source)
    draft = result.with_name(f".{result.name}.part")
    question = _Question(client, model_id, model.get("target_feature"), threshold)
    size = None if model.get("model_type") == "timeseries" else BATCH
    try:
        with open_rows(source) as rows, draft.open("w", newline="", encoding="utf-8") as file:
            question.told.extend(_notices_of_file(rows))
            for done in _write_predicted(question, rows, file, size):
                if on_rows:
                    on_rows(done)
        draft.replace(result)
    except OSError as error:
        raise AugerError(f"`{result}` cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    if on_notices:
        on_notices(merge_notices(question.told))
    return result


def _write_predicted(
    question: _Question, rows: RowFile, file: IO[str], size: int | None
) -> Iterator[int]:
    """Write the rows as they stand with their predictions; yield how many are done."""
    header = rows.header.cells
    places = [n for n, name in enumerate(header) if name != question.target]
    delimiter, done = rows.delimiter, 0
    if rows.has_mark and rows.encoding == UTF_8:
        file.write("\ufeff")
    for batch in rows.batches(size):
        names, values = question.ask([header[n] for n in places], texts_of(batch, places))
        if not done:
            free = _free_names(names, header)
            file.write(rows.header.extended(delimiter, _cells(free, delimiter)))
        for row, added in zip(batch, values, strict=True):
            file.write(row.extended(delimiter, _cells(added, delimiter)))
        done += len(batch)
        yield done


def _free_names(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return names for the new columns that no column of the file has."""
    free = []
    for place, name in enumerate(names):
        base = f"{name}_predicted" if place == 0 and name in taken else name
        number, found = 0, base
        while found in taken:
            number += 1
            found = f"{base}.{number}"
        free.append(found)
    return free


def _cells(values: Sequence[Any], delimiter: str) -> list[str]:
    return [_quoted("" if value is None else str(value), delimiter) for value in values]


def _quoted(text: str, delimiter: str) -> str:
    if any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def _notices_of_file(rows: RowFile) -> Iterator[Notice]:
    if not rows.encoding.startswith("utf"):
        text = f"The file is no Unicode; its encoding is taken for {rows.encoding}."
        yield {"code": "encoding-guessed", "column": None, "count": None, "text": text}
    if rows.skipped:
        text = f"The first {rows.skipped} lines of the file are no rows and were skipped."
        yield {"code": "lines-skipped", "column": None, "count": rows.skipped, "text": text}


def merge_notices(notices: Sequence[Notice]) -> list[Notice]:
    """Return the notices of all batches, those of one kind as one with their counts together."""
    merged: dict[tuple[Any, Any], Notice] = {}
    for notice in notices:
        key = (notice.get("code"), notice.get("column"))
        known = merged.get(key)
        if known is not None and isinstance(notice.get("count"), int) and known.get("count"):
            count = int(known["count"]) + int(notice["count"])
            text = re.sub(r"^[\d,]+ rows?\b", f"{count:,} rows", str(notice.get("text")))
            notice = {**notice, "count": count, "text": text}  # noqa: PLW2901
        merged[key] = notice
    return list(merged.values())


def send_actuals(client: HubClient, source: Path, model_id: str) -> int:
    """Send the rows of a CSV file as what really happened; return how many there were.

    Raises:
        AugerError: the file cannot be read, or has no column with the outcome.
    """
    target = client.call("GET", f"pipelines/{model_id}").get("target_feature")
    sent = 0
    with open_rows(source) as rows:
        columns = rows.header.cells
        if target and not {str(target), OUTCOME}.intersection(columns):
            raise AugerError(
                f"`{source}` has no column `{target}`, which holds what really happened",
                hint=f"with `prediction_id`, the column may be called `{OUTCOME}`",
            )
        for batch in rows.batches():
            actuals = texts_of(batch, range(len(columns)))
            body = {
                "pipeline_id": model_id,
                "actual_column_names": columns,
                "actuals": actuals,
            }
            client.call("POST", "actuals", body)
            sent += len(batch)
    return sent


def predicted_path(source: Path) -> Path:
    """Return where predictions go: `<file>_predicted.csv` beside the input.

    Raises:
        AugerError: the path names no file, as `.` does.
    """
    if not source.name:
        raise AugerError(f"`{source}` is a folder, not a file with rows")
    return source.with_name(f"{split_extension(source.name)[0]}_predicted.csv")


@dataclass
class _Question:
    """What a model is asked, batch after batch; `told` are the notices of its answers."""

    client: HubClient
    model_id: str
    target: str | None
    threshold: float | None
    told: list[Notice] = field(default_factory=list)

    def ask(self, columns: list[str], records: list[list[Any]]) -> tuple[list[str], list[Any]]:
        """Return the names and, row by row, the values that the model adds to the columns."""
        body = {
            "pipeline_id": self.model_id,
            "features": columns,
            "records": records,
            "threshold": self.threshold,
            "no_features_in_result": True,
        }
        result = self._wait(self.client.call("POST", "predictions", body))
        self.told.extend(one for one in result.get("notices") or [] if isinstance(one, dict))
        names = list(result["columns"])
        start = _first_added(names, columns, self.target)
        return names[start:], [row[start:] for row in result["data"]]

    def _wait(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a prediction when it is there."""
        deadline = time.monotonic() + TIMEOUT
        looks = 0
        while item.get("status") in WAITING:
            if time.monotonic() > deadline:
                raise HubError(f"prediction {item['id']} did not end within {TIMEOUT:.0f} s")
            time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1
            item = self.client.call("GET", f"predictions/{item['id']}")
        result = item.get("result")
        if item.get("status") != "done" or not isinstance(result, dict) or "data" not in result:
            told = item.get("error_message") or f"its status is `{item.get('status')}`"
            raise HubError(f"the model gave no prediction: {told}")
        return result


def _first_added(names: Sequence[str], sent: Sequence[str], target: str | None) -> int:
    """Return where the answer's own columns begin: hubs of before hand the sent ones through.

    The prediction is the first of them; the target was not sent.
    """
    if target in names:
        return len(names) - 1 - list(names)[::-1].index(str(target))
    start = 1 if names[:1] == ["prediction_id"] else 0
    return start + len(sent) if list(names[start : start + len(sent)]) == list(sent) else start
