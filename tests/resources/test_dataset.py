from typing import Any

import pytest

from auger_reconcile.errors import ActionFailed, Conflict
from auger_reconcile.resources._steps import Await, ReadAll, Send, Upload
from auger_reconcile.resources.dataset import KIND
from auger_reconcile.resources.files.project_file import from_wire
from auger_reconcile.resources.files.source import (
    LARGE,
    DatasetSpec,
)
from auger_reconcile.resources.project import ProjectObject

from .driving import CONFLICT, GONE, drive, work

HASH = "ab" * 32
LOCAL = DatasetSpec(
    name="d.csv", source="files/d.csv", path="/x/d.csv", sha256=HASH, size=1_234_567
)
REMOTE = DatasetSpec(name="d.csv", source="https://data.test/d.csv")
PROJECT = ProjectObject(3, "shop", "running", {})
MULTI = {"id": 7, "cluster_mode": "multi_tenant"}
FORM = {"url": "https://bucket.s3.us-west-2.amazonaws.com", "fields": {"key": "w/d-1a2b3c.csv"}}
STATISTICS = {"count": 2, "stat_data": [{"column_name": "age", "datatype": "integer"}]}


def wire(status: str = "processed", **more: Any) -> dict[str, Any]:
    """Return a data set as recorded: nulls, and members that nobody reads."""
    return {
        "object": "project_file",
        "id": 11,
        "name": "d.csv",
        "url": f"s3://bucket/workspace/projects/shop/files/sha256-{HASH}-d-1a2b3c.csv",
        "content_type": None,
        "status": status,
        "statistics": STATISTICS if status == "processed" else None,
        "error_message": None,
        "providers_data": {"azure": None},
        **more,
    }


def test_deleted_ones_are_gone() -> None:
    answers = {"project_files": [wire(deleted=True), wire(id=12, deleted=False)]}
    assert [found.id for found in KIND.observe(answers)] == [12]


def test_create_uploads_registers_and_waits() -> None:
    steps = KIND.create(work(LOCAL, name="d-1.csv", project=PROJECT))
    asked, found = drive(steps, MULTI, FORM, None, wire("processing"), wire())
    path = f"workspace/projects/shop/files/sha256-{HASH}-d.csv"
    assert asked == [
        Send("GET", "organizations/7"),
        Send("POST", "project_file_urls", {"project_id": 3, "file_path": path}),
        Upload(FORM, "/x/d.csv", HASH),
        Send(
            "POST",
            "project_files",
            {
                "name": "d-1.csv",
                "project_id": 3,
                "file_name": "d-1.csv",
                "url": "s3://bucket/w/d-1a2b3c.csv",
            },
        ),
        Await("project_files", 11, frozenset({"processing"})),
    ]
    assert found.status == "processed"


def pending(status: str = "pending", **more: Any) -> dict[str, Any]:
    """Return the task of the hub that prepares an upload."""
    return {"object": "cluster_task", "id": 25, "status": status, "exception": None, **more}


def test_an_upload_that_the_hub_prepares_in_a_task_is_waited_for() -> None:
    steps = KIND.create(work(LOCAL, project=PROJECT))
    done = pending("success", result={**FORM, "bucket": "main"})
    asked, _ = drive(steps, MULTI, pending(), done, None, wire())
    waiting = frozenset({"pending", "received", "started", "retry"})
    assert asked[2] == Await("cluster_tasks", 25, waiting)
    assert asked[3] == Upload(done["result"], "/x/d.csv", HASH)
    assert asked[4].body["url"] == "s3://main/w/d-1a2b3c.csv"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (pending("failure", exception="no bucket"), "could not prepare the upload: no bucket"),
        (pending("failure", error_message="no key"), "could not prepare the upload: no key"),
        (pending("success", result=None), "could not prepare the upload: no reason given"),
    ],
)
def test_an_upload_that_the_hub_cannot_prepare_fails(task: dict[str, Any], words: str) -> None:
    steps = KIND.create(work(LOCAL, project=PROJECT))
    with pytest.raises(ActionFailed, match=words):
        drive(steps, MULTI, pending(), task)


def test_a_file_too_large_for_a_form_is_announced_and_may_go_in_parts() -> None:
    large = LOCAL.model_copy(update={"size": LARGE})
    target = {"multipart": {"bucket": "main", "key": "w/d-1a2b3c.csv", "config": {}}}
    steps = KIND.create(work(large, project=PROJECT))
    asked, _ = drive(steps, MULTI, pending(), pending("success", result=target), None, wire())
    assert isinstance(asked[1], Send)
    assert asked[1].body.items() >= {"file_size": LARGE, "async": True}.items()
    assert asked[3] == Upload(target, "/x/d.csv", HASH)
    assert asked[4].body["url"] == "s3://main/w/d-1a2b3c.csv"  # type: ignore[union-attr]


SINGLE = {"id": 7, "cluster_mode": "single_tenant"}


def test_a_single_tenant_uploads_to_its_cluster_and_the_description_tells_the_content() -> None:
    service = {"url": "https://cluster.test/up", "params": {"auger_token": "t"}}
    cluster = {"id": 5, "file_uploader_service": service}
    steps = KIND.create(work(LOCAL, project=PROJECT))
    key, made = "/mnt/shop/files/8c1d", wire(url="files/8c1d", description=f"sha256-{HASH}")
    asked, found = drive(steps, SINGLE, {"id": 3, "cluster_id": 5}, cluster, key, made)
    assert asked[1:4] == [
        Send("GET", "projects/3"),
        Send("GET", "clusters/5"),
        Upload(service, "/x/d.csv", HASH),
    ]
    assert asked[4].body.items() >= {"url": "files/8c1d", "description": f"sha256-{HASH}"}.items()  # type: ignore[union-attr]
    assert found.content == HASH


def test_a_single_tenant_without_a_cluster_has_nowhere_to_upload_to() -> None:
    with pytest.raises(ActionFailed, match="has no cluster to upload to"):
        drive(KIND.create(work(LOCAL, project=PROJECT)), SINGLE, {"id": 3, "cluster_id": None})


def test_a_url_is_registered_without_an_upload() -> None:
    asked, _ = drive(KIND.create(work(REMOTE, project=PROJECT)), wire("processing"), wire())
    assert isinstance(asked[0], Send)
    assert asked[0].body["url"] == "https://data.test/d.csv"


def test_data_that_is_processed_at_once_is_not_waited_for() -> None:
    asked, _ = drive(KIND.create(work(REMOTE, project=PROJECT)), wire())
    assert len(asked) == 1


def test_a_url_that_is_registered_already_is_taken_as_it_is() -> None:
    mine = wire(id=12, url="https://data.test/d.csv")
    asked, found = drive(KIND.create(work(REMOTE, project=PROJECT)), CONFLICT, [wire(), mine])
    assert asked[1] == ReadAll("project_files", {"project_id": 3})
    assert found.id == 12


OTHER = "cd" * 32
PLANNED = REMOTE.model_copy(update={"sha256": HASH})


def read(sha256: str) -> dict[str, Any]:
    return wire(id=12, statistics={"source": {"sha256": sha256}}, url="https://data.test/d.csv")


def test_a_url_that_serves_what_was_planned_is_taken() -> None:
    asked, found = drive(KIND.create(work(PLANNED, project=PROJECT)), read(HASH))
    assert (len(asked), found.content) == (1, HASH)


def test_a_url_that_serves_other_content_by_now_fails_and_leaves_nothing() -> None:
    steps = KIND.create(work(PLANNED, project=PROJECT))
    next(steps)
    assert steps.send(read(OTHER)) == Send("DELETE", "project_files/12")
    told = r"serves other content by now, sha256 cdcdcd, .* ababab; .* was deleted again"
    with pytest.raises(ActionFailed, match=told) as caught:
        steps.send(None)
    assert "--refresh-sources" in (caught.value.hint or "")


def test_what_somebody_else_made_of_other_content_stays() -> None:
    steps = KIND.create(work(PLANNED, project=PROJECT))
    with pytest.raises(ActionFailed, match=r"`d\.csv` was there"):
        drive(steps, CONFLICT, [read(OTHER)])


def test_a_hub_that_does_not_say_what_it_has_read_is_told_of() -> None:
    _, found = drive(KIND.create(work(PLANNED, project=PROJECT)), wire())
    assert "the hub does not say what it has read" in found.notices[-1].text


def test_a_name_that_is_taken_fails() -> None:
    with pytest.raises(Conflict):
        drive(KIND.create(work(REMOTE, project=PROJECT)), CONFLICT, [wire()])


@pytest.mark.parametrize(
    ("told", "words"), [("bad header", "bad header"), (None, "no reason given")]
)
def test_data_that_the_hub_cannot_read_fails(told: str | None, words: str) -> None:
    steps = KIND.create(work(REMOTE, project=PROJECT))
    with pytest.raises(ActionFailed, match=words):
        drive(steps, wire("processing"), wire("processed_with_error", error_message=told))


def test_a_source_that_is_not_there_fails_before_any_request() -> None:
    steps = KIND.create(work(DatasetSpec(name="d.csv", source="d.csv"), project=PROJECT))
    with pytest.raises(ActionFailed, match=r"`d\.csv` cannot be read"):
        next(steps)


@pytest.mark.parametrize("answer", [wire(deleted=True), GONE])
def test_delete_takes_gone_for_deleted(answer: Any) -> None:
    asked, _ = drive(KIND.delete(work(LOCAL, from_wire(wire()))), answer)
    assert asked == [Send("DELETE", "project_files/11")]


def test_selecting_a_data_set_clears_the_experiment() -> None:
    assert KIND.selection("d.csv")["experiment", "name"] is None


def test_what_is_known_of_the_columns_is_sent_with_the_data_set() -> None:
    columns = {"zip": {"type": "text"}, "amount": {"decimal": ",", "thousands": "."}}
    source = "https://data.test/d.csv"
    spec = DatasetSpec(name="d.csv", source=source, columns=columns, missing=("NA", "-"))
    asked, _ = drive(KIND.create(work(spec, project=PROJECT)), wire())
    assert asked[0].body["schema"] == {"columns": columns, "missing": ["", "NA", "-"]}
    plain, _ = drive(KIND.create(work(REMOTE, project=PROJECT)), wire())
    assert "schema" not in plain[0].body
