"""The data contract: how the columns of new data differ from those of the revision before.

Pure: it compares what the hub tells of two data sets, or of one and the header of a local file. The
header tells names alone; types and values are known when the hub has read the data, which is before
anything is trained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from auger_reconcile.resources.files.project_file import DatasetObject
from auger_reconcile.resources.search.account import Notice

WARN, REFUSE = "warn", "refuse"
_DATATYPES = {"integer": "number", "double": "number", "datetime": "date", "string": "names"}
_NAMES = {"category": "names", "text": "names"}
_LISTED = 3


def compare_header(before: DatasetObject, header: Sequence[str] | None) -> tuple[Notice, ...]:
    """Return which columns are gone or new by the header of a file; () where it tells nothing."""
    if header is None or not before.columns:
        return ()
    return tuple(_compare_names([name for name, _ in before.columns], header))


def compare_tables(before: DatasetObject, after: DatasetObject) -> tuple[Notice, ...]:
    """Return which columns are gone, new, of another type, or have new values.

    Nothing is compared with a data set that the hub has not read.
    """
    if not before.columns or not after.columns:
        return ()
    old, new = _described(before), _described(after)
    changes = [*_compare_names(old, new)]
    for name in old:
        if name in new:
            changes += _compare_column(name, old[name], new[name])
    return tuple(changes)


def breaks(changes: Iterable[Notice]) -> list[Notice]:
    """Return the changes that do not fit; a further column does."""
    return [change for change in changes if change.code != "column-added"]


def last_accepted(revisions: Sequence[DatasetObject]) -> DatasetObject | None:
    """Return the newest revision that was not refused: later data is compared with that one.

    One that does not fit the accepted one before it was refused, unless something was trained on it
    all the same: then its misfit was allowed.
    """
    learned_from = [place for place, one in enumerate(revisions) if one.is_learned_from]
    accepted = None
    for one in revisions[learned_from[-1] if learned_from else 0 :]:
        if accepted is None or (one.columns and not breaks(compare_tables(accepted, one))):
            accepted = one
    return accepted


def say_breach(changes: Iterable[Notice]) -> str:
    """Return in words why nothing is trained on new data."""
    told = "; ".join(change.text.rstrip(".") for change in breaks(changes))
    why = f"the new data does not fit, and `on_schema_change` is `refuse`: {told}"
    return f"{why} (`warn` lets it pass)"


def _compare_names(old: Collection[str], new: Collection[str]) -> Iterator[Notice]:
    known, found = frozenset(old), frozenset(new)
    for name in old:
        if name not in found:
            yield Notice("column-gone", f"The new data has no column `{name}`.", name)
    for name in new:
        if name not in known:
            yield Notice("column-added", f"The new data has a further column, `{name}`.", name)


def _compare_column(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Notice]:
    before, after = old["type"], new["type"]
    if before != after:
        text = f"Column `{name}` was read as {before}, and now is as {after}."
        yield Notice("type-changed", text, name)
        return
    values = sorted(new["values"] - old["values"])
    if before == "names" and old["values"] and values:
        listed = ", ".join(f"`{value}`" for value in values[:_LISTED])
        listed += ", ..." if len(values) > _LISTED else ""
        text = f"Column `{name}` has values that it did not have before: {listed}."
        yield Notice("new-categories", text, name, len(values))


def _described(found: DatasetObject) -> dict[str, dict[str, Any]]:
    """Return name to type and values of each column."""
    statistics = found.statistics or {}
    schema = (statistics.get("schema") or {}).get("columns") or ()
    types = {str(column.get("name")): str(column.get("type")) for column in schema}
    described = {}
    for column in statistics.get("stat_data") or ():
        name = str(column.get("column_name"))
        kind = types.get(name) or _DATATYPES.get(str(column.get("orig_datatype")), "names")
        counts = column.get("value_counts")
        values = frozenset(counts) if isinstance(counts, Mapping) else frozenset()
        described[name] = {"type": _NAMES.get(kind, kind), "values": values}
    return described
