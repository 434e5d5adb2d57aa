"""Commit and branch of the files that are applied."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from auger_reconcile.history.checkout import read_checkout


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=anna", "-c", "user.email=anna@example.com"]
    command = ["git", *who, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "auger.yaml").write_text("name: churn\n")
    git(tmp_path, "add", "auger.yaml")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_a_checkout_has_a_commit_and_a_branch(repository: Path) -> None:
    found = read_checkout(repository)
    assert found is not None
    assert found.commit == git(repository, "rev-parse", "HEAD")
    assert (found.branch, found.is_dirty) == ("main", False)


def test_a_file_that_differs_from_the_commit_is_told(repository: Path) -> None:
    (repository / "auger.yaml").write_text("name: other\n")
    found = read_checkout(repository)
    assert found is not None
    assert found.is_dirty


def test_what_a_build_server_checked_out_has_the_branch_of_its_environment(
    repository: Path,
) -> None:
    git(repository, "checkout", "-q", "--detach")
    found = read_checkout(repository, {"CI_COMMIT_REF_NAME": "release"})
    assert found is not None
    assert found.branch == "release"


def test_a_repository_without_a_commit_has_nothing_to_tell(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert read_checkout(tmp_path) is None


def test_a_folder_without_git_is_in_no_checkout(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert read_checkout(repository) is None
