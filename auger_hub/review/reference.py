"""Ask for what a deployed model is compared with, and find it."""

from __future__ import annotations

import json
import logging
from typing import Any

from sqlalchemy.orm import Session

from auger_hub.database.engine import Database
from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import Pipeline
from auger_hub.store.models import ModelGone, ModelStore

_PROFILE = "profile.json"
_log = logging.getLogger("auger.hub.models")


def refer_anew(session: Session, pipeline: Pipeline) -> ModelReference:
    """Have it measured what the model says of rows that it has not seen."""
    row = session.get(ModelReference, pipeline.id)
    if row is None:
        row = ModelReference(
            id=pipeline.id,
            organization_id=pipeline.organization_id,
            project_id=pipeline.project_id,
        )
        session.add(row)
    row.status, row.content, row.error_message = "waiting", None, None
    return row


def read_profile(models: ModelStore, pipeline: Pipeline) -> dict[str, Any] | None:
    """Return how the training data was counted; None of a model that an older hub has stored.

    It is read from this disk: `fetch_model` has it there.
    """
    folder = models.cached(pipeline.id, pipeline.package_digest)
    if folder is None:
        return None
    try:
        profile: dict[str, Any] = json.loads((folder / _PROFILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return profile


def fetch_model(database: Database, models: ModelStore, pipeline_id: str) -> None:
    """Have a stored model on this disk, before a transaction that must not wait for a store."""
    with database.read() as session:
        row = session.get(Pipeline, pipeline_id)
    if row is None or row.status != "ready" or row.package_digest is None:
        return
    try:
        models.find(row.id, row.package_digest)
    except (ModelGone, OSError) as error:
        _log.warning("%s is not looked at now: %s", pipeline_id, error)


def is_at_hand(models: ModelStore, pipeline: Pipeline) -> bool:
    """Return whether what there is to know of a model can be read from this disk."""
    digest = pipeline.package_digest
    return digest is None or models.cached(pipeline.id, digest) is not None
