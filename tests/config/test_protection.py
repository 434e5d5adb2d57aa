"""The file that remembers what is protected, beside the file that declared it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auger_reconcile.address import Address
from auger_reconcile.config.load import load_desired_state
from auger_reconcile.config.protection import Lock, lock_path, read_protected, write_protected
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.errors import AugerError, ConfigError

FILE = "name: shop\nlifecycle: {prevent_destroy: true}\n"
SHOP = Address("shop", "project", "shop")
DATA = Address("shop", "dataset", 'a: "b" #1.csv')


def load(folder: Path, text: str, env: str | None = None) -> tuple[Lock, ...]:
    (folder / "auger.yaml").write_text(text)
    return load_desired_state([folder], env=env, environ={}).locks


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_protected(tmp_path / "auger.lock.yaml", [DATA, SHOP])
    assert read_protected(tmp_path / "auger.lock.yaml", Report()) == {DATA, SHOP}
    assert [path.name for path in tmp_path.iterdir()] == ["auger.lock.yaml"]


def test_each_address_has_a_line_that_a_reviewer_sees(tmp_path: Path) -> None:
    write_protected(tmp_path / "lock", [SHOP, Address("shop", "model", "m")])
    lines = (tmp_path / "lock").read_text().splitlines()
    assert lines[-3:] == ['  "shop":', '    - "model.m"', '    - "project.shop"']


def test_nothing_protected_is_a_list_of_nothing(tmp_path: Path) -> None:
    write_protected(tmp_path / "lock", [])
    assert read_protected(tmp_path / "lock", Report()) == frozenset()


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


def test_what_is_declared_without_protection_is_released(tmp_path: Path) -> None:
    write_protected(lock_path(tmp_path, None), [SHOP, DATA])
    (lock,) = load(tmp_path, "name: shop\n")
    state = load_desired_state([tmp_path], environ={}).state
    assert lock.after_apply(state) == {DATA}


def test_what_another_project_protected_is_kept(tmp_path: Path) -> None:
    other = Address("bank", "project", "bank")
    write_protected(lock_path(tmp_path, None), [other])
    (lock,) = load(tmp_path, FILE)
    state = load_desired_state([tmp_path], environ={}).state
    assert lock.after_apply(state) == {other, SHOP}


@pytest.mark.parametrize(
    "text", ["protected: [a.b]", "protected: {shop: [nonsense]}", "protected: {shop: [{}]}", "a: ["]
)
def test_a_damaged_lock_is_an_error_with_a_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "auger.lock.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, FILE)
    assert "auger.lock.yaml" in str(caught.value.diagnostics[0].span)


def test_a_lock_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AugerError, match="cannot be written"):
        write_protected(tmp_path / "nowhere" / "auger.lock.yaml", [SHOP])
