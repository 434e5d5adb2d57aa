"""The examples of the interface's documentation, each as it is written there, and its errors."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from auger.api import (
    AugerError,
    Conflict,
    Context,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Project,
    Unavailable,
)
from auger_reconcile.api.hubs.local_hub import LocalHub
from tests.api.live_hub import LiveHub

from .conftest import OpenContext


@pytest.fixture
def as_anna(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose environment holds the credentials, as the examples take for granted."""
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)


@pytest.mark.usefixtures("as_anna")
def test_listed_projects_are_dictionaries_to_iterate_over(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    Project(Context(), name).create()
    with caplog.at_level(logging.INFO, "auger"):
        ctx = Context()
        for project in iter(Project(ctx).list()):
            ctx.log(project.get("name"))
    assert name in caplog.messages


@pytest.mark.usefixtures("as_anna")
def test_a_created_project_exists_and_a_deleted_one_does_not(name: str) -> None:
    new_project_name = existing_project_name = name
    ctx = Context()
    project = Project(ctx, new_project_name).create()
    assert project.exists
    ctx = Context()
    Project(ctx, existing_project_name).delete()
    assert not project.exists


@pytest.mark.usefixtures("as_anna")
def test_the_cluster_has_the_size_that_auger_yaml_declares(name: str, work: Path) -> None:
    (work / "auger.yaml").write_text(
        f"name: {name}\n"
        "cluster:\n  type: high_memory\n  min_nodes: 2\n  max_nodes: 4\n"
        "  stack_version: experimental\n"
    )
    project_name = name
    Project(Context(), project_name).create()
    ctx = Context()
    Project(ctx, project_name).start()
    properties = Project(ctx, project_name).properties()
    assert properties["status"] == "running"
    assert properties["worker_type_id"] == 2
    assert properties["workers_count"] == 4
    assert properties["kubernetes_stack"] == "experimental"
    ctx = Context()
    Project(ctx, project_name).stop()
    assert Project(ctx, project_name).properties()["status"] == "undeployed"


def test_a_project_that_exists_is_a_conflict(open_context: OpenContext, name: str) -> None:
    context = open_context()
    Project(context, name).create()
    with pytest.raises(Conflict, match=f"project `{name}` exists already"):
        Project(context, name).create()


@pytest.mark.parametrize("method", ["delete", "start", "stop", "properties"])
def test_a_project_that_does_not_exist_is_not_found(
    open_context: OpenContext, name: str, method: str
) -> None:
    with pytest.raises(NotFound, match=f"project `{name}` does not exist"):
        getattr(Project(open_context(), name), method)()


@pytest.mark.parametrize("method", ["create", "delete", "start", "stop", "properties"])
def test_refused_credentials_are_not_authenticated(
    hub: LiveHub, work: Path, name: str, method: str
) -> None:
    environ = {"AUGER_CREDENTIALS": hub.credentials.replace(hub.token, "no-such-token")}
    with (
        Context(environ=environ, home=work) as context,
        pytest.raises(NotAuthenticated) as caught,
    ):
        getattr(Project(context, name), method)()
    assert "no-such-token" not in str(caught.value)


def test_who_only_looks_is_told_who_lets_them_do_more(hub: LiveHub, work: Path, name: str) -> None:
    local = LocalHub({**os.environ, "AUGER_HUB_HOME": str(hub.home)}, home=work)
    viewer = local.add_user(f"viewer-{name}", hub.organization, "viewer")
    environ = {"AUGER_CREDENTIALS": hub.credentials.replace(hub.token, viewer["token"])}
    with Context(environ=environ, home=work) as context:
        with pytest.raises(NotAllowed, match="this needs the role member") as caught:
            Project(context, name).create()
        assert not Project(context, name).exists
    assert str(caught.value.hint).endswith("auger hub user role NAME member")


def test_without_credentials_for_a_named_hub_nobody_is_authenticated(work: Path) -> None:
    with (
        Context(environ={}, home=work, hub="https://hub.example.com") as context,
        pytest.raises(NotAuthenticated, match="not logged in"),
    ):
        Project(context, "churn").create()


@pytest.mark.parametrize("method", ["create", "delete", "start", "stop", "properties"])
def test_a_hub_that_is_away_is_unavailable(
    work: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auger_reconcile.client.http.transport._FIRST_BACKOFF", 0)
    away = '{"token": "t", "organization": "shop", "api_url": "http://127.0.0.1:9"}'
    with (
        Context(environ={"AUGER_CREDENTIALS": away}, home=work) as context,
        pytest.raises(Unavailable),
    ):
        getattr(Project(context, "churn"), method)()


def test_a_wrong_cluster_is_refused_before_the_hub_is_changed(
    open_context: OpenContext, name: str, work: Path
) -> None:
    (work / "auger.yaml").write_text(f"name: {name}\n")
    Project(open_context()).create()
    (work / "auger.yaml").write_text(f"name: {name}\ncluster: {{min_nodes: 4, max_nodes: 2}}\n")
    with pytest.raises(AugerError, match=r"the `cluster` of `.*auger.yaml` cannot be used"):
        Project(open_context()).start()


def test_the_names_of_another_project_are_left_alone(
    open_context: OpenContext, name: str, work: Path
) -> None:
    (work / "auger.yaml").write_text("name: mine\ndataset: a.csv\n")
    context = open_context()
    Project(context, name).create()
    (work / "auger.yaml").write_text("name: mine\ndataset: a.csv\n")
    Project(open_context(), name).delete()
    assert (work / "auger.yaml").read_text() == "name: mine\ndataset: a.csv\n"
