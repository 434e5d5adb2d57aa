"""The hooks check what is committed: each auger.yaml, and every overlay over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auger_reconcile.cli.pre_commit import main

GOOD = "hub: local\nname: churn\n"


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "auger.yaml").write_text(GOOD)
    (folder / "auger.prod.yaml").write_text("name: churn-prod\n")
    return folder


@pytest.mark.usefixtures("project")
def test_good_files_pass() -> None:
    assert main(["validate", "auger.yaml", "auger.prod.yaml"]) == 0


def test_the_name_of_an_environment_may_have_a_dot(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "auger.eu.prod.yaml").write_text("bogus: 1\n")
    assert main(["validate", "auger.eu.prod.yaml"]) == 1
    assert "auger.eu.prod.yaml:1:1" in capsys.readouterr().err


@pytest.mark.parametrize("named", ["auger.prod.yaml", "auger.yaml"])
def test_a_broken_overlay_fails_whichever_file_is_committed(
    project: Path, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "auger.prod.yaml").write_text("bogus: 1\n")
    assert main(["validate", named]) == 1
    assert "auger.prod.yaml:1:1" in capsys.readouterr().err


def test_a_file_that_is_not_committed_is_not_checked(project: Path) -> None:
    ignored = project / "venv"
    ignored.mkdir()
    (ignored / "auger.yaml").write_text("name: [")
    assert main(["validate", "auger.yaml"]) == 0


def test_a_lock_file_is_no_overlay(project: Path) -> None:
    for name in ("auger.lock.yaml", "auger.prod.lock.yaml"):
        (project / name).write_text("protected: {}\n")
    assert main(["validate", "auger.prod.lock.yaml"]) == 0


def test_the_layout_of_every_file_is_checked(project: Path) -> None:
    assert main(["fmt", "auger.yaml"]) == 0
    (project / "auger.yaml").write_text("name:   churn\nhub:  local\n")
    assert main(["fmt", "auger.yaml", "auger.prod.yaml"]) == 1
