"""`auger fmt`: the canonical form of the files in place."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest

from auger_reconcile.config.syntax import text
from tests.cli.conftest import User

UNTIDY = "source: a.csv # data\nname:   shop\n"
TIDY = "name: shop\nsource: a.csv # data\n"


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "auger.yaml"
    path.write_text(UNTIDY)
    return path


def test_a_file_is_laid_out_in_place(user: User, file: Path) -> None:
    answer = user.run("fmt")
    assert (answer.code, answer.out) == (0, "auger.yaml\n")
    assert file.read_text() == TIDY
    assert (user.run("fmt").out, file.read_text()) == ("", TIDY)


def test_check_changes_nothing_and_tells_by_its_exit_code(user: User, file: Path) -> None:
    answer = user.run("fmt", "--check")
    assert (answer.code, answer.out) == (1, "auger.yaml\n")
    assert file.read_text() == UNTIDY
    user.run("fmt")
    assert user.run("fmt", "--check").code == 0


def test_overlays_beside_a_file_are_laid_out_too(user: User, file: Path) -> None:
    overlay = file.with_name("auger.prod.yaml")
    overlay.write_text("state:  running\n")
    assert user.run("fmt").out == "auger.yaml\nauger.prod.yaml\n"
    assert overlay.read_text() == "state: running\n"


def test_the_result_as_json(user: User, file: Path) -> None:
    files = json.loads(user.run("fmt", "--json").out)["files"]
    assert files == [{"path": "auger.yaml", "changed": True}]


def test_a_file_that_is_no_yaml_stays_and_so_do_all_others(user: User, file: Path) -> None:
    second = file.parent / "sub" / "auger.yaml"
    second.parent.mkdir()
    second.write_text("name: [")
    answer = user.run("fmt", "-f", ".")
    assert answer.code == 1
    assert "sub/auger.yaml:1" in answer.err
    assert file.read_text() == UNTIDY


def test_permissions_links_and_byte_order_marks_stay(user: User, file: Path) -> None:
    real = file.with_name("real.yaml")
    real.write_bytes(b"\xef\xbb\xbf" + UNTIDY.encode())
    real.chmod(0o640)
    file.unlink()
    file.symlink_to(real.name)
    assert user.run("fmt").code == 0
    assert file.is_symlink()
    assert real.read_bytes() == b"\xef\xbb\xbf" + TIDY.encode()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason="an administrator may write anywhere")
def test_a_file_that_cannot_be_written_is_an_error(user: User, file: Path) -> None:
    file.parent.chmod(0o500)
    answer = user.run("fmt")
    file.parent.chmod(0o700)
    assert answer.code == 1
    assert "cannot be written" in answer.err


def test_without_a_file_that_is_said(user: User) -> None:
    assert user.run("fmt").code == 1


def test_the_standard_input_is_laid_out_on_the_standard_output(
    user: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(given: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        text._standard_input.cache_clear()  # one process reads it once
        answer = user.run(*arguments)
        return answer.code, answer.out

    assert run(UNTIDY, "fmt", "-") == (0, TIDY)
    assert run(UNTIDY, "-f", "-", "fmt") == (0, TIDY)
    assert run(UNTIDY, "fmt", "--check", "-") == (1, "-\n")
    assert run(TIDY, "fmt", "--check", "-") == (0, "")
    assert list(folder.iterdir()) == []


def test_files_are_named_as_arguments_too(user: User, file: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_text(UNTIDY)
    assert user.run("fmt", "other.yaml").out == "other.yaml\n"
    assert (other.read_text(), file.read_text()) == (TIDY, UNTIDY)
    assert user.run("fmt", "none.yaml").code == 1
