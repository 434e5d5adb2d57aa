"""Which branch a checkout is on, and what a file says about it."""

from pathlib import Path

import pytest

from auger_reconcile.config.files.branch import find_branch
from auger_reconcile.config.load import load_desired_state


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/feature/x\n")
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_the_branch_is_that_of_the_repository_around_the_folder(checkout: Path) -> None:
    assert find_branch(checkout, "main", {}) == "feature/x"


def test_a_variable_of_a_host_does_not_rename_a_branch(checkout: Path) -> None:
    assert find_branch(checkout, "main", {"GITHUB_REF_NAME": "main"}) == "feature/x"


@pytest.mark.parametrize("name", ["GITHUB_REF_NAME", "CI_COMMIT_BRANCH"])
def test_of_a_commit_the_host_tells_the_branch(checkout: Path, name: str) -> None:
    (checkout.parent / ".git" / "HEAD").write_text("0123abcd\n")
    assert find_branch(checkout, "main", {}) is None
    assert find_branch(checkout, "main", {name: "main"}) == "main"


@pytest.mark.parametrize("name", ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"])
def test_a_request_to_merge_is_planned_as_if_it_were_merged(checkout: Path, name: str) -> None:
    assert find_branch(checkout, "main", {name: "main", "GITHUB_HEAD_REF": "x"}) == "main"
    assert find_branch(checkout, "main", {name: "other"}) == "feature/x"


def test_a_worktree_has_a_branch_of_its_own(checkout: Path, tmp_path: Path) -> None:
    inner = tmp_path / ".git" / "worktrees" / "w"
    inner.mkdir(parents=True)
    (inner / "HEAD").write_text("ref: refs/heads/main\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {inner}\n")
    assert find_branch(tree, "main", {}) == "main"


def test_without_a_repository_no_branch_is_known(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert find_branch(tmp_path, "main", {}) is None


def test_an_environment_says_from_which_branch_it_is_planned(checkout: Path) -> None:
    (checkout / "auger.yaml").write_text("name: churn\n")
    overlay = checkout / "auger.prod.yaml"
    overlay.write_text("protected_branch: main\n")
    (branch,) = load_desired_state([checkout / "auger.yaml"], env="prod").state.branches
    assert (branch.wanted, branch.here, branch.span.line) == ("main", "feature/x", 1)
    assert load_desired_state([checkout / "auger.yaml"]).state.branches == ()
