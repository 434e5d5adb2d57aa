"""Count what an organization stores, and refuse what would be more than it may.

Every stored file has its size in the row that names it, so the count is a sum over an index, and
right whenever a row is: after deletes, after kills, and for all processes of the hub.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auger_hub.database.tables import Organization, Pipeline, PipelineFile, ProjectFile, Upload

NEAR = 0.8
"""Of the limit: from here on it is told."""
_AT_ONCE = 500
_SIZED: tuple[Any, ...] = (ProjectFile, Pipeline, PipelineFile, Upload)


class OverQuota(Exception):
    """The organization may not store so much; the text says the numbers and the way out."""


class Usage(NamedTuple):
    """What an organization stores.

    Attributes:
        used: bytes of its data, models and exports.
        most: that it may have; None is any number.
    """

    used: int
    most: int | None

    @property
    def is_near(self) -> bool:
        """Whether there is not much room left, or none."""
        return self.most is not None and self.used >= NEAR * self.most

    @property
    def room(self) -> int | None:
        """Bytes that are left; None without a limit."""
        return None if self.most is None else max(0, self.most - self.used)


def used_bytes(session: Session, organization_id: int) -> int:
    """Return the bytes of the data, models and exports of an organization."""
    sums = (
        select(func.coalesce(func.sum(table.bytes), 0))
        .where(table.organization_id == organization_id)
        .scalar_subquery()
        for table in _SIZED
    )
    return sum(map(int, session.execute(select(*sums)).one()))


def usage_of(session: Session, organization_id: int) -> Usage:
    """Return what an organization stores and may store."""
    most = session.scalar(
        select(Organization.most_storage).where(Organization.id == organization_id)
    )
    return Usage(used_bytes(session, organization_id), most)


def refuse_over(session: Session, organization_id: int, more: int = 1) -> None:
    """Raise OverQuota when so many bytes more are too many; nothing is counted without a limit."""
    organization = session.get(Organization, organization_id)
    if organization is None or organization.most_storage is None:
        return
    used, most = used_bytes(session, organization_id), organization.most_storage
    if used + more > most:
        wanted = f"{size_text(more)} more do not fit" if more > 1 else "there is no room for more"
        raise OverQuota(
            f"organization `{organization.name}` stores {size_text(used)} of the {size_text(most)} "
            f"that it may, {wanted}: delete data sets, models or exports, or let an operator raise "
            f"the limit (auger hub org limit {organization.name} --most-storage SIZE)"
        )


def reserve_upload(session: Session, organization_id: int, key: str, size: int) -> None:
    """Count an upload that is about to be stored; raise OverQuota when it is too much.

    Args:
        session: one that writes, so that of two uploads the second sees the first.
        organization_id: whose it is.
        key: where it is stored; another file there is replaced.
        size: in bytes.
    """
    before = session.get(Upload, (organization_id, key))
    refuse_over(session, organization_id, size - (before.bytes if before else 0))
    session.merge(Upload(organization_id=organization_id, key=key, bytes=size))


def release_upload(session: Session, organization_id: int, keys: Collection[str]) -> None:
    """Count uploads no more that are not stored, or not any more."""
    for first in range(0, len(keys), _AT_ONCE):
        some = sorted(keys)[first : first + _AT_ONCE]
        mine = Upload.organization_id == organization_id, Upload.key.in_(some)
        session.execute(delete(Upload).where(*mine))


def take_upload(session: Session, organization_id: int, key: str) -> int | None:
    """Return the size of an upload that a row names from now on, and counts itself."""
    upload = session.get(Upload, (organization_id, key))
    if upload is None:
        return None
    session.delete(upload)
    return upload.bytes


def size_text(size: int) -> str:
    """Return a number of bytes as people say it: 12 MB."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"
