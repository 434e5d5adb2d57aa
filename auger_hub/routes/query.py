"""Look objects up: always within the caller's organization, always with an exact total."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Select, func, select

from auger_hub.database import tables
from auger_hub.http.contract import MOST_LIMIT, PAGE_LIMIT, Call, InvalidParams, NotFound, Page

Row = TypeVar("Row", bound=tables.Base)
_MAX_ID = 2**63 - 1


def find(call: Call, table: type[Row], row_id: Any) -> Row:
    """Return the caller's object with that id; NotFound for a missing one or someone else's."""
    row = call.session.get(table, to_key(table, row_id))
    if row is None or _owner(row) != call.caller.organization_id or _is_going(call, row):
        raise NotFound(table.__name__)
    return row


def to_key(table: type[tables.Base], value: Any) -> Any:
    """Return an id as the table holds it; ids come as number or text (§5.2)."""
    if table.__table__.c.id.type.python_type is str:
        return str(value)
    number = to_int(value)
    return number if 0 <= number < _MAX_ID else -1


def rows_of(call: Call, table: type[Row], *filters: str) -> Select[Row]:
    """Select the caller's rows, narrowed by the filters that were given (null = no filter)."""
    columns = table.__table__.c
    query = select(table).where(columns.organization_id == call.caller.organization_id)
    for name in filters:
        value = call.given(name)
        if value is not None:
            is_text = columns[name].type.python_type is str
            query = query.where(columns[name] == (str(value) if is_text else to_int(value)))
    return query


def by_name(call: Call, query: Select[Row], column: Any) -> Select[Row]:
    """Narrow to the name that was asked for, if any; `_` and `-` are the same (§2).

    Clients take the first object whose name fits either way, so the one that is really called so
    comes first.
    """
    if call.given("name") is None:
        return query
    wanted = str(call.given("name"))
    fits = func.replace(column, "_", "-") == wanted.replace("_", "-")
    return query.where(fits).order_by(column != wanted)


def to_page(call: Call, query: Select[Any], describe: Callable[[Any], Mapping[str, Any]]) -> Page:
    """Return the page that `limit` and `offset` ask for (§1.5)."""
    limit, offset = page_size(call)
    unordered = query.order_by(None).subquery()
    total = call.session.scalar(select(func.count()).select_from(unordered)) or 0
    rows = call.session.scalars(query.limit(limit).offset(offset))
    return Page([describe(row) for row in rows], limit, offset, total)


def check_free(call: Call, table: type[Row], name: str, **owner: Any) -> list[tuple[str, str]]:
    """Return the complaint about a name that is taken within its owner, or none."""
    columns = table.__table__.c
    query = select(table).where(columns.name == name)
    for column, value in owner.items():
        query = query.where(columns[column] == value)
    is_taken = any(not _is_going(call, row) for row in call.session.scalars(query))
    return [("name", "has already been taken")] if is_taken else []


def refuse_any(complaints: list[tuple[str, str]]) -> None:
    """Raise InvalidParams with all complaints, if there are any."""
    if complaints:
        raise InvalidParams(*complaints)


def to_int(value: Any) -> int:
    """Return a number that may have come as text, -1 for anything else."""
    try:
        number = int(float(value) if isinstance(value, float) else str(value))
        return max(-_MAX_ID, min(number, _MAX_ID))
    except (ValueError, OverflowError):
        return -1


def page_size(call: Call) -> tuple[int, int]:
    """Return how many items a list shows, and how many it leaves out before."""
    limit, offset = call.given("limit"), call.given("offset")
    wanted = PAGE_LIMIT if limit is None else min(to_int(limit), MOST_LIMIT)
    return wanted, to_int(offset or 0)


def _is_going(call: Call, row: Any) -> bool:
    """Return whether an object is gone for its users because its project is being deleted."""
    project = row
    if hasattr(row, "project_id"):
        project = call.session.get(tables.Project, row.project_id)
    return isinstance(project, tables.Project) and project.deleting


def _owner(row: Any) -> int:
    return int(row.id if isinstance(row, tables.Organization) else row.organization_id)
