"""Each feature that is claimed leads to a test that exists."""

from __future__ import annotations

import re

import pytest

from house_rules.conftest import ROOT

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


@pytest.mark.parametrize("feature", CLAIMED)
def test_a_feature_leads_to_its_test(feature):
    path, name = LINK.fullmatch(CLAIMED[feature]).groups()
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M)
