"""Files are found in the folder itself, or everywhere below it."""

from pathlib import Path

import pytest

from auger_reconcile.config.files.find_files import find_file, find_files
from auger_reconcile.errors import ConfigError


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("name: a\n")


def test_the_file_of_a_folder_is_found(tmp_path: Path) -> None:
    make(tmp_path, "auger.yaml")
    assert find_file(tmp_path) == tmp_path / "auger.yaml"


def test_a_file_further_up_is_another_project(tmp_path: Path) -> None:
    make(tmp_path, "auger.yaml")
    (tmp_path / "sub").mkdir()
    with pytest.raises(ConfigError):
        find_file(tmp_path / "sub")


def test_folders_are_searched_in_order_but_for_hidden_ones_and_environments(tmp_path: Path) -> None:
    make(tmp_path, "b/auger.yaml", "a/x/auger.yaml", ".git/auger.yaml", "env/lib/auger.yaml")
    make(tmp_path, "env/pyvenv.cfg", "node_modules/auger.yaml", "a/other.yaml")
    found, problems = find_files([tmp_path])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a/x/auger.yaml",
        "b/auger.yaml",
    ]
    assert problems == ()
