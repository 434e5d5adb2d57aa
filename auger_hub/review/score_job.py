"""Child process: score what really happened against what the model says (wire contract §2.16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from auger_hub.database.tables import Actual, Pipeline, Trial
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.review.actuals_by_prediction import (
    NOT_NAMED,
    among_those_of,
    days_of,
    of_predictions,
)
from auger_hub.review.alerts import review_alerts
from auger_hub.review.observations import segments_of
from auger_hub.review.performance import LEFT_OUT
from auger_hub.review.repeated_actuals import replace_earlier
from auger_hub.review.scoring import score_rows, sent_table, table_of
from auger_hub.store.source_logins import without_login
from auger_hub.store.sources import fetch_source

if TYPE_CHECKING:
    from auger_hub.models.predict import Predictor

_SEGMENTS = 40  # that are scored, of one day


def score(place: Workplace, row_id: str) -> None:
    """Score the rows one client sent at once; the day's performance is made of these."""
    from auger_hub.models.predict import Predictor

    with place.database.read() as session:
        row = session.get(Actual, int(row_id))
        if row is None or row.status != "waiting":
            return
        pipeline = session.get_one(Pipeline, row.pipeline_id)
        trial = session.get(Trial, pipeline.trial_id) if pipeline.trial_id else None
        among = among_those_of(session, pipeline)
    if trial is None:
        raise Impossible("there is no model here to score")
    predictor = Predictor.load(place.models.find(pipeline.id, pipeline.package_digest))
    columns, records = read_sent(place, row)
    sent = (columns, records)
    find_days = partial(days_of, place.database, among, columns, records)
    days = _by_day(row, find_days, predictor, columns, records)
    columns, records, unmatched = of_predictions(
        place.database, among, predictor.needed, columns, records
    )
    judge = _Judge(predictor, trial, columns, records, segments_of(pipeline), unmatched)
    scored = [judge.score_day(happened_at, numbers) for happened_at, numbers in days.items()]
    if all(day.message for day in scored):
        raise Impossible(scored[0].message)
    with place.database.write() as session:
        found = session.get(Actual, int(row_id))
        if found is not None and found.status == "waiting" and found.rows == row.rows:
            replace_earlier(session, found, *sent)
            _store(session, found, scored)
            review_alerts(session, place.models, pipeline.id)


@dataclass(frozen=True)
class _Day:
    """The rows of one day, by their numbers, and how the model did."""

    happened_at: datetime
    numbers: list[int]
    value: float | None
    count: int
    message: str
    segments: dict[str, Any]
    left_out: dict[str, int]


def _by_day(
    row: Actual,
    find_days: Callable[[], dict[int, datetime]],
    predictor: Predictor,
    columns: list[str],
    records: list[list[Any]],
) -> dict[datetime, list[int]]:
    """Return the numbers of the rows of each day.

    It is told by `actual_date_column`, else by `actuals_at`, else by the prediction that the row
    names, however late its truth comes, else all rows are of the day they came.
    """
    name = row.details.get("actual_date_column")
    if name is None or not records:
        is_dated = row.details.get("is_dated", False)
        known = {} if is_dated else find_days()
        days: dict[datetime, list[int]] = {}
        for number in range(len(records)):
            days.setdefault(known.get(number, row.happened_at), []).append(number)
        return days or {row.happened_at: []}
    if name not in columns:
        raise Impossible(f"there is no column `{name}`, although it is the `actual_date_column`")
    import pandas as pd

    from auger_hub.data.schema import DATE, ColumnSchema
    from auger_hub.data.text.typed import to_column

    column = predictor.schema.column(name)
    if column is None or column.type != DATE:
        column = ColumnSchema(name, DATE)
    texts = [record[columns.index(name)] for record in records]
    dates = to_column(texts, column, predictor.schema).dt.normalize()
    days = {}
    for number, date in enumerate(dates):
        day = row.happened_at if pd.isna(date) else date.to_pydatetime()
        days.setdefault(day, []).append(number)
    return days


@dataclass(frozen=True)
class _Judge:
    """Scores some of the rows that a client sent, by the numbers of these."""

    predictor: Predictor
    trial: Trial
    columns: list[str]
    records: list[list[Any]]
    segments: list[str]
    unmatched: set[int]

    def score_day(self, happened_at: datetime, numbers: list[int]) -> _Day:
        """Score the rows of one day, and of its segments."""
        matched = [number for number in numbers if number not in self.unmatched]
        lost = len(numbers) - len(matched)
        if numbers and not matched:
            return _Day(happened_at, numbers, None, 0, NOT_NAMED, {}, {})
        value, count, message, left_out = self._score(matched)
        if lost:
            left_out = {**left_out, "whose prediction is not known": lost}
        segments = {} if message else self._score_segments(matched)
        return _Day(happened_at, numbers, value, count, message, segments, left_out)

    def _score(self, numbers: list[int]) -> tuple[float | None, int, str, dict[str, int]]:
        """Return the score of some rows, how many have one, why none has, and why others have not.

        The others are counted by the reason.
        """
        from auger_hub.models.predict import BadInput

        records = [self.records[number] for number in numbers]
        try:
            result = score_rows(self.predictor, self.columns, records)
        except BadInput as error:
            return None, 0, str(error), {}
        scores = result["scores"]
        value = scores.get(self.trial.score_name, scores.get("accuracy", scores.get("r2")))
        return value, result["count"], "", result["left_out"]

    def _score_segments(self, numbers: list[int]) -> dict[str, Any]:
        """Return score and number of rows by segment, of those that have a score."""
        from auger_hub.data.text.typed import to_frame
        from auger_hub.models.profile import groups_of

        names = [name for name in self.segments if name in self.columns]
        places = {name: self.columns.index(name) for name in names}
        values = {name: [self.records[n][at] for n in numbers] for name, at in places.items()}
        typed = to_frame(values, self.predictor.schema, names)
        by_segment = {
            f"{name}={value}": [numbers[row] for row in rows]
            for name in names
            for value, rows in groups_of(typed[name])
        }
        told = {}
        for segment, some in list(by_segment.items())[:_SEGMENTS]:
            score, count, *_ = self._score(some)
            if score is not None:
                told[segment] = [score, count]
        return told


def _store(session: Session, row: Actual, scored: list[_Day]) -> None:
    """Make one row of each day, so that each is deleted and shown by its own date."""
    sent = list(row.rows)
    if "actuals_path" in row.details:  # it was read: who may read it is forgotten
        path = without_login(str(row.details["actuals_path"]))
        row.details = {**row.details, "actuals_path": path}
    for day in scored:
        if day is not scored[0]:
            row = Actual(
                organization_id=row.organization_id,
                pipeline_id=row.pipeline_id,
                details=row.details,
                created_at=row.created_at,
            )
            session.add(row)
        row.rows = [sent[number] for number in day.numbers] if sent else []
        row.status = "error" if day.message else "scored"
        row.error_message = day.message or None
        row.score, row.scored_count, row.happened_at = day.value, day.count, day.happened_at
        row.segment_scores = day.segments or None
        row.details = {**row.details, LEFT_OUT: day.left_out}
    session.flush()


def read_sent(place: Workplace, row: Actual) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of whatever form the client sent."""
    from auger_hub.data.files.unreadable import UnreadableData

    path = row.details.get("actuals_path")
    if path is not None and not row.rows:
        bucket = place.bucket(row.organization_id)
        try:
            with fetch_source(place.storage, bucket, str(path), place.settings) as source:
                return table_of(source)
        except UnreadableData as error:
            raise Impossible(str(error)) from error
    return sent_table(row.rows, row.details.get("actual_column_names"))


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("score", score)
