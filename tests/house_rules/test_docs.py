"""What is written about the program is true of the program."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import auger.api
from auger_reconcile.cli.exit_code import ExitCode
from auger_reconcile.cli.main import SECTIONS
from auger_reconcile.config.load import load_desired_state
from house_rules.conftest import ROOT, find_files, for_each, parse_command

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
LINKS = [
    (page, target)
    for page in find_files(ROOT, "*.md")
    if page.parts[:2] != ("docs", "auger-yaml")  # pieces of a page, whose links are in the page
    for target, _ in LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    if "://" not in target
]
PAGES_ABOUT_FILES = ["docs/lifecycle.md", "docs/architecture.md", "CONTRIBUTING.md"]
FENCE = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.M | re.S)
TYPED = [
    (page, line.removeprefix("$ "))
    for page in find_files(ROOT, "*.md")
    for block in FENCE.findall((ROOT / page).read_text(encoding="utf-8"))
    for line in block.splitlines()
    if line.startswith(("auger ", "$ auger "))
]


def generate(*arguments: str, docs: Path = ROOT / "docs") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(docs / "generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def exit_codes_in(page: str) -> dict[int, str]:
    return {int(code): told for code, told in re.findall(r"^\| (\d+) \| (.+) \|$", page, re.M)}


def declared(name: str):
    path = ROOT / "docs" / "auger-yaml" / name
    return load_desired_state([path], environ={}, check_sources=False).state


@pytest.mark.process
def test_the_generated_pages_are_current():
    done = generate("--check")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.process
def test_a_page_that_is_changed_by_hand_is_noticed_and_mended(tmp_path):
    docs = shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (docs / "commands" / "plan.md").write_text("by hand")
    (docs / "commands" / "gone.md").write_text("of a command that is no more")
    assert generate("--check", docs=docs).returncode == 1
    assert generate(docs=docs).returncode == 0
    assert generate("--check", docs=docs).returncode == 0
    assert not (docs / "commands" / "gone.md").exists()


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_the_two_commands(command):
    assert command in README


@pytest.mark.parametrize("command", [name for names in SECTIONS.values() for name in names])
def test_every_command_has_its_page(command):
    assert (ROOT / "docs" / "commands" / f"{command}.md").is_file()


def test_the_readme_tells_every_exit_code():
    assert list(exit_codes_in(README)) == [code.value for code in ExitCode]


def test_readme_and_reference_tell_the_same_of_the_exit_codes():
    index = (ROOT / "docs" / "commands" / "README.md").read_text(encoding="utf-8")
    assert exit_codes_in(index) == exit_codes_in(README)


@for_each(LINKS)
def test_a_link_leads_somewhere(page, target):
    assert (ROOT / page).parent.joinpath(target).exists()


@pytest.mark.usefixtures("folder_of_examples")
@for_each(TYPED)
def test_a_command_that_is_shown_can_be_typed(page, line):
    assert parse_command(line).command.callback is not None


def test_short_and_long_form_of_the_reference_declare_the_same():
    assert declared("short.yaml").digest == declared("long.yaml").digest


def test_the_example_with_everything_is_valid():
    kinds = {address.kind for address in declared("team.yaml").resources}
    assert kinds == {"project", "dataset", "experiment", "model"}


@for_each(auger.api.__all__)
def test_a_public_name_is_documented(name):
    page = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    assert f"\n### {name}\n" in page


@for_each(PAGES_ABOUT_FILES)
def test_a_file_that_a_page_names_exists(page):
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", (ROOT / page).read_text(encoding="utf-8"))
    assert len(named) > 15
    roots = (ROOT, ROOT / "auger_reconcile")
    assert [name for name in named if not any((root / name).is_file() for root in roots)] == []


@pytest.mark.parametrize("wing", ["auger_reconcile", "auger_hub"])
def test_the_architecture_says_what_every_room_is_for(wing):
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    entries = {
        entry for row in re.findall(r"^\| (`.+?) \|", page, re.M) for entry in row.split(", ")
    }
    rooms = {path.stem for path in (ROOT / wing).iterdir() if path.suffix == ".py" or path.is_dir()}
    assert {name for name in rooms if name[0] != "_" and f"`{name}`" not in entries} == set()


def test_a_template_of_an_issue_asks_for_something():
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= form.keys()
        asked = [item for item in form["body"] if item["type"] != "markdown"]
        assert all(item["attributes"]["label"] for item in asked)
        assert len({item["id"] for item in asked}) == len(asked) > 2


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in folder.glob("2*.md"))
    assert sorted(re.findall(r"\((2[^)]+)\)", index)) == pages
