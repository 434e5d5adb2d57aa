"""Each feature that is claimed leads to a test that exists and is run."""

from __future__ import annotations

import ast
import re

import pytest

from house_rules.conftest import ROOT, for_each

PAGE = ROOT / "docs" / "features.md"
ROWS = [
    line.strip("| ").split(" | ")
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| |")
]
CLAIMED = {row[0]: row[-1] for row in ROWS if "yes" in row[-1]}
LINK = re.compile(r"\[yes[^\]]*\]\(\.\./([\w/.]+)#(\w+)\)")


def test_the_table_is_about_all_of_them():
    assert len(ROWS) > 20
    assert {len(row) for row in ROWS} == {8}


def test_not_everything_is_claimed():
    assert len(CLAIMED) < len(ROWS)


@for_each(CLAIMED)
def test_a_feature_leads_to_a_test_that_is_run(feature):
    path, name = LINK.fullmatch(CLAIMED[feature]).groups()
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    (test,) = [node for node in module.body if getattr(node, "name", "") == name]
    assert isinstance(test, ast.FunctionDef)
    assert skips(test) == []
    marks = [node for node in module.body if isinstance(node, ast.Assign)]
    assert [text for mark in marks for text in skips(mark)] == []


def skips(node):
    """Return what in a test, its decorators included, might keep it from being run."""
    names = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return sorted(names & {"skip", "skipif", "xfail", "importorskip"})


@pytest.mark.parametrize(
    "text", ["@pytest.mark.skip\ndef t(): ...", "def t():\n    pytest.skip('later')"]
)
def test_a_skipped_test_would_be_noticed(text):
    assert skips(ast.parse(text).body[0]) == ["skip"]


def test_a_cell_that_says_it_was_checked_leads_to_a_page():
    page = PAGE.read_text(encoding="utf-8")
    used = set(re.findall(r"\]\[([\w-]+)\]", page))
    assert used == set(re.findall(r"^\[([\w-]+)\]: https://", page, re.M))
