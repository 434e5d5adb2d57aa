"""`prevent_destroy` outlives the line that declares it: from one checkout to the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import User
from .static_hub import serve

PROTECTED = "name: shop\ndatasets: {kept.csv: {lifecycle: {prevent_destroy: true}}}\n"
HUB = {
    "projects": [{"id": 7, "name": "shop", "organization_id": 1, "status": "running"}],
    "project_files": [
        {
            "id": 11,
            "name": "kept.csv",
            "project_id": 7,
            "status": "processed",
            "url": "s3://bucket/kept.csv",
        }
    ],
}


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, folder: Path):
    with serve(HUB) as static:
        monkeypatch.setenv("AUGER_CREDENTIALS", static.credentials)
        (folder / "auger.yaml").write_text(PROTECTED)
        yield static


def test_a_plan_writes_no_lock(user: User, folder: Path) -> None:
    user.run("plan")
    assert not (folder / "auger.lock.yaml").exists()


def test_an_apply_writes_it_though_there_is_nothing_to_do(user: User, folder: Path) -> None:
    answer = user.run("apply", "--auto-approve")
    assert answer.code == 0
    assert "`auger.lock.yaml` lists what is protected now; commit it." in answer.err
    assert '- "dataset.kept.csv"' in (folder / "auger.lock.yaml").read_text()
    assert "auger.lock.yaml" not in user.run("apply", "--auto-approve").err


@pytest.mark.parametrize("option", ["--prune", "--destroy"])
def test_removed_from_the_file_it_is_still_deleted_by_nothing(
    user: User, folder: Path, option: str
) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text("name: shop\n")
    answer = user.run("apply", option, "--auto-approve", "--max-deletes", "9")
    assert answer.code == 1
    assert "error[prevent-destroy]" in answer.err
    assert '- "dataset.kept.csv"' in (folder / "auger.lock.yaml").read_text()


def test_declared_without_and_applied_it_may_go(user: User, folder: Path) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text("name: shop\ndatasets: {kept.csv: {}}\n")
    assert user.run("apply", "--auto-approve").code == 0
    (folder / "auger.yaml").write_text("name: shop\n")
    assert user.run("plan", "--prune").code == 0


def test_a_refused_apply_releases_nothing(user: User, folder: Path) -> None:
    user.run("apply", "--auto-approve")
    before = (folder / "auger.lock.yaml").read_text()
    (folder / "auger.yaml").write_text("name: shop\ndatasets: {kept.csv: {state: absent}}\n")
    assert user.run("apply", "--auto-approve").code == 1
    assert (folder / "auger.lock.yaml").read_text() == before


def test_a_saved_plan_carries_it_to_where_there_are_no_files(user: User, folder: Path) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text("name: shop\n")
    user.run("plan", "--prune", "--out", "plan.json")
    declaration = json.loads((folder / "plan.json").read_text())["declaration"]
    assert declaration["protected"] == [{"project": "shop", "kind": "dataset", "name": "kept.csv"}]
    (folder / "auger.yaml").unlink()
    (folder / "auger.lock.yaml").unlink()
    answer = user.run("apply", "plan.json")
    assert answer.code == 1
    assert "prevent-destroy" in answer.err
