"""What the code cites of the wire contract is there to be read."""

from __future__ import annotations

import re

from auger_reconcile.resources.names.hub_tables import CLASSIFICATION, REGRESSION, TWO_CLASSES
from house_rules.conftest import ROOT, find_files

PAGE = (ROOT / "docs" / "wire-contract.md").read_text(encoding="utf-8")
SECTIONS = set(re.findall(r"^#+ (\d+(?:\.\d+)?) ", PAGE, re.M))
CITATION = re.compile(r"§(\d+(?:\.\d+)?)(?:-(\d+\.\d+))?")
OTHER_DOCUMENTS = re.compile(r"(?:YAML 1\.2|CommonMark 0\.31,) §\d+\.\d+")


def find_citations(text: str) -> set[str]:
    """Return the sections of the contract that a text names; those of other documents are not."""
    found = CITATION.findall(OTHER_DOCUMENTS.sub("", text))
    return {section for pair in found for section in pair if section}


def test_every_section_that_the_code_cites_exists():
    cited = {
        section: path
        for path in find_files(ROOT, "*.py")
        for section in find_citations((ROOT / path).read_text(encoding="utf-8"))
    }
    assert len(cited) > 30
    assert {section: path for section, path in cited.items() if section not in SECTIONS} == {}


def test_every_section_that_a_page_cites_exists():
    cited = {
        section
        for page in find_files(ROOT, "*.md")
        for section in find_citations((ROOT / page).read_text(encoding="utf-8"))
    }
    assert cited - SECTIONS == set()


def test_no_section_is_there_twice():
    found = re.findall(r"^#+ (\d+(?:\.\d+)?) ", PAGE, re.M)
    assert sorted(found) == sorted(SECTIONS)


def test_the_metrics_that_a_run_may_name_are_those_of_the_hub():
    """The tables are made from those of the hub, see test_metrics.py."""
    assert find_metrics(PAGE) == {
        "classification": sorted(CLASSIFICATION),
        "two classes, besides": sorted(TWO_CLASSES),
        "regression and time series": sorted(REGRESSION),
    }


def find_metrics(page: str) -> dict[str, list[str]]:
    """Return the metrics of each row of the table in section 3.6."""
    table = page.partition("| models | metrics |")[2].partition("\n\n")[0]
    rows = [line.split("|", 2)[1:] for line in table.splitlines()[2:]]
    return {models.strip(): sorted(re.findall("`([^`]+)`", names)) for models, names in rows}


def test_a_citation_of_a_section_that_is_not_there_is_found():
    assert find_citations("\u00a79.9 and \u00a71.4-1.6, not YAML 1.2 \u00a75.1") == {
        "9.9",
        "1.4",
        "1.6",
    }
