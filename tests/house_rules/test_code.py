"""Rules about the files themselves."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from house_rules.conftest import PACKAGE, ROOT, find_files, for_each

LONGEST = 500  # lines
WIDEST = 15  # modules beside each other: more of them have an order, which sub-folders tell
NAMELESS = {"utils", "helpers", "common", "manager", "core", "misc"}
HEAVY = ("requests", "pydantic", "deepdiff", "rich", "yaml", "auger_hub")
# A home or work folder, of whatever system; `anna` is the person of the examples.
DEVELOPER_PATH = re.compile(
    r"(?<![\w.}/-])(?:/(?:home|Users|root|work)/|[A-Z]:\\Users\\)(?!anna)\w"
)
MODULES = find_files(PACKAGE, "*.py")
WINGS = {wing: find_files(ROOT / wing, "*.py") for wing in ("auger_hub", "auger_reconcile")}
TEXTS = [
    path
    for pattern in ("*.py", "*.md", "*.yaml", "*.toml", "*.txt", "Makefile", "*.mako")
    for path in find_files(ROOT, pattern)
]
LIST_OF_RULES = re.compile(r"^\s*(\"[A-Z]+\d+\",?\s*)+")


@for_each(MODULES)
def test_a_module_is_not_too_long(module):
    assert len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) <= LONGEST


@for_each(MODULES)
def test_a_module_is_named_by_what_it_is_for(module):
    assert NAMELESS.isdisjoint({*module.parts[:-1], module.stem.strip("_")})


@for_each(sorted({ROOT / wing / path.parent for wing in WINGS for path in WINGS[wing]}))
def test_a_folder_shows_an_order_and_no_list(folder):
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert len(names) <= WIDEST or folder.name == "versions"  # of migrations, each with its number


@for_each(TEXTS)
def test_a_file_names_no_path_of_a_developers_machine(path):
    assert DEVELOPER_PATH.search((ROOT / path).read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("path", ["/ home/max/data.csv", "/ Users/max", r"C:\ Users\max"])
def test_a_path_of_a_developers_machine_is_recognised(path):
    assert DEVELOPER_PATH.search(f"see {path.replace(' ', '')}")


def test_every_rule_of_the_linter_that_is_ignored_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = re.search(r"^ignore = \[\n(.*?)^\]", text, re.M | re.S)[1]
    lines = [line for line in ignored.splitlines() if LIST_OF_RULES.match(line)]
    assert lines
    assert [line for line in lines if "#" not in line] == []


def test_every_exception_of_the_type_checker_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.findall(r"^ignore_missing_imports.*$", text, re.M)
    assert [line for line in lines if "#" not in line] == []


def test_the_help_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from auger_reconcile.cli.main import main\n"
        "assert main(['--help']) == 0\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "From auger.yaml:" in done.stdout
    assert done.stderr.strip() == ""


def test_the_package_needs_nothing_of_its_hub():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.M | re.S)[1]
    assert not re.search(r"sklearn|scikit|optuna|lightgbm|starlette|sqlalchemy|duckdb", needed)


def test_a_rule_tells_everything_that_breaks_it():
    def is_small(number):
        assert number < 3

    with pytest.raises(AssertionError, match=r"(?s)^3: .*\n\s*7: "):
        for_each([1, 3, 7])(is_small)()
