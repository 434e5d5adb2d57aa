"""Arguments that name a file: what can be no file is wrong usage, and no bug."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import User

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
