"""Serve upload forms and download URLs of data sets (wire contract §2.9)."""

from __future__ import annotations

from typing import TypedDict

from sqlalchemy import select

from auger_hub.database.tables import Project, ProjectFile
from auger_hub.http.contract import Call, InvalidParams, NotFound, Route
from auger_hub.http.params import FLAG, KEY, NUMBER, Param
from auger_hub.http.permission import permit_storing
from auger_hub.routes.datasets.project_files import main_bucket
from auger_hub.routes.projects import cluster_tasks
from auger_hub.routes.projects.cluster_tasks import ClusterTaskObject
from auger_hub.routes.query import find, to_int
from auger_hub.store.local import BadKey, key_of_url, project_key, upload_key
from auger_hub.store.signing import MAX_UPLOAD_BYTES, UPLOAD_SECONDS

_URL_TASK = "a2ml.tasks_queue.tasks_hub_api.presign_s3_url_task"


class UploadUrl(TypedDict):
    """Where a form with these fields and the file may be posted to."""

    url: str
    fields: dict[str, str]


class DownloadUrl(TypedDict):
    """Where the file is served for a day."""

    url: str


def _create(call: Call) -> UploadUrl | ClusterTaskObject:
    """Allow one upload: at once, or as a finished task for clients that ask `async`."""
    project = find(call, Project, call.params["project_id"])
    bucket = main_bucket(call)
    key = upload_key(project.name, str(call.params["file_path"]))
    try:
        call.hub.storage.path(bucket, key)
    except BadKey as error:
        raise InvalidParams(("file_path", "is invalid")) from error
    size = call.given("file_size")
    if size is not None and to_int(size) > MAX_UPLOAD_BYTES:
        raise InvalidParams(("file_size", f"should be at most {MAX_UPLOAD_BYTES}"))
    permit_storing(call, 1 if size is None else max(1, to_int(size)))
    url = f"{call.base_url}/{bucket}"
    fields = call.hub.signer.upload_fields(call.caller, bucket, key)
    if not call.flag("async"):
        return {"url": url, "fields": fields}
    arguments = {
        "method": "POST",
        "expires_in": UPLOAD_SECONDS,
        "multipart": False,
        "max_content_length": MAX_UPLOAD_BYTES,
    }
    upload = {"url": url, "fields": fields, "bucket": bucket}
    return cluster_tasks.add_finished(call, project, _URL_TASK, arguments, upload)


def _show(call: Call) -> DownloadUrl:
    """Return a signed download URL; `file_path` is a dataset URL's base name (§3.5)."""
    project = find(call, Project, call.params["project_id"])
    wanted = str(call.params["file_path"])
    keys = call.session.scalars(select(ProjectFile.key).where(ProjectFile.project_id == project.id))
    key = next((k for k in keys if k in (wanted, key_of_url(wanted)) or _base(k) == wanted), None)
    if key is None:
        key = project_key(project.name, "files", wanted)
    bucket = main_bucket(call)
    try:
        is_there = call.hub.storage.has(bucket, key)
    except BadKey:
        is_there = False
    if not is_there:
        raise NotFound("ProjectFile")
    return {"url": call.hub.signer.download_url(call.caller, call.base_url, bucket, key)}


def _base(key: str) -> str:
    return key.rpartition("/")[2]


ROUTES = [
    Route(
        "GET",
        "/project_file_urls",
        _show,
        "Get a URL to download a data set from",
        takes=(
            Param("project_id", KEY).needed,
            Param("file_path", about="base name of the data set's URL").needed,
        ),
        answers=DownloadUrl,
    ),
    Route(
        "POST",
        "/project_file_urls",
        _create,
        "Get a URL to upload a file to; with `async` as the result of a task",
        takes=(
            Param("project_id", KEY).needed,
            Param("file_path").needed,
            Param("file_size", NUMBER, "bytes"),
            Param("async", FLAG),
        ),
        answers=UploadUrl | ClusterTaskObject,
        is_audited=False,
    ),
]
