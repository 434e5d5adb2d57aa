"""What nobody waits for stands still while a hub has other work, and is done once, not twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import Explanation, Pipeline, Trial
from auger_hub.explain.reference_job import refer
from auger_hub.hub import Hub, open_hub
from auger_hub.models.profile import PROFILE_FILE
from auger_hub.processes.aside import call_aside
from auger_hub.processes.child_process import hold_job
from auger_hub.processes.job_process import Workplace
from auger_hub.processes.job_queue import find_jobs
from auger_hub.review.reference import refer_anew
from auger_hub.search.trials.process_call import ProcessCall
from auger_hub.settings import HubSettings
from tests.hub.deployed import add_deployed_model
from tests.hub.search import work

MODEL = "0123456789ABCDE"
REFERENCE = {"rows": 3, "prediction": [1, 2, 0], "cuts": [0.5]}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub with a deployed model that waits for what it is compared with."""
    hub = open_hub(HubSettings(home=tmp_path / "hub", storage=str(tmp_path / "store")))
    add_deployed_model(hub.database, MODEL)
    with hub.database.write() as session:
        refer_anew(session, session.get_one(Pipeline, MODEL))
    yield hub
    hub.database.close()


def explain(hub: Hub, status: str, content: dict[str, Any] | None = None) -> None:
    with hub.database.write() as session:
        trial = session.get_one(Trial, MODEL)
        mine = {"organization_id": trial.organization_id, "project_id": trial.project_id}
        session.add(Explanation(id=MODEL, status=status, seconds=5, content=content, **mine))


def kinds(hub: Hub) -> list[str]:
    return [job.kind for job in find_jobs(hub.database)]


def place_of(hub: Hub) -> Workplace:
    return Workplace(hub.settings, hub.database, hub.storage)


def test_a_reference_waits_for_the_explanation_that_finds_it_on_its_way(hub: Hub) -> None:
    assert kinds(hub) == ["refer"]
    explain(hub, "waiting")
    assert kinds(hub) == ["explain"]


@pytest.mark.parametrize("status", ["done", "error"])
def test_a_reference_waits_for_no_explanation_that_is_over(hub: Hub, status: str) -> None:
    explain(hub, status)
    assert kinds(hub) == ["refer"]


def test_what_the_explanation_has_found_is_not_measured_again(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.nice", lambda _: 0)
    profile = {"prediction": {"kind": "number", "cuts": REFERENCE["cuts"]}}
    (tmp_path / "fitted").mkdir()
    (tmp_path / "fitted" / PROFILE_FILE).write_text(json.dumps(profile))
    digest = place_of(hub).models.keep(MODEL, tmp_path / "fitted")
    with hub.database.write() as session:
        session.get_one(Pipeline, MODEL).package_digest = digest
    explain(hub, "done", {"reference": REFERENCE})
    refer(place_of(hub), MODEL)  # the run has no data: measuring would fail
    with hub.database.read() as session:
        row = session.get_one(ModelReference, MODEL)
        assert (row.status, row.content) == ("done", REFERENCE)


@pytest.mark.process
def test_a_call_stands_still_while_other_work_is_done(hub: Hub, tmp_path: Path) -> None:
    with hub.database.write() as session:
        session.get_one(Pipeline, MODEL).status = "packaging"
    call = ProcessCall(work.wait_for, tmp_path / "note")
    found: list[Any] = []
    asked = threading.Event()

    def is_wanted() -> bool:
        asked.set()
        return True

    def wait() -> None:
        found.append(call_aside(place_of(hub), call, 60, is_wanted))

    waiting = threading.Thread(target=wait)
    with hold_job(hub.settings, f"package-{MODEL}"):
        waiting.start()
        assert asked.wait(60)  # it looks around from here on
        waiting.join(1)
        (tmp_path / "note").touch()
        waiting.join(1)
        assert found == []
    waiting.join(60)
    assert found == [(True, True)]
    call.kill()


@pytest.mark.process
def test_a_call_that_nobody_wants_any_more_tells_nothing(hub: Hub, tmp_path: Path) -> None:
    call = ProcessCall(work.wait_for, tmp_path / "note")
    assert call_aside(place_of(hub), call, 60, lambda: False) == (None, False)
    call.kill()
