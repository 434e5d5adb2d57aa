"""Plan, apply, destroy and drift as functions, on a real hub."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from auger.api import (
    ConfigError,
    Context,
    DataSet,
    PlanOptions,
    PlanRefused,
    Project,
    StalePlan,
    apply,
    destroy,
    drift,
)
from auger.api import plan as make_plan
from auger_reconcile.api.plans.saved_plan import read_plan, refresh_plan, save_plan
from auger_reconcile.api.workspace import Workspace
from auger_reconcile.applier.result import Event, Finished, Started
from tests.api.live_hub import LiveHub


@pytest.fixture
def declared(hub: LiveHub, name: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is declared and not there."""
    monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
    (work / "auger.yaml").write_text(f"name: {name}\nstate: running\n")
    return work


def verbs(path: Path) -> list[str]:
    return [action.verb.value for action in make_plan(path).actions]


def test_what_is_planned_is_applied_and_then_nothing_is_left(declared: Path, name: str) -> None:
    told: list[Event] = []
    todo = make_plan(declared)
    result = apply(todo, declared, on_event=told.append)
    assert result.is_complete
    started = [event.action.verb.value for event in told if isinstance(event, Started)]
    ended = [event.outcome.status.value for event in told if isinstance(event, Finished)]
    assert started == ["create", "start"]
    assert ended == ["applied", "applied"]
    assert verbs(declared) == []
    assert drift(declared).is_empty
    with Context(declared) as context:
        assert Project(context, name).properties()["status"] == "running"


def test_apply_without_a_plan_makes_it(declared: Path) -> None:
    assert apply(path=declared).is_complete
    assert apply(path=declared).outcomes == ()


def test_drift_is_what_the_hub_has_otherwise(declared: Path, name: str) -> None:
    apply(path=declared)
    with Context(declared) as context:
        Project(context, name).stop()
    assert [one.divergence.value for one in drift(declared).differences] == ["idle"]


def test_destroy_is_a_plan_to_delete(declared: Path) -> None:
    apply(path=declared)
    todo = destroy(declared)
    assert [action.verb.value for action in todo.actions] == ["delete"]
    assert apply(todo, declared).is_complete
    assert destroy(declared).is_empty


def test_a_plan_of_other_files_is_stale(declared: Path, name: str) -> None:
    todo = make_plan(declared)
    (declared / "auger.yaml").write_text(f"name: {name}\nstate: stopped\n")
    with pytest.raises(StalePlan, match="are not those that the plan was made of"):
        apply(todo, declared)


def test_what_is_protected_since_is_not_deleted(declared: Path, name: str) -> None:
    apply(path=declared)
    todo = destroy(declared)
    lock = declared / "auger.lock.yaml"
    lock.write_text(f"protected:\n  {name}:\n    - project.{name}\n")
    with pytest.raises(PlanRefused, match="protected"):
        apply(todo, declared)
    lock.unlink()
    assert apply(todo, declared).is_complete


def test_a_guard_refuses_the_whole_plan(declared: Path, name: str) -> None:
    apply(path=declared)
    protected = f"name: {name}\nstate: absent\nlifecycle: {{prevent_destroy: true}}\n"
    (declared / "auger.yaml").write_text(protected)
    with pytest.raises(PlanRefused):
        apply(path=declared)


def test_a_broken_file_carries_every_problem(declared: Path) -> None:
    (declared / "auger.yaml").write_text("nam: x\nstate: odd\n")
    with pytest.raises(ConfigError) as caught:
        make_plan(declared)
    assert len(caught.value.diagnostics) >= 2


@pytest.fixture
def table(work: Path) -> Iterator[tuple[Path, str]]:
    """A file, and the URL where it is served."""
    folder = work.parent / "web"
    folder.mkdir()
    (folder / "d.csv").write_text("a,b\n1,2\n3,4\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder / "d.csv", f"http://127.0.0.1:{server.server_port}/d.csv"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_is_compared_where_that_is_asked_for(
    declared: Path, table: tuple[Path, str], tmp_path: Path
) -> None:
    file, url = table
    with (declared / "auger.yaml").open("a") as stream:
        stream.write(f"datasets: {{d.csv: {{source: '{url}'}}}}\n")
    assert apply(path=declared).is_complete
    same = make_plan(declared, refresh_sources=True)
    assert (same.is_empty, dict(same.coverage.uncompared)) == (True, {})
    file.write_text("a,b\n1,2\n3,5\n")
    (unread,) = make_plan(declared).coverage.uncompared.values()
    assert "--refresh-sources" in unread
    changed = make_plan(declared, refresh_sources=True)
    assert [action.name for action in changed.actions] == ["d-1.csv"]
    workspace = Workspace((declared,), refresh_sources=True)
    save_plan(tmp_path / "plan", workspace.plan(), workspace)
    plan, restored = refresh_plan(read_plan(tmp_path / "plan"), Workspace((declared,)))
    assert restored.apply(plan).is_complete
    for opened in (workspace, restored):
        opened.close()
    assert make_plan(declared, refresh_sources=True).is_empty
    assert verbs(declared) == []


def test_a_url_that_cannot_be_compared_is_an_error_at_its_place(
    declared: Path, table: tuple[Path, str]
) -> None:
    file, url = table
    with (declared / "auger.yaml").open("a") as stream:
        stream.write(f"datasets:\n  d.csv: {{source: '{url}'}}\n")
    assert apply(path=declared).is_complete
    file.unlink()
    reason = "the URL cannot be read again from here: 127.0.0.1 answered 404"
    todo = make_plan(declared, refresh_sources=True)
    (told,) = todo.diagnostics
    assert (told.severity.value, told.summary, told.address) == ("error", reason, "dataset.d.csv")
    assert told.span
    assert (told.span.line, told.span.column) == (4, 19)
    assert list(todo.coverage.uncompared.values()) == [reason]
    (found,) = drift(declared, refresh_sources=True).differences
    assert (found.divergence.value, found.reason) == ("unknown", reason)
    excluded = PlanOptions(excludes=("dataset.d.csv",))
    assert not make_plan(declared, options=excluded, refresh_sources=True).diagnostics
    going = make_plan(declared, options=PlanOptions(destroy=True), refresh_sources=True)
    assert (len(going.actions), going.diagnostics) == (2, ())
    again = make_plan(
        declared, options=PlanOptions(repeats=("dataset.d.csv",)), refresh_sources=True
    )
    assert [one.verb.value for one in again.actions] == ["delete", "create"]
    assert make_plan(declared).is_empty


def test_nothing_is_trained_on_content_that_nobody_approved(
    declared: Path, table: tuple[Path, str], tmp_path: Path
) -> None:
    file, url = table
    with (declared / "auger.yaml").open("a") as stream:
        stream.write(f"datasets: {{d.csv: {{source: '{url}'}}}}\n")
    assert apply(path=declared).is_complete
    search = "{dataset: d.csv, model_type: regression, target: b, state: created}"
    with (declared / "auger.yaml").open("a") as stream:
        stream.write(f"experiments: {{e: {search}}}\n")
    file.write_text("a,b\n1,2\n3,5\n")
    workspace = Workspace((declared,), refresh_sources=True)
    save_plan(tmp_path / "plan", workspace.plan(), workspace)
    workspace.close()
    file.write_text("a,b\n1,2\n3,666\n")
    plan, restored = refresh_plan(read_plan(tmp_path / "plan"), Workspace((declared,)))
    failed, skipped = restored.apply(plan).outcomes
    restored.close()
    assert "the URL serves other content by now" in str(failed.error)
    assert (skipped.action.address.kind, skipped.status.value) == ("experiment", "skipped")
    with Context(declared) as context:
        assert [one["name"] for one in DataSet(context).list()] == ["d.csv"]
    todo = make_plan(declared, refresh_sources=True)
    assert next(action.name for action in todo.actions) == "d-1.csv"
    assert apply(todo, declared).is_complete


def test_every_name_of_the_interface_can_be_imported() -> None:
    import auger.api

    assert {"Plan", "PlanOptions"} <= set(auger.api.__all__)
    for name in auger.api.__all__:
        assert getattr(auger.api, name).__name__ == name
