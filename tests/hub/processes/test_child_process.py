from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auger_hub.processes.child_process import Child, Job, end_all, hold_job
from auger_hub.settings import HubSettings

pytestmark = pytest.mark.process

JOB = Job("run", "abc", 1)
HOLD = """
import sys, time
from pathlib import Path
from auger_hub.settings import HubSettings
from auger_hub.processes.child_process import hold_job
with hold_job(HubSettings(home=Path(sys.argv[1])), "run-abc"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> HubSettings:
    settings = HubSettings(home=tmp_path)
    settings.make_folders()
    return settings


@pytest.fixture
def holder(settings: HubSettings) -> Iterator[subprocess.Popen[str]]:
    """A process of another hub that holds the job."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.home)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_job_nobody_holds_has_no_child(settings: HubSettings) -> None:
    assert Child.find(JOB, settings) is None


def test_the_child_of_a_hub_that_is_gone_is_found_and_ended(
    settings: HubSettings, holder: subprocess.Popen[str]
) -> None:
    child = Child.find(JOB, settings)
    assert child is not None
    assert child.pid == holder.pid
    assert child.is_alive()
    end_all([child], seconds=5)
    holder.wait()
    assert not child.is_alive()


def test_a_job_is_held_by_one_process_at_a_time(
    settings: HubSettings, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import Timeout

    monkeypatch.setattr("auger_hub.processes.child_process._LOCK_WAIT_SECONDS", 0.1)
    with pytest.raises(Timeout), hold_job(settings, JOB.name):
        pass


def test_a_job_is_free_when_its_holder_was_killed(
    settings: HubSettings, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    assert Child.find(JOB, settings) is None
