"""Look after deployed models: count what they were asked, and open and close their alerts.

Level-triggered: what is stored decides, so nothing that happened while no hub ran is lost.
"""

from __future__ import annotations

from auger_hub.database.engine import Database
from auger_hub.review.observations import count_new


def watch_models(database: Database) -> None:
    """Count what is new, and look at the alerts of the models that it is about."""
    count_new(database)
