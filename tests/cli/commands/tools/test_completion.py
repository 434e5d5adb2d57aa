"""Completion in shells: what they are given to source, and what it asks for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from auger_reconcile.api.hubs import offers
from auger_reconcile.cli.main import auger
from tests.cli.conftest import User
from tests.cli.static_hub import StaticHub, serve

FILES = {
    "auger.yaml": (
        "name: shop\n"
        "datasets: {d.csv: {source: gone.csv}}\n"
        "experiments:\n"
        "  base: {model_type: classification, target: y}\n"
        "  other: {model_type: classification, target: y}\n"
    ),
    "auger.prod.yaml": "models: {live: {experiment: base}}\n",
    "auger.dev.yaml": "state: stopped\n",
    "auger.lock.yaml": "protected: {}\n",
    "auger.prod.lock.yaml": "protected: {}\n",
    "broken.yaml": "name: [",
}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_calls_auger(shell: str, user: User) -> None:
    answer = user.run("completion", shell)
    assert answer.code == 0
    assert f"_AUGER_COMPLETE={shell}_complete" in answer.out


def test_the_script_is_json_for_a_program_that_asks(user: User) -> None:
    told = json.loads(user.run("--json", "completion", "bash").out)
    assert told == {"shell": "bash", "script": user.run("completion", "bash").out}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_is_good_bash(user: User) -> None:
    script = user.run("completion", "bash").out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


SLOW = pytest.mark.slow


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("auger pl", ["plan"]),
        pytest.param("auger hub st", ["start", "status", "stop"], marks=SLOW),
        pytest.param("auger plan --det", ["--detailed-exitcode"], marks=SLOW),
        pytest.param("auger completion z", ["zsh"], marks=SLOW),
        ("auger explain exp", ["experiment.base", "experiment.other"]),
        ("auger plan --target experiment.b", ["experiment.base"]),
        ("auger -f broken.yaml plan --target e", []),
        ("auger --env prod wait model", ["model.live"]),
        pytest.param("auger plan --env ", ["dev", "prod"], marks=SLOW),
        pytest.param("auger --env p", ["prod"], marks=SLOW),
    ],
)
def test_words_are_completed(words: str, offered: list[str], folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text)
    place = str(len(words.split(" ")) - 1)
    asked = {"_AUGER_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": place}
    done = subprocess.run(
        [sys.executable, "-c", "from auger_reconcile.cli.main import main; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    # click's zsh answers are three lines each: type, value, help
    assert done.stdout.splitlines()[1::3] == offered


WORLD = {
    "projects": [{"id": 7, "name": "shop", "status": "running"}, {"id": 8, "name": "other"}],
    "project_files": [{"id": 1, "project_id": 7, "name": "d.csv", "status": "processed"}],
    "experiments": [{"id": "e1", "project_id": 7, "name": "base"}],
    "experiment_sessions": [
        {"id": "aa01", "project_id": 7, "status": "completed", "created_at": "2026-01-01T00:00Z"},
        {"id": "aa02", "project_id": 7, "status": "started", "created_at": "2026-01-02T00:00Z"},
    ],
    "trials": [
        {"id": "T1", "experiment_session_id": "aa02", "score_name": "f1", "score_value": 0.5},
        {"id": "T2", "experiment_session_id": "aa02", "score_name": "f1", "score_value": 0.75},
        {"id": "T3", "experiment_session_id": "aa02"},
    ],
    "pipelines": [
        {"id": "T1", "project_id": 7, "status": "ready"},
        {"id": "T9", "project_id": 7, "status": "undeployed"},
    ],
}


def complete(words: str) -> list[str]:
    """Return what is offered for the last word."""
    *said, last = words.split(" ")[1:]
    asked = ShellComplete(auger, {}, "auger", "_AUGER_COMPLETE")
    return [item.value for item in asked.get_completions(said, last)]


@pytest.fixture
def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StaticHub]:
    """A hub with a project, and an auger.yaml of it in the working directory."""
    monkeypatch.setattr(offers, "PATIENCE", 60)
    (folder / "auger.yaml").write_text(FILES["auger.yaml"] + "models: {live: {trial: T1}}\n")
    with serve(WORLD) as hub:
        monkeypatch.setenv("AUGER_CREDENTIALS", hub.credentials)
        yield hub


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("auger project select ", ["shop", "other"]),
        ("auger pull o", ["other"]),
        ("auger dataset delete ", ["d.csv"]),
        ("auger experiment history ", ["base"]),
        ("auger experiment leaderboard ", ["base", "aa02", "aa01"]),
        ("auger experiment compare aa01 ", ["aa02", "aa01"]),
        ("auger experiment report --trial ", ["T2", "T1"]),
        ("auger model deploy T", ["T2", "T1"]),
        ("auger model predict d.csv --model-id ", ["live", "T1"]),
        ("auger model undeploy T", ["T1"]),
        ("auger lineage l", ["live"]),
        ("auger rollback ", ["model.live"]),
    ],
)
def test_names_and_ids_come_from_the_hub(words: str, offered: list[str], world: StaticHub) -> None:
    assert complete(words) == offered
    assert all(one.startswith("GET ") for one in world.asked)


def test_a_shell_is_told_what_an_id_stands_for(world: StaticHub) -> None:
    asked = ShellComplete(auger, {}, "auger", "_AUGER_COMPLETE")
    found = asked.get_completions(["experiment", "leaderboard"], "aa02")
    assert [item.help for item in found] == ["started 2026-01-02T00:00Z"]


FAULTS = ["gone", "refused", "slow", "nonsense", "broken file", "no runs", "old names"]


@pytest.mark.parametrize("fault", FAULTS)
def test_completion_is_silent_where_there_is_nothing_to_offer(
    fault: str,
    world: StaticHub,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if fault == "gone":
        world.shutdown()
        world.server_close()
    elif fault == "refused":
        world.refusals = {"GET organizations": {"status": 401, "message": "no"}}
    elif fault == "slow":
        monkeypatch.setattr(offers, "PATIENCE", 0.1)
        world.held = "GET organizations"
    elif fault == "nonsense":
        world.objects["experiment_sessions"] = [{"project_id": 7}]
    elif fault == "no runs":
        world.objects["experiment_sessions"] = []
    elif fault == "old names":
        (folder / "auger.yaml").write_text("project_name: shop\ndata_set_name: d.csv\n")
        world.objects["experiment_sessions"] = []
    else:
        (folder / "auger.yaml").write_text("name: [")
    assert complete("auger experiment compare ") == complete("auger model deploy ") == []
    world.released.set()
    assert capfd.readouterr() == ("", "")


def test_completion_is_silent_where_the_file_named_is_not_there(
    world: StaticHub, capfd: pytest.CaptureFixture[str]
) -> None:
    assert complete("auger -f none/auger.yaml model deploy ") == []
    assert complete("auger -f none.yaml project select ") == ["shop", "other"]
    assert capfd.readouterr() == ("", "")


def test_completion_starts_no_hub(folder: Path) -> None:
    (folder / "auger.yaml").write_text(f"hub: local\n{FILES['auger.yaml']}")
    assert complete("auger experiment leaderboard ") == []
    assert not (folder.parent / "home" / "hub").exists()
