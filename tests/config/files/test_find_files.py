"""Files are found in the folder itself, or everywhere below it."""

from pathlib import Path

import pytest

from auger_reconcile.config.files.find_files import find_files


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("name: a\n")


def test_a_file_further_up_is_another_project_and_named(tmp_path: Path) -> None:
    make(tmp_path, "auger.yaml")
    (tmp_path / "sub" / "sub").mkdir(parents=True)
    found, (problem,) = find_files([tmp_path / "sub" / "sub"])
    assert found == ()
    assert problem.code == "no-config"
    assert str(problem.label).endswith("auger.yaml")


def test_a_folder_in_the_place_of_the_file_is_called_one(tmp_path: Path) -> None:
    make(tmp_path, "auger.yaml")
    place = tmp_path / "sub" / "auger.yaml"
    place.mkdir(parents=True)
    for given in (place, place.parent):
        found, (problem,) = find_files([given])
        assert found == ()
        assert (problem.code, problem.summary, problem.label) == (
            "unreadable",
            "it is no file",
            "a folder",
        )
        assert problem.span is not None
        assert Path(problem.span.path).parts[-2:] == ("sub", "auger.yaml")


def test_folders_are_searched_in_order_but_for_hidden_ones_and_environments(tmp_path: Path) -> None:
    make(tmp_path, "b/auger.yaml", "a/x/auger.yaml", ".git/auger.yaml", "env/lib/auger.yaml")
    make(tmp_path, "env/pyvenv.cfg", "node_modules/auger.yaml", "a/other.yaml")
    found, problems = find_files([tmp_path])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a/x/auger.yaml",
        "b/auger.yaml",
    ]
    assert problems == ()


@pytest.mark.parametrize("name", ["auger.yaml.txt", "auger.yml"])
def test_a_file_under_another_name_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    _, (problem,) = find_files([Path("auger.yaml")])
    assert (problem.label, problem.hint) == (f"there is `{name}`", f"auger -f {name} plan")


def test_a_file_of_the_first_clients_is_not_advised_to_be_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "auger_experiment.yml")
    monkeypatch.chdir(tmp_path)
    _, (problem,) = find_files([Path("auger.yaml")])
    assert problem.label == "there is `auger_experiment.yml`, of the first clients"
    advice = "`auger -f auger_experiment.yml validate` tells what its settings are called in an"
    assert problem.hint == f"{advice} auger.yaml"
