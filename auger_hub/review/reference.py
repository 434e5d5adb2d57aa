"""Ask for what a deployed model is compared with, and find it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import Pipeline

_PROFILE = "profile.json"


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


def read_profile(models_folder: Path, pipeline_id: str) -> dict[str, Any] | None:
    """Return how the training data was counted; None of a model that an older hub has stored."""
    path = models_folder / pipeline_id / _PROFILE
    try:
        profile: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return profile
