"""The folder of a new project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auger_reconcile.config.load import load_desired_state, read_settings

from .conftest import User


@pytest.mark.parametrize(
    ("model_type", "warnings"),
    [("classification", []), ("regression", []), ("timeseries", ["time-column"])],
)
def test_the_new_file_is_valid_and_says_what_was_asked(
    user: User, folder: Path, model_type: str, warnings: list[str]
) -> None:
    (folder / "data.csv").write_text("day,size\n2020-01-01,1\n")
    done = user.run(
        "new", "churn", "--source", "data.csv", "--target", "size", "--model-type", model_type
    )
    assert (done.code, done.err) == (0, "")
    assert done.out == "Made churn/auger.yaml. What comes next:\ncd churn && auger plan\n"
    settings = read_settings(Path("churn/auger.yaml"))
    assert settings["name"] == "churn"
    assert settings["source"] == "../data.csv"
    assert settings["model_type"] == model_type
    assert settings["target"] == "size"
    told = load_desired_state([Path("churn/auger.yaml")]).warnings
    assert [warning.code for warning in told] == warnings


def test_the_commented_model_is_valid_too(user: User, folder: Path) -> None:
    (folder / "data.csv").write_text("day,size\n2020-01-01,1\n")
    user.run("new", "churn", "--source", "data.csv", "--target", "size")
    file = Path("churn/auger.yaml")
    before, mark, models = file.read_text().partition("# models:")
    file.write_text(before + (mark + models).replace("# ", ""))
    state = load_desired_state([file]).state
    assert "model.production" in map(str, state.resources)


def test_without_options_the_file_has_gaps_to_fill(user: User) -> None:
    assert user.run("new", "churn").code == 0
    text = Path("churn/auger.yaml").read_text()
    assert "\nsource:\n" in text
    assert "\ntarget:\n" in text
    assert " \n" not in text


@pytest.mark.parametrize("name", ["has space", "ünï花", "123", "true", "a: b #c", '"quoted"', "-x"])
def test_odd_names_are_kept_as_they_are(user: User, name: str) -> None:
    assert user.run("new", "--json", "--", name).code == 0
    assert read_settings(Path(name) / "auger.yaml")["name"] == name


@pytest.mark.parametrize("name", [" ", ".", "..", "a/b", "/abs", "a\\b", "a\nb", "x" * 300])
def test_names_that_the_hub_cannot_carry_are_refused(user: User, folder: Path, name: str) -> None:
    done = user.run("new", "--", name)
    assert (done.code, done.out) == (1, "")
    assert "cannot name a project" in done.err
    assert list(folder.iterdir()) == []


def test_an_existing_folder_is_left_alone(user: User, folder: Path) -> None:
    (folder / "churn").mkdir()
    done = user.run("new", "churn")
    assert done.code == 1
    assert "error: `churn` exists already" in done.err
    assert list((folder / "churn").iterdir()) == []


def test_a_project_is_not_made_inside_another(user: User, folder: Path) -> None:
    user.run("new", "outer")
    (folder / "outer" / "deep").mkdir()
    done = user.run("new", "inner", "-C", "outer/deep")
    assert done.code == 1
    assert "is a project already" in done.err


def test_the_hub_is_written_down_and_a_url_is_a_source(user: User) -> None:
    source = "https://example.com/a%20b/churn.csv?v=1"
    done = user.run("new", "churn", "--hub", "local", "--source", source, "--json")
    assert json.loads(done.out) == {"path": "churn/auger.yaml"}
    settings = read_settings(Path("churn/auger.yaml"))
    assert (settings["hub"], settings["source"]) == ("local", source)
    assert settings["dataset"] == "churn.csv"
