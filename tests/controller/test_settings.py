"""The file of a controller, good and bad."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auger_reconcile.controller.settings import Settings, read_settings
from auger_reconcile.errors import ConfigError


def read(folder: Path, text: str) -> Settings:
    path = folder / "controller.yaml"
    path.write_text(text)
    return read_settings(path, default_home=folder / "home")


def test_what_is_not_said_has_defaults_and_paths_are_seen_from_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, "interval: 2m\nrepositories: [{url: ./a.git, path: x/y, env: prod}]\n")
    (target,) = found.targets
    assert (found.interval, found.home) == (120.0, tmp_path / "home")
    assert target.url == str(tmp_path / "a.git")
    assert (target.name, target.branch, target.allow) == (
        "a-x-y-prod",
        "main",
        ("create", "start", "select"),
    )


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "governance.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(# controller\.yaml\n.*?)```", page, re.DOTALL)
    found = read(tmp_path, example)
    assert (found.name, found.interval, found.listen) == ("ops", 300.0, "127.0.0.1:8750")
    (target,) = found.targets
    assert target.verify_commits
    assert target.heal


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is no map"),
        ("interval: 5m\n", "the file lists no `repositories`"),
        ("interval: soon\nrepositories: [{url: a}]\n", "write a duration"),
        ("repositories: [a]\n", "a repository is a map"),
        ("repositories: [{urll: a}]\n", "unknown field"),
        ("repositories: [{url: a, allow: [destroy]}]\n", "repositories"),
        ("repositories: [{url: a, path: ../b}]\n", "not inside of the repository"),
        ("repositories: [{url: --upload-pack=x}]\n", "begins with a dash"),
        ("repositories: [{url: 'https://u:secret-word@h/a.git'}]\n", "it holds a secret"),
        ("repositories: [{url: a}, {url: a}]\n", "two repositories of one name"),
        ("repositories: [{url: a, windows: [{timezone: Mars}]}]\n", "no time zone"),
        ("repositories: [{url: a, windows: [{days: [someday]}]}]\n", "`someday` is none of"),
    ],
)
def test_a_file_that_is_wrong_says_where_and_what(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    shown = "\n".join(
        f"{item.summary} {item.label} {item.hint} {item.span}" for item in caught.value.diagnostics
    )
    assert told in shown
    assert "controller.yaml" in shown
