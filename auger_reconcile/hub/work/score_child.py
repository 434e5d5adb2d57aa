"""Child process: scores what really happened against what the model says (wire contract §2.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auger_reconcile.hub.database.tables import Actual, Pipeline, Trial
from auger_reconcile.hub.review import open_alerts
from auger_reconcile.hub.work.child import Impossible, Workplace, run_child
from auger_reconcile.hub.work.sources import fetch_source

if TYPE_CHECKING:
    from auger_reconcile.hub.models.predict import Predictor


def score(place: Workplace, row_id: str) -> None:
    """Score the rows one client sent at once; the day's performance is made of these."""
    from auger_reconcile.hub.models.predict import BadInput, Predictor
    from auger_reconcile.hub.work.scoring import score_rows

    with place.database.read() as session:
        row = session.get(Actual, int(row_id))
        if row is None or row.status != "waiting":
            return
        pipeline = session.get_one(Pipeline, row.pipeline_id)
        trial = session.get(Trial, pipeline.trial_id) if pipeline.trial_id else None
    folder = place.settings.models_folder / pipeline.id
    if trial is None or not folder.is_dir():
        raise Impossible("there is no model here to score")
    predictor = Predictor.load(folder)
    columns, records = _read(place, row, predictor)
    try:
        result = score_rows(predictor, columns, records)
    except BadInput as error:
        raise Impossible(str(error)) from error
    scores = result["scores"]
    value = scores.get(trial.score_name, scores.get("accuracy", scores.get("r2")))
    with place.database.write() as session:
        row = session.get(Actual, int(row_id))
        if row is not None and row.status == "waiting":
            row.status, row.score, row.scored_count = "scored", value, result["count"]
            session.flush()
            open_alerts(session, pipeline.id)


def _read(place: Workplace, row: Actual, predictor: Predictor) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows of whatever form the client sent."""
    from auger_reconcile.hub.data.unreadable import UnreadableData
    from auger_reconcile.hub.work.scoring import table_of

    path = row.details.get("actuals_path")
    if path is not None and not row.rows:
        bucket = place.bucket(row.organization_id)
        try:
            with fetch_source(place.storage, bucket, str(path), place.settings) as source:
                return table_of(predictor, source)
        except UnreadableData as error:
            raise Impossible(str(error)) from error
    objects = [one for one in row.rows if isinstance(one, dict)]
    if objects:
        columns = list(dict.fromkeys(name for one in objects for name in one))
        return columns, [[one.get(name) for name in columns] for one in objects]
    columns = [str(name) for name in row.details.get("actual_column_names") or []]
    if any(len(one) != len(columns) for one in row.rows):
        raise Impossible("the rows do not have as many values as there are `actual_column_names`")
    return columns, row.rows


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("score", score)
