"""The upload of a data set's content: by a form, in parts, or to the cluster of a single tenant.

Wire contract §2.9 and §3.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._base import Work
from auger_reconcile.resources._revisions import split_extension
from auger_reconcile.resources._steps import Await, Call, Steps, Upload
from auger_reconcile.resources.project import is_single_tenant

if TYPE_CHECKING:
    from auger_reconcile.resources.dataset import DatasetSpec

KEY_NAME_LENGTH = 100  # characters of the file name kept in the upload key
LARGE = 5 * 1024**3  # bytes; S3 takes no larger ones by a form, so that parts are asked for
_PREPARING = frozenset({"pending", "received", "started", "retry"})


def upload(work: Work) -> Steps:
    """Yield the upload of a file; return the members of a data set that tell where it is."""
    spec: DatasetSpec = work.spec
    if spec.path is None or spec.sha256 is None:
        raise ActionFailed(f"the source `{spec.source}` cannot be read")
    if (yield from is_single_tenant(work)):
        return (yield from _upload_to_cluster(work, spec.path, spec.sha256))
    path = f"workspace/projects/{work.project.name}/files/{upload_name(spec)}"
    key: dict[str, Any] = {"project_id": work.project.id, "file_path": path}
    if (spec.size or 0) >= LARGE:
        key |= {"file_size": spec.size, "async": True}
    target = yield Call("POST", "project_file_urls", key)
    if target.get("object") == "cluster_task":
        target = yield from _wait_prepared(target)
    yield Upload(target, spec.path, spec.sha256)
    return {"url": uploaded_url(target)}


def _wait_prepared(task: Mapping[str, Any]) -> Steps:
    """Yield the wait for the hub to prepare an upload; return where it goes (§2.6, §2.9)."""
    done = yield Await("cluster_tasks", task["id"], _PREPARING)
    if done.get("status") != "success" or not isinstance(done.get("result"), Mapping):
        told = done.get("exception") or done.get("error_message") or "no reason given"
        raise ActionFailed(f"the hub could not prepare the upload: {told}")
    return done["result"]


def _upload_to_cluster(work: Work, path: str, sha256: str) -> Steps:
    """Yield the upload to the cluster's own service, which chooses the key (§2.5, §3.5).

    So the content cannot be told by the key; it is told by the description.
    """
    project = yield Call("GET", f"projects/{work.project.id}")
    if project.get("cluster_id") is None:
        raise ActionFailed("the project has no cluster to upload to")
    cluster = yield Call("GET", f"clusters/{project['cluster_id']}")
    key = yield Upload(cluster.get("file_uploader_service") or {}, path, sha256)
    url = f"files/{key.rpartition('files/')[2]}"
    return {"url": url, "description": f"sha256-{sha256}"}


def upload_name(spec: DatasetSpec) -> str:
    """Return the last part of the key to ask for; the hub inserts six characters (§2.9)."""
    stem, extension = split_extension((spec.source or "").replace("\\", "/").rpartition("/")[2])
    return f"sha256-{spec.sha256}-{stem[:KEY_NAME_LENGTH]}{extension}"


def uploaded_url(target: Mapping[str, Any]) -> str:
    """Return the URL of an uploaded file: `s3://<bucket>/<key>` (wire contract §3.5).

    Where only a form is given, the bucket is the first label of a virtual-hosted upload host, or
    the first folder of a path-style one; the hub goes by the key.
    """
    parts = target.get("multipart")
    if parts:
        return f"s3://{parts['bucket']}/{parts['key']}"
    url = urlsplit(str(target["url"]))
    folder = url.path.strip("/").partition("/")[0]
    bucket = target.get("bucket") or folder or (url.hostname or "").partition(".")[0]
    return f"s3://{bucket}/{target['fields']['key']}"
