"""Every way in which a hub may want a file: by a task, to a cluster; and objects of a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auger.api import AugerError, Context, DataSet, Project
from auger_reconcile.api import plan
from auger_reconcile.errors import ConfigError
from auger_reconcile.resources.files import source as _source
from tests.api.live_hub import LiveHub, start_hub, write_flowers
from tests.object_store.store import BUCKET, Store

from .conftest import OpenContext

TABLE = b"size,kind\n1.5,a\n2.5,b\n3,a\n4.5,b\n"


@pytest.fixture
def sent() -> list[str]:
    """Every request of a context that is told so, as `METHOD /path`."""
    return []


def test_a_file_is_uploaded_as_a_task_of_the_hub_says(
    hub: LiveHub, name: str, work: Path, monkeypatch: pytest.MonkeyPatch, *, sent: list[str]
) -> None:
    monkeypatch.setattr(_source, "LARGE", 1)
    (work / "t.csv").write_bytes(TABLE)
    with open_watched(hub, work, sent) as context:
        made = DataSet(context, Project(context, name)).create("t.csv")
        assert made.properties()["statistics"]["count"] == 4
        assert DataSet(context, Project(context, name)).plan_create("t.csv").is_empty
    assert any(request.startswith("GET /api/v1/cluster_tasks/") for request in sent)


def open_watched(hub: LiveHub, work: Path, sent: list[str]) -> Context:
    """Return a context whose requests are written down."""
    return Context(
        work,
        environ=hub.environ,
        home=work,
        on_exchange=lambda one: sent.append(f"{one.method} {one.path}"),
    )


@pytest.fixture
def tenant(hub_lane: None, work: Path, name: str, sent: list[str]) -> Iterator[Project]:
    """A project in an organization that has its clusters for itself, with one that runs."""
    hub = start_hub("single_tenant")
    with open_watched(hub, work, sent) as context:
        project = Project(context, name).create()
        project.start()
        assert "POST /api/v1/clusters" in sent
        assert not any("deploy" in request for request in sent)
        yield project


@pytest.mark.slow
def test_a_single_tenant_uploads_to_its_cluster_and_downloads_the_same(
    tenant: Project, work: Path, sent: list[str]
) -> None:
    flowers = write_flowers(work)
    made = DataSet(tenant.context, tenant).create("flowers.csv")
    assert not any("project_file_urls" in request for request in sent)
    assert "POST (file upload)" in sent
    item = made.properties()
    assert item["status"] == "processed"
    assert item["url"].startswith("files/")
    assert made.download("back") == Path("back/flowers.csv")
    assert Path("back/flowers.csv").read_bytes() == flowers.read_bytes()


@pytest.mark.slow
def test_a_single_tenant_is_sent_what_changed_and_nothing_else(tenant: Project, work: Path) -> None:
    (work / "t.csv").write_bytes(TABLE)
    DataSet(tenant.context, tenant).create("t.csv")
    assert DataSet(tenant.context, tenant).plan_create("t.csv").is_empty
    (work / "t.csv").write_bytes(TABLE + b"5.5,a\n")
    assert DataSet(tenant.context, tenant).create("t.csv").name == "t-1.csv"


def test_a_data_set_is_made_from_an_object_and_follows_its_content(
    store: Store, open_context: OpenContext, name: str, work: Path
) -> None:
    source = store.put("may/sizes%20of?kinds.csv", TABLE)
    context = open_context()
    made = DataSet(context, Project(context, name)).create(source)
    assert made.name == "sizes%20of?kinds.csv"
    assert made.properties()["statistics"]["count"] == 4
    assert DataSet(context, Project(context, name)).plan_create(source).is_empty
    store.put("may/sizes%20of?kinds.csv", TABLE + b"5.5,a\n")
    again = DataSet(context, Project(context, name)).create(source)
    assert again.name == "sizes%20of?kinds-1.csv"
    assert again.properties()["statistics"]["count"] == 5
    assert list(work.iterdir()) == []


def test_an_object_is_a_source_in_auger_yaml(
    store: Store, hub: LiveHub, name: str, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = store.put("t.csv", TABLE)
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    (work / "auger.yaml").write_text(f"name: {name}\nsource: {source}\n")
    planned = plan(work)
    (create,) = [one for one in planned.actions if one.address.kind == "dataset"]
    assert create.name == "t.csv"
    assert f"{source}, {len(TABLE)} bytes, sha256 " in create.detail


def test_an_object_that_changed_since_the_plan_is_not_uploaded(
    store: Store, open_context: OpenContext, name: str
) -> None:
    source = store.put("moving.csv", TABLE)
    context = open_context()
    home = Project(context, name).create()
    planned = DataSet(context, home).plan_create(source)
    store.put("moving.csv", TABLE + b"5.5,a\n")
    with pytest.raises(AugerError, match=r"`s3://.*moving.csv` has changed since the plan"):
        context.apply_or_raise(planned)
    assert list(DataSet(context, home).list()) == []


def test_an_object_that_is_not_there_is_told_at_its_place(
    store: Store, work: Path, hub: LiveHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    (work / "auger.yaml").write_text(f"name: shop\nsource: s3://{BUCKET}/nosuch.csv\n")
    with pytest.raises(ConfigError) as caught:
        plan(work)
    (told,) = caught.value.diagnostics
    assert (told.code, told.hint) == ("missing-source", "there is no such object")
    assert told.span is not None
    assert (told.span.line, told.span.column) == (2, 9)


def test_an_object_that_is_not_there_is_an_error_of_the_command(
    store: Store, open_context: OpenContext, name: str
) -> None:
    context = open_context()
    with pytest.raises(AugerError, match=r"`s3://nosuch-bucket/t.csv` cannot be read: there is no"):
        DataSet(context, Project(context, name)).create("s3://nosuch-bucket/t.csv")
