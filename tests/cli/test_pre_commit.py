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


def test_an_overlay_needs_a_file_to_lie_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "auger.prod.yaml").write_text("name: churn-prod\n")
    assert main(["validate", "auger.prod.yaml"]) == 1
    assert "no such file" in capsys.readouterr().err


def test_a_file_may_be_valid_with_its_environments_only(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "auger.yaml").write_text("hub: local\n")
    assert main(["validate", "auger.yaml"]) == 0
    assert "auger.yaml is valid with each environment, and only so." in capsys.readouterr().err
    (project / "auger.dev.yaml").write_text("organization: acme\n")
    assert main(["validate", "auger.yaml"]) == 1


def test_the_layout_of_an_overlay_is_checked_by_itself(project: Path) -> None:
    (project / "auger.prod.yaml").write_text("name:   churn\n")
    assert main(["fmt", "auger.prod.yaml"]) == 1
    assert main(["fmt", "auger.lock.yaml"]) == 0


@pytest.mark.parametrize("arguments", [[], ["bogus", "auger.yaml"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 64
    assert "usage: python -m auger_reconcile.cli.pre_commit" in capsys.readouterr().err
