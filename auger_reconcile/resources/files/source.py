"""The source of a data set: declared, compared with what is on the hub, in words, and uploaded.

What was uploaded is known by the SHA-256 in its key, what the hub has fetched itself by its URL.
Wire contract §2.9 and §3.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._base import Work
from auger_reconcile.resources._spec import CLOSED, Spec, Trait, setting
from auger_reconcile.resources._steps import Await, Send, Steps, Upload
from auger_reconcile.resources.files.project_file import USABLE, DatasetObject
from auger_reconcile.resources.names.revisions import is_named, split_extension
from auger_reconcile.resources.project import is_single_tenant
from auger_reconcile.web_url import is_web_url, without_fragment, without_login

KEY_NAME_LENGTH = 100  # characters of the file name kept in the upload key
LARGE = 5 * 1024**3  # bytes; S3 takes no larger ones by a form, so that parts are asked for
_PREPARING = frozenset({"pending", "received", "started", "retry"})


NOT_READ_AGAIN = (
    "a URL is not read again without `--refresh-sources`, so that its content may have changed"
)
NOT_TOLD = "the hub does not say what it has read from the URL"
NOT_HERE = "the source cannot be read here"


class ColumnSpec(BaseModel):
    """What a column of a data set holds, where looking at it is not enough."""

    model_config = CLOSED

    type: str | None = setting(
        default=None,
        description="`number`, `category`, `text`, `date` or `boolean`.",
        pattern="^(number|category|text|date|boolean)$",
    )
    decimal: str | None = setting(
        default=None,
        description="The decimal mark of its numbers, `.` or `,`.",
        min_length=1,
        max_length=1,
    )
    thousands: str | None = setting(
        default=None,
        description="What separates thousands in its numbers.",
        min_length=1,
        max_length=1,
    )
    format: str | None = setting(
        default=None, description="How its dates are written: `%d.%m.%Y`.", min_length=1
    )
    timezone: str | None = setting(
        default=None,
        description="The time zone of its dates, such as `Europe/Berlin`.",
        min_length=1,
    )


class DatasetSpec(Spec):
    """A data set made from a local file, an object of a store, or a URL."""

    source: str | None = setting(
        default=None,
        description=(
            "Local path, relative to the file that declares it, an http(s) URL that the hub reads "
            "(once; `--refresh-sources` of plan, apply and drift compares what it serves now, and "
            "nothing is trained on other content than was planned), "
            "or `s3://bucket/key`, which is read here, with the extra `s3`. Without a source the "
            "data set of this very name has to be on the hub."
        ),
        traits=[Trait.CONTENT],
        min_length=1,
    )
    columns: Mapping[str, ColumnSpec] = setting(
        default_factory=dict,
        description="What columns hold, by name; what is not said is found by looking.",
        traits=[Trait.LOCAL],
    )
    missing: tuple[str, ...] = setting(
        default=(),
        description="Texts that stand for a missing value, besides the empty one.",
        traits=[Trait.LOCAL, Trait.UNORDERED],
    )
    on_schema_change: str = setting(
        default="warn",
        description=(
            "What a plan does when new data has lost a column, or has one of another type or with "
            "new values: `warn`, or `refuse`, so that nothing is trained on it."
        ),
        traits=[Trait.LOCAL, Trait.RAIL],
        pattern="^(warn|refuse)$",
    )
    ignore_line_ends: bool = setting(
        default=False,
        description=(
            "Content that differs from the hub's in line ends or byte order mark alone is the same "
            "data."
        ),
        traits=[Trait.LOCAL],
    )
    state: str = setting(
        default="present",
        description="`present`, or `absent`.",
        traits=[Trait.LOCAL],
        pattern="^(present|absent)$",
    )
    path: str | None = setting(
        default=None,
        description="Computed: where a source lies that the hub is sent.",
        traits=[Trait.LOCAL, Trait.COMPUTED],
    )
    sha256: str | None = setting(
        default=None,
        description="Computed: SHA-256 of a source that was read here.",
        traits=[Trait.IDENTITY, Trait.COMPUTED],
    )
    size: int | None = setting(
        default=None,
        description="Computed: bytes of a source that was read here.",
        traits=[Trait.LOCAL, Trait.COMPUTED],
    )
    unread: str | None = setting(
        default=None,
        description="Computed: why a URL that was to be read again could not be.",
        traits=[Trait.LOCAL, Trait.COMPUTED],
    )
    same_text: tuple[str, ...] = setting(
        default=(),
        description="Computed: SHA-256 of the source with other line ends, if they do not count.",
        traits=[Trait.LOCAL, Trait.COMPUTED],
    )
    header: tuple[str, ...] | None = setting(
        default=None,
        description="Computed: columns of a local source, where they can be read.",
        traits=[Trait.LOCAL, Trait.COMPUTED],
    )

    @property
    def is_remote(self) -> bool:
        """Whether the hub fetches the data itself."""
        return (self.source or "").partition(":")[0].lower() in ("http", "https")


def lacks_content(spec: Spec) -> bool:
    """Say whether a data set is made from a source here that has not been read."""
    if not isinstance(spec, DatasetSpec) or spec.source is None or spec.is_remote:
        return False
    return spec.sha256 is None and spec.state == "present"


def holds_content(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object was made from the declared source as it is now."""
    if spec.source is None:
        return is_named(found.name, spec.name)
    if spec.is_remote:
        return is_same_address(found.url, spec.source)
    return found.content is not None and found.content in (spec.sha256, *spec.same_text)


def is_same_data(spec: DatasetSpec | None, other: DatasetSpec | None) -> bool:
    """Say whether two data sets are made of the same URL, or of the same bytes."""
    if spec is None or other is None:
        return False
    if spec.is_remote and other.is_remote:
        return is_same_address(spec.source or "", other.source or "")
    return spec.sha256 is not None and spec.sha256 == other.sha256


def is_usable_from(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object of any name was made from the declared URL."""
    return is_same_address(found.url, spec.source or "") and found.status in USABLE


def is_same_address(url: str, other: str) -> bool:
    """Compare two addresses as hubs do, which show none with a user and password."""
    return bare_address(url) == bare_address(other)


def bare_address(url: str) -> str:
    """Return an address without who asks and without what tells revisions apart."""
    return without_login(without_fragment(url))


def address_of(spec: DatasetSpec, name: str, previous: DatasetObject | None) -> str:
    """Return the URL to make a revision of.

    A hub takes a URL only once. What comes behind `#` no server is told, so that another revision
    of the same URL says there which content it is, as the key of an upload does.

    Args:
        spec: the data set.
        name: of the revision.
        previous: the one before it, of the same URL where there is one.
    """
    source = spec.source or ""
    if previous is None or not is_same_address(previous.url, source):
        return source
    if spec.sha256 is not None:
        return f"{without_fragment(source)}#/sha256-{spec.sha256}-{quote(name)}"
    is_further = "#" in previous.url or not is_named(previous.name, name)
    return f"{without_fragment(source)}#/{quote(name)}" if is_further else source


def is_foreign(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object of this name was uploaded by another client, content unknown."""
    is_uploaded = not is_web_url(found.url)
    return is_named(found.name, spec.name) and is_uploaded and found.content is None


def describe_source(spec: DatasetSpec) -> str:
    """Return the source in words: `files/churn.csv, 1.2 MB, sha256 3f2a9c`."""
    if spec.is_remote or spec.size is None or spec.sha256 is None:
        return spec.source or ""
    return f"{spec.source}, {describe_size(spec.size)}, sha256 {spec.sha256[:6]}"


def describe_size(size: int) -> str:
    """Return a number of bytes in words, in steps of 1000."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def declared_schema(spec: DatasetSpec) -> dict[str, Any]:
    """Return what tells the hub what is known of the columns before it looks."""
    schema: dict[str, Any] = {}
    if spec.columns:
        schema["columns"] = {
            name: column.model_dump(exclude_none=True) for name, column in spec.columns.items()
        }
    if spec.missing:
        schema["missing"] = list(dict.fromkeys(("", *spec.missing)))
    return schema


def is_read_as_declared(found: DatasetObject, spec: DatasetSpec) -> bool:
    """Say whether an object was read with the declared columns; a hub may not tell."""
    if found.declared is None:
        return True
    wanted, known = declared_schema(spec), found.declared
    same = (wanted.get("columns") or {}) == (known.get("columns") or {})
    return same and set(wanted.get("missing") or ()) == set(known.get("missing") or ())


def say_why_new(
    spec: DatasetSpec, usable: Sequence[DatasetObject], broken: Sequence[DatasetObject]
) -> str:
    """Return why a data set has to be made although some of its revisions may be there."""
    if broken:
        return "the hub could not read it the last time"
    if usable:
        is_other = spec.is_remote and not is_same_address(usable[-1].url, spec.source or "")
        what = "another source is declared" if is_other else "the content has changed"
        return f"{what} since `{usable[-1].name}`"
    return "does not exist"


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
    target = yield Send("POST", "project_file_urls", key)
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
    project = yield Send("GET", f"projects/{work.project.id}")
    if project.get("cluster_id") is None:
        raise ActionFailed("the project has no cluster to upload to")
    cluster = yield Send("GET", f"clusters/{project['cluster_id']}")
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
