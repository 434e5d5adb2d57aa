"""`prevent_destroy` outlives the line that declares it: from one checkout to the next."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from auger_reconcile.api.workspace import Workspace
from auger_reconcile.errors import ConfigError

from .conftest import User
from .static_hub import StaticHub, serve

PROTECTED = "name: shop\ndatasets: {kept.csv: {lifecycle: {prevent_destroy: true}}}\n"
HUB = {
    "projects": [{"id": 7, "name": "shop", "organization_id": 1, "status": "running"}],
    "project_files": [
        {
            "id": number,
            "name": name,
            "project_id": 7,
            "status": "processed",
            "url": f"s3://bucket/{name}",
        }
        for number, name in enumerate(["kept.csv", "kept-1.csv", "free.csv"], 11)
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
    said = "Protected from now on: dataset.kept.csv.\n"
    assert answer.out == (
        f"{said}No changes on the hub. The hub matches auger.yaml.\n"
        f"\n{said}`auger.lock.yaml` remembers it; commit it.\n"
    )
    assert '- "dataset.kept.csv"' in (folder / "auger.lock.yaml").read_text()
    again = user.run("apply", "--auto-approve")
    assert again.out == "No changes. The hub matches auger.yaml.\n"


def test_a_plan_tells_it_and_has_something_to_do(user: User) -> None:
    assert user.run("plan", "--detailed-exitcode").code == 2
    assert "### Auger plan: 1 to protect" in user.run("plan", "--format", "markdown").out
    page = user.run("plan", "--format", "html").out
    assert "Protected from now on: dataset.kept.csv." in page
    told = json.loads(user.run("plan", "--json").out)
    assert told["protection"] == {"protects": ["shop/dataset.kept.csv"], "releases": []}
    user.run("apply", "--auto-approve")
    assert user.run("plan", "--detailed-exitcode").code == 0


def test_nothing_is_protected_or_released_without_a_yes(user: User, folder: Path) -> None:
    answer = user.run("apply")
    assert answer.code == 1
    assert "the plan needs consent" in answer.err
    assert not (folder / "auger.lock.yaml").exists()


def test_a_saved_plan_that_only_protects_writes_the_lock_file(user: User, folder: Path) -> None:
    assert "Protected from now on: dataset.kept.csv." in user.run("plan", "--out", "p.json").out
    answer = user.run("apply", "p.json", "--json")
    assert answer.code == 0
    finished = json.loads(answer.out.splitlines()[-1])
    assert finished["remembered"] == ["auger.lock.yaml"]
    assert '- "dataset.kept.csv"' in (folder / "auger.lock.yaml").read_text()


FREE = "name: shop\ndatasets: {kept.csv: {}, free.csv: {}}\n"


def test_a_release_is_told_before_it_happens(user: User, folder: Path) -> None:
    user.run("apply", "--auto-approve")
    (folder / "other.yaml").write_text(FREE)
    said = "No longer protected: dataset.kept.csv."
    planned = user.run("-f", "other.yaml", "plan", "--detailed-exitcode")
    assert (planned.code, planned.out.splitlines()[0]) == (2, said)
    comment = user.run("-f", "other.yaml", "plan", "--format", "markdown").out
    assert "### Auger plan: 1 to release" in comment
    assert f"- **{said}**" in comment
    applied = user.run("-f", "other.yaml", "apply", "--auto-approve")
    assert applied.out.count(said) == 2
    assert "protected: {}" in (folder / "auger.lock.yaml").read_text()


def test_a_narrowed_apply_releases_nothing_else(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text(FREE.replace("{}", "{lifecycle: {prevent_destroy: true}}"))
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text(FREE)
    answer = user.run("apply", "--target", "dataset.free.csv", "--auto-approve")
    assert "No longer protected: dataset.free.csv.\n" in answer.out
    lock = (folder / "auger.lock.yaml").read_text()
    assert '- "dataset.kept.csv"' in lock
    assert "free" not in lock


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


def test_a_saved_plan_carries_it_to_where_the_lock_file_is_not(user: User, folder: Path) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text("name: shop\n")
    user.run("plan", "--prune", "--out", "plan.json")
    declaration = json.loads((folder / "plan.json").read_text())["declaration"]
    assert declaration["protected"] == [{"project": "shop", "kind": "dataset", "name": "kept.csv"}]
    (folder / "auger.lock.yaml").unlink()
    answer = user.run("apply", "plan.json")
    assert answer.code == 1
    assert "prevent-destroy" in answer.err


@pytest.mark.parametrize("command", ["plan", "plan --prune", "apply --auto-approve", "destroy"])
@pytest.mark.parametrize(
    ("listed", "hint"),
    [
        ("shop: [dataset.kpet.csv]", "there is `dataset.kept.csv`"),
        ("shop: [dataset.fre.csv]", "there is `dataset.free.csv`"),
        ("shpo: [dataset.free.csv]", "there is a project `shop`"),
        ("shop: [model.gone]", "its line protects nothing, and has to go"),
    ],
)
def test_what_the_lock_file_lists_and_nothing_has_is_refused_at_its_place(  # noqa: PLR0917 - fixtures
    user: User, folder: Path, hub: StaticHub, listed: str, hint: str, command: str
) -> None:
    lock = f"protected:\n  {listed}\n"
    (folder / "auger.lock.yaml").write_text(lock)
    answer = user.run(*command.split())
    assert answer.code == 1
    assert "error[unknown-protected]" in answer.err
    assert "auger.lock.yaml:2:" in answer.err
    assert hint in answer.err
    assert (folder / "auger.lock.yaml").read_text() == lock
    assert not hub.asked or all(request.startswith("GET") for request in hub.asked)


@pytest.mark.parametrize(
    "listed", ["shop: [dataset.kept.csv, dataset.free.csv]", "other: [project.other]"]
)
def test_what_it_lists_and_only_the_hub_has_is_right(
    user: User, folder: Path, hub: StaticHub, listed: str
) -> None:
    shop = hub.objects["projects"][0]
    hub.objects["projects"] = [shop, {**shop, "id": 8, "name": "other"}]
    (folder / "auger.lock.yaml").write_text(f"protected:\n  {listed}\n")
    assert user.run("plan").code == 0


@pytest.mark.parametrize(("option", "code"), [("--destroy", 1), ("--prune", 0)])
def test_what_is_forgotten_stays_protected(
    user: User, folder: Path, option: str, code: int
) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text("name: shop\nremoved: [{address: dataset.kept.csv}]\n")
    assert user.run("apply", "--auto-approve").code == 0
    assert '- "dataset.kept.csv"' in (folder / "auger.lock.yaml").read_text()
    answer = user.run("plan", option, "--max-deletes", "9")
    assert answer.code == code
    assert ("error[prevent-destroy]" in answer.err) == bool(code)


DELETES = pytest.mark.parametrize(
    "command", ["dataset delete kept.csv", "dataset delete kept-1.csv", "project delete shop"]
)
SAID = "error[prevent-destroy]: the plan would delete a protected resource"


@DELETES
def test_a_command_refuses_what_the_file_protects(user: User, hub: StaticHub, command: str) -> None:
    answer = user.run(*command.split(), "--yes")
    assert answer.code == 1
    assert SAID in answer.err
    assert "`lifecycle.prevent_destroy` has to be removed, and applied, before" in answer.err
    assert not any(request.startswith("DELETE") for request in hub.asked)


@DELETES
@pytest.mark.parametrize("left", ["name: shop\n", "name: shop\ndatasets: {kept.csv: {}}\n"])
def test_a_command_refuses_what_is_no_longer_declared_as_protected(
    user: User, folder: Path, hub: StaticHub, command: str, left: str
) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text(left)
    answer = user.run(*command.split(), "--yes")
    assert answer.code == 1
    assert SAID in answer.err
    assert "the lock file lists it" in answer.err
    assert not any(request.startswith("DELETE") for request in hub.asked)


def test_a_command_refuses_it_where_only_the_lock_file_is_left(
    user: User, folder: Path, hub: StaticHub
) -> None:
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").unlink()
    assert SAID in user.run("project", "delete", "shop", "--yes").err
    assert not any(request.startswith("DELETE") for request in hub.asked)


def test_a_command_deletes_what_is_released_and_what_never_was_protected(
    user: User, folder: Path, hub: StaticHub
) -> None:
    user.run("dataset", "delete", "free.csv", "--yes")
    (folder / "auger.yaml").write_text("name: shop\n")
    user.run("dataset", "delete", "kept.csv", "--yes")
    assert [one for one in hub.asked if one.startswith("DELETE")] == ["DELETE project_files"] * 2


def test_a_lock_file_that_cannot_be_read_releases_nothing(
    user: User, folder: Path, hub: StaticHub
) -> None:
    (folder / "auger.lock.yaml").write_text("protected: [x]\n")
    answer = user.run("dataset", "delete", "free.csv", "--yes")
    assert answer.code == 1
    assert "auger.lock.yaml:1:12" in answer.err
    assert not any(request.startswith("DELETE") for request in hub.asked)


@pytest.mark.parametrize("listed", ["shop: [dataset.fre.csv]", "shpo: [dataset.free.csv]"])
def test_a_command_deletes_nothing_beside_a_lock_file_that_is_misspelt(
    user: User, folder: Path, hub: StaticHub, listed: str
) -> None:
    (folder / "auger.lock.yaml").write_text(f"protected:\n  {listed}\n")
    answer = user.run("dataset", "delete", "free.csv", "--yes")
    assert answer.code == 1
    assert "error[unknown-protected]" in answer.err
    assert "auger.lock.yaml:2:" in answer.err
    assert not any(request.startswith("DELETE") for request in hub.asked)


MOVED = "moved: [{from: experiment.e, to: experiment.f}]"


@pytest.mark.parametrize(
    "declared",
    [
        "experiment: {name: e, lifecycle: {prevent_destroy: true}}",
        "experiments: {e: {lifecycle: {prevent_destroy: true}}}",
        "experiment: {name: e}\nlifecycle: {prevent_destroy: true}",
        f"experiments: {{f: {{lifecycle: {{prevent_destroy: true}}}}}}\n{MOVED}",
        f"experiment: {{name: f, lifecycle: {{prevent_destroy: true}}}}\n{MOVED}",
    ],
)
def test_a_command_refuses_what_either_form_of_the_file_protects(
    user: User, folder: Path, hub: StaticHub, declared: str
) -> None:
    hub.objects["experiments"] = [
        {"id": "E1", "name": "e", "project_id": 7, "project_file_id": 11, "model_settings": {}}
    ]
    (folder / "auger.yaml").write_text(f"name: shop\nmodel_type: regression\n{declared}\n")
    answer = user.run("experiment", "delete", "e", "--yes")
    assert SAID in answer.err
    assert not any(request.startswith("DELETE") for request in hub.asked)


RENAMED = """\
name: shop
datasets: {new.csv: {lifecycle: {prevent_destroy: true}}}
moved: [{from: dataset.mid.csv, to: dataset.new.csv}, {from: dataset.kept.csv, to: dataset.mid.csv}]
"""


@DELETES
@pytest.mark.parametrize("is_applied", [True, False])
def test_a_command_refuses_what_is_protected_under_its_new_name(
    user: User, folder: Path, hub: StaticHub, command: str, *, is_applied: bool
) -> None:
    (folder / "auger.yaml").write_text(RENAMED)
    if is_applied:
        assert user.run("apply", "--auto-approve").code == 0
    answer = user.run(*command.split(), "--yes")
    assert answer.code == 1
    assert SAID in answer.err
    assert not any(request.startswith("DELETE") for request in hub.asked)


def test_what_is_left_of_a_move_does_not_protect_a_name_that_nothing_became(
    user: User, folder: Path, hub: StaticHub
) -> None:
    (folder / "auger.yaml").write_text(RENAMED.replace("mid.csv, to", "other.csv, to"))
    user.run("dataset", "delete", "free.csv", "--yes")
    user.run("dataset", "delete", "kept.csv", "--yes")
    assert [one for one in hub.asked if one.startswith("DELETE")] == ["DELETE project_files"] * 2


@DELETES
def test_dropping_the_line_of_a_move_releases_nothing(
    user: User, folder: Path, hub: StaticHub, command: str
) -> None:
    (folder / "auger.yaml").write_text(RENAMED)
    user.run("apply", "--auto-approve")
    (folder / "auger.yaml").write_text(RENAMED[: RENAMED.index("moved")])
    planned = user.run("plan")
    assert "warning[undeclared-protected]" in planned.err
    assert "auger.lock.yaml:5:7" in planned.err
    pruned = user.run("apply", "--prune", "--auto-approve", "--max-deletes", "9")
    assert pruned.code == 1
    assert SAID in pruned.err
    assert "if it was renamed, `moved` says so" in pruned.err
    assert user.run(*command.split(), "--yes").code == 1
    assert not any(request.startswith("DELETE") for request in hub.asked)


def test_a_renamed_model_is_not_undeployed(user: User, folder: Path, hub: StaticHub) -> None:
    trial = {"id": "T1", "score_value": 0.9, "score_name": "r2"}
    hub.objects["pipelines"] = [
        {"id": "T1", "name": "old", "project_id": 7, "status": "ready", "trial": trial}
    ]
    (folder / "auger.yaml").write_text(
        "name: shop\nmodels: {new: {trial: T1, lifecycle: {prevent_destroy: true}}}\n"
        "moved: [{from: model.old, to: model.new}]\n"
    )
    answer = user.run("model", "undeploy", "T1", "--yes")
    assert answer.code == 1
    assert SAID in answer.err
    assert not any(request.startswith("PATCH") for request in hub.asked)


def test_what_was_protected_since_the_plan_was_made_stays_so(folder: Path) -> None:
    file, lock = folder / "auger.yaml", folder / "auger.lock.yaml"
    with closing(Workspace(file)) as workspace:
        plan = workspace.plan()
        lock.write_text("protected: {shop: [dataset.free.csv]}\n")
        assert workspace.apply(plan).remembered == (lock,)
    assert '- "dataset.free.csv"\n    - "dataset.kept.csv"\n' in lock.read_text()


def test_a_lock_file_that_was_damaged_since_is_left_alone(folder: Path) -> None:
    with closing(Workspace(folder / "auger.yaml")) as workspace:
        plan = workspace.plan()
        (folder / "auger.lock.yaml").write_text("protected: [x]\n")
        with pytest.raises(ConfigError):
            workspace.apply(plan)
    assert (folder / "auger.lock.yaml").read_text() == "protected: [x]\n"
