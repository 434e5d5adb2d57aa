"""Ask the hub to score a deployed model on rows whose target is known (wire contract §7)."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from auger_reconcile.client.files.tables import Notice, open_table
from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.client.predict import merge_notices, open_model, refuse_threshold, wait_for
from auger_reconcile.errors import AugerError, NotFound

MOST_LETTERS = 60 * 1024**2  # a little less than a hub takes in one request
HALF_SAID = 4  # quotes, comma and blank around a value


def read_records(
    source: Path, form: str | None = None
) -> tuple[list[str], list[list[Any]], list[Notice]]:
    """Return columns, rows and notices of a whole file.

    Raises:
        AugerError: the file cannot be read as a table.
    """
    with open_table(source, form) as table:
        every = range(len(table.columns))
        rows = [row for batch in table.batches(None) for row in table.records(batch, every)]
        return table.columns, rows, table.notices


def evaluate_rows(  # noqa: PLR0913 - what an evaluation is asked with
    client: HubClient,
    model_id: str,
    columns: Sequence[str],
    records: Sequence[Sequence[Any]],
    *,
    threshold: float | None = None,
    what: str = "the data",
) -> dict[str, Any]:
    """Return how a model does on rows with their target: `scores`, `per_class` and the rest.

    Args:
        client: of the hub.
        model_id: of a deployed model.
        columns: their names; the target is among them.
        records: the rows, as texts or values of JSON.
        threshold: of the positive class of two.
        what: the data is called in errors.

    Raises:
        AugerError: the target is not there, there are too many rows, or a threshold is given and
            there are not two classes.
        HubError: the hub cannot score them, and why.
    """
    target = open_model(client, model_id, threshold=threshold).target
    if target is not None:
        refuse_without(target, columns, what)
    if sum(len(str(v)) + HALF_SAID for row in records for v in row) > MOST_LETTERS:
        raise AugerError(
            f"{what} has more rows than a hub takes at once",
            hint="a sample of them is enough",
        )
    body = {
        "pipeline_id": model_id,
        "features": list(columns),
        "records": list(records),
        "threshold": threshold,
    }
    try:
        item = client.call("POST", "evaluations", body)
    except NotFound:  # the model is there: it was looked at
        raise AugerError("this hub scores no models", hint="a hub of `auger` does") from None
    result = wait_for(client, "evaluations", item, "the model cannot be scored")
    if threshold is not None:
        refuse_threshold(len(result.get("labels") or ()))
    return {**result, "notices": merge_notices(result.get("notices") or [])}


def refuse_without(target: str, columns: Sequence[str], what: str) -> None:
    """Raise AugerError, with the nearest name, where there is no column of the truth."""
    if target in columns:
        return
    lower = {name.lower(): name for name in reversed(columns)}
    near = get_close_matches(target.lower(), lower, 1)
    raise AugerError(
        f"{what} has no column `{target}`, which holds the truth",
        hint=f"the nearest name is `{lower[near[0]]}`" if near else None,
    )
