"""Find the files that rows name and the store does not have, and say so of the data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.database.tables import Organization, Pipeline, PipelineFile, Prediction, ProjectFile
from auger_hub.store.local import OWN_BUCKET, Storage
from auger_hub.store.models import Archive

PROCESSED, FAILED = "processed", "processed_with_error"
DATA_SET, _EXPORT, _RESULT, MODEL = "data set", "export", "prediction result", "model"
_LOST = "the file is gone from the store of the hub: upload it again"


@dataclass(frozen=True)
class NamedFile:
    """A file that there has to be, because a row names it.

    Attributes:
        kind: of the object that needs it.
        name: of that object, or else its id.
        bucket: where it is in the store.
        key: where it is in the bucket.
    """

    kind: str
    name: str
    bucket: str
    key: str


def named_files(session: Session) -> list[NamedFile]:
    """Return all files that rows name: of data sets, exports, results and deployed models."""
    buckets = {row.id: row.main_bucket for row in session.scalars(select(Organization))}
    is_processed = ProjectFile.status == PROCESSED
    files = select(ProjectFile.organization_id, ProjectFile.name, ProjectFile.key)
    exports = select(PipelineFile.organization_id, PipelineFile.id, PipelineFile.key)
    results = select(Prediction.organization_id, Prediction.id, Prediction.result_key)
    queries = (
        (DATA_SET, files.where(is_processed | (ProjectFile.error_message == _LOST))),
        (_EXPORT, exports.where(PipelineFile.status == "success")),
        (_RESULT, results.where(Prediction.status == "done")),
    )
    found = [
        NamedFile(kind, str(name), buckets[organization], key)
        for kind, query in queries
        for organization, name, key in session.execute(query)
        if key is not None
    ]
    models = select(Pipeline.id, Pipeline.package_digest).where(Pipeline.status == "ready")
    return found + [
        NamedFile(MODEL, name, OWN_BUCKET, Archive(name, digest).key)
        for name, digest in session.execute(models)
        if digest is not None
    ]


def missing_files(session: Session, storage: Storage) -> list[NamedFile]:
    """Return the files that rows name and the store does not have; raise StoreFailed."""
    stored = set(storage.everything())
    return [one for one in named_files(session) if (one.bucket, one.key) not in stored]


def describe_missing(missing: Collection[NamedFile]) -> str:
    """Return how many of which kind are missing, and the name of the first."""
    counts = Counter(one.kind for one in missing)
    told = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items())
    first = next(iter(missing))
    return f"{told}; the first is the {first.kind} `{first.name}`"


def note_lost_files(session: Session, storage: Storage) -> None:
    """Call data sets failed whose files are gone, and usable again when they are back.

    The next plan makes a failed one anew (wire contract §2.8).
    """
    stored = set(storage.everything())
    buckets = {row.id: row.main_bucket for row in session.scalars(select(Organization))}
    for row in _finished(session):
        is_there = (buckets[row.organization_id], row.key) in stored
        if row.status == PROCESSED and not is_there:
            row.status, row.error_message = FAILED, _LOST
        elif row.status == FAILED and is_there and row.error_message == _LOST:
            row.status, row.error_message = PROCESSED, None


def _finished(session: Session) -> Iterable[ProjectFile]:
    return session.scalars(select(ProjectFile).where(ProjectFile.status.in_((PROCESSED, FAILED))))
