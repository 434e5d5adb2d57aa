"""Child process: profile the columns of one data set (wire contract §2.8)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import update

from auger_hub.accounts.quota import OverQuota, refuse_over
from auger_hub.background.actuals_data import write_joined
from auger_hub.database.tables import ProjectFile
from auger_hub.processes.job_process import Impossible, Workplace, run_child
from auger_hub.processes.plain_json import to_plain
from auger_hub.store.source_logins import url_to_download
from auger_hub.store.sources import download, is_remote


def profile(place: Workplace, row_id: str) -> None:
    """Download a remote data set, compute its statistics, and call it processed."""
    from auger_hub.data.files.unreadable import UnreadableData
    from auger_hub.data.profile import profile_file
    from auger_hub.data.schema import Declared

    with place.database.read() as session:
        row = session.get(ProjectFile, int(row_id))
        url = "" if row is None else url_to_download(session, row)
    if row is None or row.status != "processing":
        return
    bucket, notices = place.bucket(row.organization_id), []
    is_counted = row.bytes is not None
    source: dict[str, Any] = {}
    if is_remote(row.url) and not place.storage.has(bucket, row.key):
        with place.storage.create(bucket, row.key) as file:
            source = {"source": asdict(download(url, file, place.settings))}
    if row.made_of and not place.storage.has(bucket, row.key):
        notices = write_joined(place, row, bucket)
    path = place.stored_path(row.organization_id, row.key)
    size = path.stat().st_size
    if not is_counted:
        _count(place, row, bucket, size)
    try:
        declared = Declared.from_dict(row.declared_schema)
        statistics = {**to_plain(profile_file(path, row.name, declared)), **source}
    except UnreadableData as error:
        raise Impossible(str(error)) from error
    with place.database.write() as session:
        row = session.get(ProjectFile, int(row_id))
        if row is not None and row.status == "processing":
            statistics["notices"] = [*statistics.get("notices", []), *notices]
            row.status, row.statistics, row.bytes = "processed", statistics, size


def _count(place: Workplace, row: ProjectFile, bucket: str, size: int) -> None:
    """Count a file that the hub has downloaded or made, or remove it when it is too much."""
    try:
        with place.database.write() as session:
            refuse_over(session, row.organization_id, size)
            session.execute(update(ProjectFile).where(ProjectFile.id == row.id).values(bytes=size))
    except OverQuota as error:
        if is_remote(row.url) or row.made_of:  # else it may be of another data set as well
            place.storage.discard(bucket, row.key)
        raise Impossible(str(error)) from error


def main() -> int:
    """Do the work of this process; return its exit code."""
    return run_child("profile", profile)
