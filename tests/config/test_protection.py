"""The file that remembers what is protected, beside the file that declared it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.config.protection import Lock, lock_path, read_protected, write_protected
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.errors import AugerError, ConfigError
from auger_reconcile.state import UNCHANGED, ProtectionChange

FILE = "name: shop\nlifecycle: {prevent_destroy: true}\n"
SHOP = Address("shop", "project", "shop")
RENAMED = """\
datasets: {e.csv: {source: d.csv}}
moved: [{from: dataset.d.csv, to: dataset.e.csv}]
"""
DATA = Address("shop", "dataset", 'a: "b" #1.csv')


def load(folder: Path, text: str, env: str | None = None) -> tuple[Lock, ...]:
    (folder / "auger.yaml").write_text(text)
    return load_desired_state([folder], env=env, environ={}).locks


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_protected(tmp_path / "auger.lock.yaml", [DATA, SHOP])
    assert read_protected(tmp_path / "auger.lock.yaml", Report()).keys() == {DATA, SHOP}
    assert [path.name for path in tmp_path.iterdir()] == ["auger.lock.yaml"]


def test_each_address_has_a_line_that_a_reviewer_sees(tmp_path: Path) -> None:
    write_protected(tmp_path / "lock", [SHOP, Address("shop", "model", "m")])
    lines = (tmp_path / "lock").read_text().splitlines()
    assert lines[-3:] == ['  "shop":', '    - "model.m"', '    - "project.shop"']


def test_nothing_protected_is_a_list_of_nothing(tmp_path: Path) -> None:
    write_protected(tmp_path / "lock", [])
    assert read_protected(tmp_path / "lock", Report()) == {}


def test_the_desired_state_knows_what_was_protected(tmp_path: Path) -> None:
    write_protected(lock_path(tmp_path, None), [DATA])
    (tmp_path / "auger.yaml").write_text("name: shop\n")
    assert load_desired_state([tmp_path], environ={}).state.protected == {DATA}


def test_the_digest_of_the_files_does_not_depend_on_it(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text("name: shop\n")
    before = load_desired_state([tmp_path], environ={}).state.digest
    write_protected(lock_path(tmp_path, None), [DATA])
    assert load_desired_state([tmp_path], environ={}).state.digest == before


def test_an_environment_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "auger.prod.yaml").write_text("name: shop-prod\n")
    (lock,) = load(tmp_path, FILE, env="prod")
    assert lock.path.name == "auger.prod.lock.yaml"


def test_a_plan_is_what_changes_a_lock_file(tmp_path: Path) -> None:
    other = Address("bank", "project", "bank")
    write_protected(lock_path(tmp_path, None), [SHOP, other])
    (lock,) = load(tmp_path, "name: shop\n")
    assert lock.after_apply(UNCHANGED) == {SHOP, other}
    assert lock.after_apply(ProtectionChange((DATA,), (SHOP,))) == {DATA, other}


def test_a_lock_file_lists_the_projects_of_its_folder(tmp_path: Path) -> None:
    (lock,) = load(tmp_path, "name: shop\n")
    elsewhere = Address("bank", "dataset", "d.csv")
    assert lock.after_apply(ProtectionChange((DATA, elsewhere))) == {DATA}


def test_an_emptied_list_is_an_error_that_says_how_a_project_is_released(tmp_path: Path) -> None:
    (tmp_path / "auger.lock.yaml").write_text("protected:\n  shop: []\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "name: shop\n")
    [told] = caught.value.diagnostics
    assert (told.code, told.summary) == ("wrong-lock", "a list that protects nothing")
    assert told.hint == "to release everything of a project, remove its line as well"


@pytest.mark.parametrize(
    ("overlay", "protected"),
    [
        ("cluster: {max_nodes: 3}\n", True),
        ("name: shop-prod\n", False),  # another project
        ("organization: other\n", False),
        ("hub: https://hub.test\n", True),  # which the credentials may name as well
        ("hub: local\n", True),
        ("datasets: {d.csv: {source: d.csv}}\n", True),  # it was not released by an apply
        (RENAMED, True),
        ("name: ${unset}\n", True),
    ],
)
@pytest.mark.parametrize(("env", "locked_by"), [("prod", None), (None, "prod")])
def test_of_the_same_objects_the_lock_of_another_environment_protects(
    tmp_path: Path, overlay: str, *, protected: bool, env: str | None, locked_by: str | None
) -> None:
    data = Address("shop", "dataset", "d.csv")
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    (tmp_path / "auger.yaml").write_text("name: shop\norganization: acme\n")
    (tmp_path / "auger.prod.yaml").write_text(overlay)
    write_protected(lock_path(tmp_path, locked_by), [data])
    if "unset" in overlay and env:
        return
    if "shop-prod" in overlay and locked_by:
        return  # it lists the project of that name
    loaded = load_desired_state([tmp_path], env=env, environ={})
    assert (data in loaded.state.protected) is protected
    assert loaded.state.locked_elsewhere == loaded.state.protected


def test_a_lock_whose_overlay_is_gone_protects_everywhere(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text("name: shop\nhub: local\n")
    (tmp_path / "auger.test.yaml").write_text("hub: https://hub.test\n")
    write_protected(lock_path(tmp_path, "gone"), [SHOP])
    assert load_desired_state([tmp_path], environ={}).state.locked_elsewhere == {SHOP}
    tested = load_desired_state([tmp_path], env="test", environ={})
    assert tested.state.locked_elsewhere == {SHOP}


@pytest.mark.parametrize(
    ("here", "there", "is_one"),
    [
        ("hub: local", "hub: http://127.0.0.1:43187", True),
        ("hub: http://localhost:43187/", "hub: http://127.0.0.1:43187", True),
        ("hub: http://localhost:1", "hub: http://localhost:2", False),
        ("hub: https://Hub.test:443/", "hub: https://hub.test", True),
        ("hub: http://hub.test", "hub: https://hub.test", True),
        ("hub: https://hub.test/a", "hub: https://hub.test/b", False),
        ("hub: local", "hub: https://hub.test", False),
        ("hub: https://a.test", "hub: https://b.test", False),
        ("path_to_credentials: mine", "path_to_credentials: ./mine/", True),
        ("path_to_credentials: mine", "path_to_credentials: yours", False),
        (
            "{hub: https://a.test, path_to_credentials: mine}",
            "{hub: https://a.test, path_to_credentials: yours}",
            True,
        ),
    ],
)
def test_a_hub_is_one_however_it_is_written(
    tmp_path: Path, here: str, there: str, *, is_one: bool
) -> None:
    (tmp_path / "auger.a.yaml").write_text(f"{here}\n")
    (tmp_path / "auger.b.yaml").write_text(f"{there}\n")
    (tmp_path / "auger.yaml").write_text("name: shop\n")
    write_protected(lock_path(tmp_path, "b"), [SHOP])
    state = load_desired_state([tmp_path], env="a", environ={}).state
    assert (SHOP in state.protected) is is_one


@pytest.mark.parametrize(
    "text", ["protected: [a.b]", "protected: {shop: [nonsense]}", "protected: {shop: [{}]}", "a: ["]
)
def test_a_damaged_lock_is_an_error_with_a_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "auger.lock.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, FILE)
    assert "auger.lock.yaml" in str(caught.value.diagnostics[0].span)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("# lock\nprotect:\n  shop: [model.m]\n", "2:1", "`protected` is near"),
        ("protected:\n  shop: [model.m]\nbogus: 1\n", "3:1", "`protected`, and nothing else"),
        ("zzz: 1\n", "1:1", "`protected`, and nothing else"),
    ],
)
def test_an_unknown_key_of_a_lock_is_told_where_it_stands(
    tmp_path: Path, text: str, place: str, hint: str
) -> None:
    (tmp_path / "auger.lock.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, FILE)
    [told] = caught.value.diagnostics
    assert (told.code, told.summary) == ("wrong-lock", "an unknown key in a lock file")
    assert told.span
    assert f"{told.span.line}:{told.span.column}" == place
    assert hint in str(told.hint)


def test_a_lock_that_is_a_folder_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "auger.lock.yaml").mkdir()
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, FILE)
    [told] = caught.value.diagnostics
    assert (told.code, told.label, told.hint) == ("unreadable", "a folder", None)


@pytest.mark.parametrize(
    ("text", "summary", "hint"),
    [
        ("models.m", "a kind that there is not", "`model.m` is near"),
        ("zebra.m", "a kind that there is not", "kinds are"),
        ("model.m, model.n", "several addresses in one text", "an item of its own"),
        ('"model.m,experiment.e"', "several addresses in one text", "an item of its own"),
        ("bank/model.m", "an address of another project", "below `shop`"),
        ("model", "no list of protected resources", "a list of addresses"),
    ],
)
@pytest.mark.parametrize("form", ["protected:\n  shop: {}\n", "protected:\n  shop:\n    - {}\n"])
def test_an_address_that_protects_nothing_is_told_where_it_stands(
    tmp_path: Path, form: str, text: str, summary: str, hint: str
) -> None:
    (tmp_path / "auger.lock.yaml").write_text(form.format(text))
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "name: shop\n")
    [told] = caught.value.diagnostics
    assert (told.code, told.summary) == ("wrong-lock", summary)
    assert hint in str(told.hint)
    assert told.span
    assert told.span.line == form.format(text).count("\n")


@pytest.mark.parametrize(
    "name", ["auger.lock.yml", "Auger.lock.yaml", "auger.lok.yaml", "auger-lock.yaml"]
)
def test_a_lock_file_under_another_name_is_told(tmp_path: Path, name: str) -> None:
    write_protected(tmp_path / name, [SHOP])
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, FILE)
    [told] = caught.value.diagnostics
    assert told.code == "unread-lock"
    assert name in str(told.span)


def test_a_lock_file_of_no_environment_is_told(tmp_path: Path) -> None:
    (tmp_path / "auger.yaml").write_text(FILE)
    (tmp_path / "auger.prod.yaml").write_text("name: shop-prod\n")
    for env in ("prod", "prd"):
        write_protected(lock_path(tmp_path, env), [SHOP])
    [told] = load_desired_state([tmp_path], environ={}).warnings
    assert told.code == "stray-lock"
    assert told.hint == "there is no `auger.prd.yaml`; what it lists is protected everywhere"


def test_a_name_with_a_comma_is_one_name(tmp_path: Path) -> None:
    kept = Address("shop", "dataset", "a, b.csv")
    write_protected(lock_path(tmp_path, None), [kept])
    (tmp_path / "auger.yaml").write_text("name: shop\n")
    assert load_desired_state([tmp_path], environ={}).state.protected == {kept}


def test_a_lock_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AugerError, match="cannot be written"):
        write_protected(tmp_path / "nowhere" / "auger.lock.yaml", [SHOP])
