"""Data sets (wire contract §2.8) and the URLs to upload and download them (§2.9)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from auger_reconcile.hub.api import Call, Fields, InvalidParams, NotFound, Page, Route, timestamp
from auger_reconcile.hub.database.tables import (
    ClusterTask,
    Organization,
    Project,
    ProjectFile,
)
from auger_reconcile.hub.routes import cluster_tasks
from auger_reconcile.hub.routes.query import (
    check_free,
    find,
    named,
    refuse_any,
    rows_of,
    to_page,
)
from auger_reconcile.hub.signing import MAX_UPLOAD_BYTES, UPLOAD_SECONDS
from auger_reconcile.hub.storage import BadKey, key_of_url, project_key, upload_key

_URL_TASK = "a2ml.tasks_queue.tasks_hub_api.presign_s3_url_task"


def describe(row: ProjectFile) -> Fields:
    """Return the fields a client sees."""
    return {
        "object": "project_file",
        "deleted": False,
        "id": row.id,
        "project_id": row.project_id,
        "name": row.name,
        "file_name": row.file_name,
        "url": row.url,
        "content_type": row.content_type,
        "status": row.status,
        "image_url": None,
        "industry": None,
        "description": row.description,
        "statistics": row.statistics,
        "error_message": row.error_message,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
        "providers": ["auger"],
        "providers_data": {"auger": None},
    }


def _index(call: Call) -> Page:
    query = rows_of(call, ProjectFile, "project_id")
    if call.given("name") is not None:
        query = query.where(named(ProjectFile.name, call.given("name")))
    return to_page(call, query.order_by(ProjectFile.id.desc()), describe)


def _show(call: Call) -> Fields:
    return describe(find(call, ProjectFile, call.params["id"]))


def _create(call: Call) -> Fields:
    call.require("name", "project_id", "url")
    project = find(call, Project, call.params["project_id"])
    name, url = str(call.params["name"]), str(call.params["url"])
    complaints = check_free(call, ProjectFile, name, project_id=project.id)
    refuse_any([*complaints, *_check_url(call, project, url)])
    row = ProjectFile(
        organization_id=project.organization_id,
        project_id=project.id,
        name=name,
        file_name=_text(call.given("file_name")),
        url=url,
        key=_key(project, url),
        description=_text(call.given("description")),
        content_type=_text(call.given("content_type")),
    )
    call.session.add(row)
    call.session.flush()
    return describe(row)


def _delete(call: Call) -> Fields:
    row = find(call, ProjectFile, call.params["id"])
    answer = describe(row) | {"deleted": True}
    call.session.delete(row)
    call.session.flush()
    shared = call.session.scalar(rows_of(call, ProjectFile).where(ProjectFile.key == row.key))
    if shared is None:
        bucket, key = main_bucket(call), row.key
        call.after_commit.append(lambda: call.hub.storage.delete(bucket, key))
    return answer


def _check_url(call: Call, project: Project, url: str) -> list[tuple[str, str]]:
    try:
        call.hub.storage.path(main_bucket(call), _key(project, url))
    except BadKey:
        return [("url", "is invalid")]
    taken = select(ProjectFile.id).where(
        ProjectFile.project_id == project.id,
        (ProjectFile.url == url) | (ProjectFile.key == _key(project, url)),
    )
    if call.session.scalar(taken) is None:
        return []
    return [("url", "translation missing: en.errors.project_file.url_not_uniq")]


def _key(project: Project, url: str) -> str:
    """Return where the file is stored; a remote one is copied into the project's folder."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        key = key_of_url(url)
        is_relative = key.startswith("files/")
        return project_key(project.name, "files", key[6:]) if is_relative else key
    host = parts.netloc.rpartition("@")[2].replace(":", "_") or "unknown"
    path = parts.path.strip("/") or "index"
    return project_key(project.name, f"files/remote/{host}", path)


def _create_url(call: Call) -> Fields:
    """Allow one upload: at once, or as a finished task for clients that ask `async`."""
    call.require("project_id", "file_path")
    project = find(call, Project, call.params["project_id"])
    bucket = main_bucket(call)
    key = upload_key(project.name, str(call.params["file_path"]))
    try:
        call.hub.storage.path(bucket, key)
    except BadKey as error:
        raise InvalidParams(("file_path", "is invalid")) from error
    size = call.given("file_size")
    if isinstance(size, int) and size > MAX_UPLOAD_BYTES:
        raise InvalidParams(("file_size", f"should be at most {MAX_UPLOAD_BYTES}"))
    upload = {
        "url": f"{call.base_url}/{bucket}",
        "fields": call.hub.signer.upload_fields(bucket, key),
    }
    return _as_task(call, project, {**upload, "bucket": bucket}) if call.given("async") else upload


def _as_task(call: Call, project: Project, result: Fields) -> Fields:
    arguments = {"method": "POST", "expires_in": UPLOAD_SECONDS, "multipart": False}
    task = ClusterTask(
        organization_id=project.organization_id,
        project_id=project.id,
        name=_URL_TASK,
        queue="a2ml",
        status="pending",
        args=[arguments | {"max_content_length": MAX_UPLOAD_BYTES}],
    )
    call.session.add(task)
    call.session.flush()
    answer = cluster_tasks.describe(task)
    task.status, task.result = "success", result
    return answer


def _show_url(call: Call) -> Fields:
    """Return a signed download URL; `file_path` is a dataset URL's base name (§3.5)."""
    call.require("project_id", "file_path")
    project = find(call, Project, call.params["project_id"])
    wanted = str(call.params["file_path"])
    keys = call.session.scalars(select(ProjectFile.key).where(ProjectFile.project_id == project.id))
    key = next((k for k in keys if k in (wanted, key_of_url(wanted)) or _base(k) == wanted), None)
    if key is None:
        key = project_key(project.name, "files", wanted)
    bucket = main_bucket(call)
    try:
        is_there = call.hub.storage.path(bucket, key).is_file()
    except BadKey:
        is_there = False
    if not is_there:
        raise NotFound("ProjectFile")
    return {"url": call.hub.signer.download_url(call.base_url, bucket, key)}


def main_bucket(call: Call) -> str:
    """Return the bucket of the caller's organization."""
    organization = call.session.get_one(Organization, call.caller.organization_id)
    return organization.main_bucket


def _base(key: str) -> str:
    return key.rpartition("/")[2]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


ROUTES = [
    Route("GET", "/project_files", _index),
    Route("POST", "/project_files", _create),
    Route("GET", "/project_files/{id}", _show),
    Route("DELETE", "/project_files/{id}", _delete),
    Route("GET", "/project_file_urls", _show_url),
    Route("POST", "/project_file_urls", _create_url),
]
