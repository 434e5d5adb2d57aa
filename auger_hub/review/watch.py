"""Look after deployed models: count what they were asked, and open and close their alerts.

Level-triggered: what is stored decides, so nothing that happened while no hub ran is lost.
"""

from __future__ import annotations

import time

from sqlalchemy import select

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import EndpointPipeline, ModelReference, ReviewAlert
from auger_hub.database.tables import Pipeline
from auger_hub.review.alerts import close_replaced, review_alerts
from auger_hub.review.observations import Unkept, count_new
from auger_hub.review.reference import fetch_model, refer_anew
from auger_hub.store.models import ModelStore

_WHOLE_SECONDS = 600.0
_UNCOMPARED = select(Pipeline).where(
    Pipeline.status == "ready",
    Pipeline.trial_id.is_not(None),
    Pipeline.id.not_in(select(ModelReference.id)),
)


class Watch:
    """Looks at models that have news at once, and at all of them when it starts and now and then.

    Between the news and the look a hub may have been killed, and a day may end without any news.
    """

    def __init__(self, database: Database, models: ModelStore, unkept: Unkept) -> None:
        self._database = database
        self._models = models
        self._unkept = unkept
        self._looked_at: float | None = None

    def look(self) -> None:
        """Count what is new, and look at the alerts that it may open or close."""
        watched = count_new(self._database) | self._unkept.move(self._database)
        present = time.monotonic()
        if self._looked_at is None or present - self._looked_at > _WHOLE_SECONDS:
            self._looked_at = present
            watched |= self._all_watched()
        for pipeline_id in sorted(watched):
            fetch_model(self._database, self._models, pipeline_id)
            with self._database.write() as session:
                review_alerts(session, self._models, pipeline_id)

    def _all_watched(self) -> set[str]:
        query = (
            select(EndpointPipeline.pipeline_id)
            .join(ReviewAlert, ReviewAlert.endpoint_id == EndpointPipeline.endpoint_id)
            .where(EndpointPipeline.active.is_(True), ReviewAlert.active.is_(True))
        )
        with self._database.write() as session:
            close_replaced(session)
            for pipeline in session.scalars(_UNCOMPARED):  # of a hub that watched nothing
                refer_anew(session, pipeline)
            return set(session.scalars(query))
