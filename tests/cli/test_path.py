"""Arguments that name a file: what can be no file is wrong usage, and no bug."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auger_reconcile.cli.path import quote_path

from .conftest import User
from .static_hub import StaticHub

COMMANDS = (
    "model predict {} --model-id 1",
    "model actual {} --model-id 1",
    "pull churn --out {}",
    "plan --out {}",
    "show {}",
    "apply {}",
    "hub backup {}",
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("", "an empty text names no file"),
        (".", "`.` is a folder, not a file"),
        ("/", "`/` is a folder, not a file"),
    ],
)
def test_what_can_be_no_file_is_wrong_usage(user: User, command: str, path: str, told: str) -> None:
    answer = user.run(*[path if word == "{}" else word for word in command.split()])
    assert answer.code == 64
    assert told in answer.err


@pytest.mark.parametrize("line", ["-C below show plan", "show -C below plan", "show plan -C below"])
def test_a_path_is_seen_from_the_folder_of_the_command(user: User, folder: Path, line: str) -> None:
    (folder / "plan").mkdir()
    (folder / "below").mkdir()
    (folder / "below" / "plan").write_text(json.dumps({}))
    assert "`plan` is no saved plan" in user.run(*line.split()).err


def test_a_saved_plan_that_is_not_there_is_wrong_usage(user: User) -> None:
    answer = user.run("show", "absent.plan")
    assert (answer.code, "there is no file `absent.plan`" in answer.err) == (64, True)


def test_an_empty_name_of_a_file_to_read_is_wrong_usage(user: User, folder: Path) -> None:
    (folder / "auger.yaml").write_text("name: churn\n")
    answer = user.run("-f", "", "validate")
    assert (answer.code, "an empty text names no file" in answer.err) == (64, True)


@pytest.mark.parametrize(
    ("path", "shown"),
    [("churn", "churn"), ("a b", "'a b'"), ("-x", "./-x"), ("-a b", "'./-a b'"), ("/a", "/a")],
)
def test_a_path_is_shown_as_a_shell_takes_it(path: str, shown: str) -> None:
    assert quote_path(Path(path)) == shown


def test_the_folder_of_a_new_project_can_be_gone_into(user: User) -> None:
    assert user.run("new", "a b").out.endswith("\ncd 'a b' && auger plan\n")
    assert user.run("new", "--", "-x").out.endswith("\ncd ./-x && auger plan\n")


def test_a_saved_plan_can_be_applied_as_it_is_told(
    user: User, folder: Path, empty_hub: StaticHub
) -> None:
    (folder / "auger.yaml").write_text("name: churn\norganization: acme\n")
    assert user.run("plan", "--out", "-x.plan").err.endswith("\nauger apply ./-x.plan\n")


def test_an_address_in_a_command_is_one_word(
    user: User, folder: Path, empty_hub: StaticHub
) -> None:
    (folder / "auger.yaml").write_text(
        "name: churn\norganization: acme\nsource: https://example.com/d.csv\n"
        "model_type: classification\ntarget: t\nmodels: {prod uction: {}}\n"
    )
    answer = user.run("model", "predict", "new.csv", "--model-id", "prod uction")
    assert answer.err.endswith("\n       auger apply --target 'model.prod uction'\n")
