"""Say of deployed models whose fitted model is gone that they are not ready, and when it is back.

A model that is not `ready` is deployed again by the next plan (wire contract §2.13).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from auger_hub.database.tables import Pipeline
from auger_hub.store.models import ModelGone

_READY, _LOST = "ready", "packaged_with_error"
_WAY_OUT = ": deploy the trial again"


def is_lost(row: Pipeline) -> bool:
    """Return whether a model is not ready because its fitted model was not to be found."""
    return row.status == _LOST and (row.error_message or "").endswith(_WAY_OUT)


def to_text(why: ModelGone) -> str:
    """Return what is told of a lost model: what is wrong, and the way out."""
    return f"{why}{_WAY_OUT}"


def note_lost(session: Session, model_id: str, digest: str | None, why: ModelGone) -> None:
    """Call a model not ready, unless it has been deployed anew since."""
    row = session.get(Pipeline, model_id)
    if row is None or row.status != _READY or row.package_digest != digest:
        return
    row.status, row.error_message = _LOST, to_text(why)
    if why.is_damaged:
        row.package_digest = row.bytes = None  # else what is in the store would seem to be back


def note_found(session: Session, model_id: str, digest: str) -> None:
    """Say which archive is a model's, and that it is ready if it was not for the want of one."""
    row = session.get(Pipeline, model_id)
    if row is None:
        return
    if is_lost(row):
        row.status, row.error_message = _READY, None
    if row.status == _READY:
        row.package_digest = digest
