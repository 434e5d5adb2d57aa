"""Write the table of a data set that is made of another one and of what really happened to rows.

Rows that were asked and their true values are typed by the other one's schema, and follow its own
rows. What cannot be joined is left out and told, with its count.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from auger_hub.data.notices import Notice, rows, to_dicts
from auger_hub.database.tables import Actual, ExperimentSession, Pipeline, Prediction, ProjectFile
from auger_hub.processes.job_process import Impossible, Workplace
from auger_hub.review.actuals_by_prediction import of_predictions
from auger_hub.review.score_job import read_sent
from auger_hub.runs.again import condition
from auger_hub.runs.run_row import options_of
from auger_hub.timestamps import moment

if TYPE_CHECKING:
    import pandas as pd

    from auger_hub.data.schema import TableSchema

_TRUTH = "actual"


def write_joined(place: Workplace, row: ProjectFile, bucket: str) -> list[dict[str, Any]]:
    """Write the table of a data set under its key; return notices.

    Raises:
        Impossible: the other data set is gone, or cannot be read.
    """
    from auger_hub.data.files.unreadable import UnreadableData
    from auger_hub.data.read import read_with_schema
    from auger_hub.data.schema import Declared, TableSchema
    from auger_hub.data.table import Reading

    made_of: dict[str, Any] = row.made_of or {}
    with place.database.read() as session:
        base = session.get(ProjectFile, made_of["project_file_id"])
    if base is None:
        raise Impossible("the data set that actuals are joined with was deleted")
    path = place.stored_path(base.organization_id, base.key)
    known = (base.statistics or {}).get("schema")
    schema = TableSchema.from_dict(known) if known else None
    try:
        reading = Reading(schema, Declared.from_dict(base.declared_schema))
        frame, schema = read_with_schema(path, reading, base.name)
    except UnreadableData as error:
        raise Impossible(str(error)) from error
    joined, lost = _join(place, made_of, frame, schema)
    with place.storage.place(bucket, row.key) as target:
        _write(joined, target)
    return to_dicts(_tell(len(joined) - len(frame), lost, base.name))


def _tell(added: int, lost: int, name: str) -> Iterator[Notice]:
    text = f"{rows(added)} of actuals follow those of {name}"
    yield Notice("actuals-joined", text, count=added)
    if lost:
        text = f"{rows(lost)} of actuals had no true value, or are of questions that were not kept"
        yield Notice("actuals-left-out", text, count=lost)


def _join(
    place: Workplace, made_of: dict[str, Any], frame: pd.DataFrame, schema: TableSchema
) -> tuple[pd.DataFrame, int]:
    """Return the table with the rows of actuals below, and how many of these were left out."""
    import pandas as pd

    parts, lost = [frame], 0
    for actual, run in _wanted(place, made_of):
        target = options_of(run).get("targetFeature")
        try:
            columns, records = _rows_of(place, actual, run)
        except Impossible:
            lost += actual.scored_count
            continue
        if target not in columns and _TRUTH in columns:
            columns = [str(target) if name == _TRUTH else name for name in columns]
        part = _typed(columns, records, schema)
        told = part[part[target].notna()] if target in part else part[:0]
        lost += len(part) - len(told)
        parts.append(told)
    return pd.concat([one for one in parts if len(one)], ignore_index=True), lost


def _wanted(
    place: Workplace, made_of: dict[str, Any]
) -> Iterator[tuple[Actual, ExperimentSession]]:
    since, until = made_of["since"], moment(made_of["until"])
    wanted = condition(made_of["experiment_id"], moment(since) if since else None, until)
    with place.database.read() as session:
        ids = list(session.scalars(select(Actual.id).where(*wanted).order_by(Actual.id)))
    for number in ids:
        with place.database.read() as session:
            actual = session.get(Actual, number)
            pipeline = session.get(Pipeline, actual.pipeline_id) if actual else None
            of = pipeline.experiment_session_id if pipeline else None
            run = session.get(ExperimentSession, of) if of else None
        if actual is not None and run is not None:
            yield actual, run


def _rows_of(
    place: Workplace, actual: Actual, run: ExperimentSession
) -> tuple[list[str], list[list[Any]]]:
    """Return the rows with their features, also of actuals that only name predictions."""
    columns, records = read_sent(place, actual)
    among = Prediction.project_id == run.project_id
    needed = [str(name) for name in run.model_settings.get("featureColumns") or []]
    return of_predictions(place.database, among, needed, columns, records)[:2]


def _typed(columns: list[str], records: list[list[Any]], schema: TableSchema) -> pd.DataFrame:
    import pandas as pd

    from auger_hub.data.text.typed import to_column

    places = {name: number for number, name in enumerate(columns)}
    typed = {
        column.name: to_column([one[places[column.name]] for one in records], column, schema)
        for column in schema.columns
        if column.name in places
    }
    return pd.DataFrame(typed, index=range(len(records))).reindex(columns=schema.names)


def _write(frame: pd.DataFrame, target: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("joined", frame)
        connection.execute(f"COPY (FROM joined) TO '{_quoted(target)}' (FORMAT parquet)")


def _quoted(target: Path) -> str:
    return str(target).replace("'", "''")
