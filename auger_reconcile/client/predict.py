"""Ask a deployed model: rows of a file go to the hub in batches, the answers into a file beside it.

Wire contract §2.15 (prediction), §2.16 (actual), §3.8 and §3.9 (flows).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from auger_reconcile.client.files.json_values import to_json_value
from auger_reconcile.client.files.rows import BATCH
from auger_reconcile.client.files.tables import (
    Notice,
    Table,
    Writer,
    format_named,
    format_of,
    open_table,
    predicted_path,
)
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.delimited import unique_names
from auger_reconcile.errors import AugerError, HubError

WAITING = frozenset({"requested", "running"})
PAUSES = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)  # seconds between looks; the last one stays
OUTCOME = "actual"  # beside `prediction_id`, whatever the target is called: wire contract §2.16
EXPLAINED = 50  # rows that a hub explains at once: each may take a thousand predictions
CONTRIBUTION = "contribution_"
TIMEOUT = 600.0  # seconds for one batch


class Frame(Protocol):
    """What is needed of a data frame of pandas, which is not imported here."""

    @property
    def columns(self) -> Any:
        """Names of the columns."""

    @property
    def index(self) -> Any:
        """Labels of the rows."""

    @property
    def iloc(self) -> Any:
        """Values by place."""


FrameT = TypeVar("FrameT", bound=Frame)


class Asker(Protocol):
    """What a model is asked through: a hub, or its export on this machine."""

    @property
    def target(self) -> str | None:
        """The column that it predicts."""

    @property
    def size(self) -> int | None:
        """How many rows it is asked about at a time; None for all."""

    @property
    def told(self) -> list[Notice]:
        """The notices of its answers so far."""

    def ask(self, columns: list[str], records: list[list[Any]]) -> tuple[list[str], list[Any]]:
        """Return the names and, row by row, the values that the model adds to the columns."""


def predict_file(  # noqa: PLR0913 - what one prediction is asked with, and who is told
    asker: Asker,
    source: Path,
    *,
    form: str | None = None,
    to: Path | None = None,
    on_rows: Callable[[int], None] | None = None,
    on_notices: Callable[[list[Notice]], None] | None = None,
) -> Path:
    """Predict every row of a file; return the path of the file with the predictions.

    The result is the file as it stands, with the predictions at the ends of its rows. It appears
    when it is complete, or not at all.

    Args:
        asker: the model.
        source: CSV, JSON, Parquet or .xlsx.
        form: one of `FORMATS`; by default what the name of the file says.
        to: the result; by default it is beside the file.
        on_rows: told how many rows are done.
        on_notices: told what the model could not read, and what was guessed about the file.

    Raises:
        AugerError: the file cannot be read or written, or the model is not ready.
    """
    result = to or predicted_path(source, form)
    refuse_replacing(source, result, form)
    draft = result.with_name(f".{result.name}.part")
    try:
        with open_table(source, form) as table, _writing(table, draft, result) as writer:
            for done in _write_predicted(asker, table, writer):
                if on_rows:
                    on_rows(done)
            asker.told[:0] = table.notices
        draft.replace(result)
    except OSError as error:
        raise AugerError(f"`{result}` cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    if on_notices:
        on_notices(merge_notices(asker.told))
    return result


def refuse_replacing(source: Path, result: Path, form: str | None) -> None:
    """Raise AugerError for a result in place of its input, or with the name of another format."""
    if result.exists() and source.exists() and result.samefile(source):
        raise AugerError(f"`{result}` is what is predicted: the result needs another name")
    written, named = form or format_of(source), format_named(result)
    if named not in (None, written):
        why = ", as was asked for" if form else " as its input"
        raise AugerError(
            f"`{result}` is named as {named}, and the result is {written}{why}",
            hint=f"its name may end with `.{written}`",
        )


@contextmanager
def _writing(table: Table, draft: Path, result: Path) -> Iterator[Writer]:
    """Open what writes the result; that it cannot be is no fault of the file that is read."""
    with ExitStack() as stack:
        try:
            writer = stack.enter_context(table.writing(draft))
        except OSError as error:
            raise AugerError(f"`{result}` cannot be written: {error.strerror}") from None
        yield writer


def _write_predicted(asker: Asker, table: Table, writer: Writer) -> Iterator[int]:
    """Write the rows as they stand with their predictions; yield how many are done."""
    known = unique_names(table.columns)
    places, done = _asked_with(asker, known), 0
    told = [n for n in range(len(known)) if n not in places]
    is_truth = False
    for batch in table.batches(asker.size):
        names, values = asker.ask([known[n] for n in places], table.records(batch, places))
        is_truth = is_truth or (not done and _are_truths(table.records(batch, told)))
        writer.write(batch, _free_names(names, table.columns), _answered(values, is_truth=is_truth))
        done += len(batch)
        yield done


def predict_frame(
    asker: Asker,
    frame: FrameT,
    *,
    on_rows: Callable[[int], None] | None = None,
    on_notices: Callable[[list[Notice]], None] | None = None,
) -> FrameT:
    """Return a copy of a data frame of pandas with the predictions behind its columns.

    Index and columns stay as they are; `attrs["notices"]` has the notices.
    """
    columns, records = records_of(frame)
    known = unique_names(columns)
    places = _asked_with(asker, known)
    sent = [[record[n] for n in places] for record in records]
    size = asker.size or max(1, len(sent))
    names: list[str] = []
    added: list[list[Any]] = []
    for start in range(0, max(1, len(sent)), size):
        names, rows = asker.ask([known[n] for n in places], sent[start : start + size])
        added += rows
        if on_rows:
            on_rows(len(added))
    told = [[record[n] for n in range(len(known)) if n not in places] for record in records]
    added = _answered(added, is_truth=_are_truths(told))
    predicted: Any = copy(frame)
    for place, name in enumerate(_free_names(names, columns)):
        predicted[name] = [row[place] for row in added]
    predicted.attrs["notices"] = merge_notices(asker.told)
    if on_notices:
        on_notices(predicted.attrs["notices"])
    return cast("FrameT", predicted)


def records_of(frame: Frame) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and the rows of a data frame as a request carries them.

    Raises:
        AugerError: it is none.
    """
    if not all(hasattr(frame, name) for name in ("columns", "index", "iloc")):
        raise AugerError(
            f"rows come from the path of a file or a data frame, not from `{frame!r:.40}`"
        )
    columns = [str(name) for name in frame.columns]
    if not columns:
        return [], [[] for _ in range(len(frame.index))]
    values = (map(to_json_value, frame.iloc[:, n].tolist()) for n in range(len(columns)))
    return columns, [list(row) for row in zip(*values, strict=True)]


def _asked_with(asker: Asker, columns: Sequence[str]) -> list[int]:
    """Return the places of the columns that are sent: all but the target."""
    return [n for n, name in enumerate(columns) if name != asker.target]


def _are_truths(told: Sequence[Sequence[Any]]) -> bool:
    """Tell rows whose target is there as truth values, not as their names."""
    values = [value for row in told for value in row if value is not None]
    return bool(values) and all(isinstance(value, bool) for value in values)


def _answered(rows: list[Any], *, is_truth: bool) -> list[Any]:
    """Return what was predicted, in the type that the rows have their target in."""
    truths = {"true": True, "false": False, "none": None}
    if not is_truth or not all(row and str(row[0]).lower() in truths for row in rows):
        return rows
    return [[truths[str(row[0]).lower()], *row[1:]] for row in rows]


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


def send_actuals(
    client: HubClient,
    source: Path | Frame,
    model_id: str,
    on_notices: Callable[[list[Notice]], None] | None = None,
) -> int:
    """Send rows as what really happened; return how many there were.

    Args:
        client: of the hub.
        source: a file of CSV, JSON, Parquet or .xlsx; or a data frame of pandas.
        model_id: of the deployed model.
        on_notices: told what was guessed about the file, and what the hub had already.

    Raises:
        AugerError: the file cannot be read, has no rows, or no column with the outcome.
    """
    if isinstance(source, Path):
        with open_table(source) as table:
            every = range(len(table.columns))
            parts = (table.records(batch, every) for batch in table.batches(BATCH))
            sent, told = _send_parts(client, model_id, f"`{source}`", (table.columns, parts))
            told = [*table.notices, *told]
    else:
        columns, records = records_of(source)
        cut = (records[start : start + BATCH] for start in range(0, len(records), BATCH))
        sent, told = _send_parts(client, model_id, "the data", (columns, cut))
    if on_notices:
        on_notices(told)
    return sent


def _send_parts(
    client: HubClient, model_id: str, what: str, rows: tuple[list[str], Iterator[list[list[Any]]]]
) -> tuple[int, list[Notice]]:
    """Send columns and batches of rows; return how many rows there were, and notices."""
    columns, parts = rows
    target = client.call("GET", f"pipelines/{model_id}").get("target_feature")
    if target and not {str(target), OUTCOME}.intersection(columns):
        raise AugerError(
            f"{what} has no column `{target}`, which holds what really happened",
            hint=f"with `prediction_id`, the column may be called `{OUTCOME}`",
        )
    sent, told = 0, list[Notice]()
    for number, part in enumerate(parts):
        body = {
            "pipeline_id": model_id,
            "actual_column_names": columns,
            "actuals": part,
            "part": number,
        }
        told += client.call("POST", "actuals", body).get("notices") or []
        sent += len(part)
    if not sent:
        raise AugerError(f"{what} has no rows below its header")
    return sent, merge_notices(told)


def open_model(
    client: HubClient,
    model_id: str,
    *,
    threshold: float | None = None,
    proba: bool = False,
    explain: bool = False,
) -> HubModel:
    """Return a deployed model to ask.

    Raises:
        AugerError: it is not ready, predicts numbers where probabilities or a threshold are wanted,
            or is a forecast that is to be explained.
    """
    model = client.call("GET", f"pipelines/{model_id}")
    if model.get("status") != "ready":
        told = model.get("error_message") or f"its status is `{model.get('status')}`"
        raise AugerError(f"model {model_id} cannot predict: {told}")
    kind = model.get("model_type")
    if proba and kind in ("regression", "timeseries"):
        raise AugerError(f"model {model_id} predicts numbers, which have no probabilities")
    if threshold is not None and kind in ("regression", "timeseries"):
        raise AugerError(f"model {model_id} predicts numbers, which need no threshold")
    if explain and kind == "timeseries":
        raise AugerError(f"model {model_id} forecasts: no row of it is explained by itself")
    size = None if kind == "timeseries" else EXPLAINED if explain else BATCH
    target = model.get("target_feature")
    return HubModel(client, model_id, target, threshold, proba, size, explain=explain)


@dataclass
class HubModel:
    """A deployed model, asked batch after batch."""

    client: HubClient
    model_id: str
    target: str | None
    threshold: float | None = None
    proba: bool = False
    size: int | None = BATCH
    explain: bool = False
    told: list[Notice] = field(default_factory=list)

    def ask(self, columns: list[str], records: list[list[Any]]) -> tuple[list[str], list[Any]]:
        """Return the names and, row by row, the values that the model adds to the columns."""
        body = {
            "pipeline_id": self.model_id,
            "features": columns,
            "records": records,
            "threshold": self.threshold,
            "no_features_in_result": True,
            **({"proba": True} if self.proba else {}),
            **({"explain": True} if self.explain else {}),
        }
        result = wait_for(self.client, "predictions", self.client.call("POST", "predictions", body))
        if "data" not in result:
            raise HubError("the model gave no prediction: its answer has no data")
        self.told.extend(one for one in result.get("notices") or [] if isinstance(one, dict))
        names = list(result["columns"])
        start = _first_added(names, columns, self.target)
        if self.threshold is not None:
            refuse_threshold(sum(name.startswith("proba_") for name in names[start:]))
        if self.proba and len(names) - start < 2:
            raise HubError(
                "this hub adds no probabilities by themselves", hint="with `--threshold`, it may"
            )
        if self.explain and not any(name.startswith(CONTRIBUTION) for name in names[start:]):
            raise HubError("this hub explains no predictions")
        return names[start:], [row[start:] for row in result["data"]]


def refuse_threshold(classes: int) -> None:
    """Raise AugerError where a threshold would decide nothing: there are more than two classes."""
    if classes > 2:
        raise AugerError(
            f"a threshold decides between two classes, and the model tells {classes} apart",
            hint="`--proba` adds the probability of each class",
        )


def wait_for(
    client: HubClient, path: str, item: dict[str, Any], failed: str = "the model gave no prediction"
) -> dict[str, Any]:
    """Return the result of a question to a model when it is there; `failed` begins the error."""
    deadline = time.monotonic() + TIMEOUT
    looks = 0
    while item.get("status") in WAITING:
        if time.monotonic() > deadline:
            raise HubError(f"{failed}: {item['id']} did not end within {TIMEOUT:.0f} s")
        time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
        item = client.call("GET", f"{path}/{item['id']}")
    result = item.get("result")
    if item.get("status") != "done" or not isinstance(result, dict):
        told = item.get("error_message") or f"its status is `{item.get('status')}`"
        raise HubError(f"{failed}: {told}")
    return result


def _first_added(names: Sequence[str], sent: Sequence[str], target: str | None) -> int:
    """Return where the answer's own columns begin: hubs of before hand the sent ones through.

    The prediction is the first of them; the target was not sent.
    """
    if target in names:
        return len(names) - 1 - list(names)[::-1].index(str(target))
    start = 1 if names[:1] == ["prediction_id"] else 0
    return start + len(sent) if list(names[start : start + len(sent)]) == list(sent) else start
