"""The names that the two wings share: neither learns, forgets or ignores one alone."""

from __future__ import annotations

from auger_hub.data.files.formats import FORMATS
from auger_hub.search import task
from auger_reconcile.resources.names.hub_tables import EXTENSIONS
from auger_reconcile.resources.names.vocabulary import (
    OPTIONS,
    REVIEW_OPTIONS,
)
from tests.house_rules.conftest import ROOT

SPLIT = "splitOptions"


def test_the_hub_tells_of_every_option_that_it_does_not_heed():
    ignored = {option.wire for option in OPTIONS.values() if not option.is_heeded}
    told = {(name,) for name in task.IGNORED_OPTIONS}
    told |= {(SPLIT, name) for name in task.IGNORED_SPLIT_OPTIONS}
    assert ignored - told == set()
    assert {(name,) for name in REVIEW_OPTIONS} - told == set()


def test_the_hub_reads_every_option_that_it_heeds():
    source = (ROOT / "auger_hub" / "search" / "task.py").read_text(encoding="utf-8")
    heeded = {option.wire[-1] for option in OPTIONS.values() if option.is_heeded}
    assert {name for name in heeded if f'"{name}"' not in source} == set()
    assert heeded & {*task.IGNORED_OPTIONS, *task.IGNORED_SPLIT_OPTIONS} == set()


def test_every_format_of_data_is_known_to_the_reconciler():
    known = [extension for form in FORMATS for extension in form.extensions]
    assert set(known) == EXTENSIONS
    assert len(known) == len(EXTENSIONS)


def test_a_format_that_duckdb_does_not_read_has_a_reader():
    by_duckdb = {form.name for form in FORMATS if form.read is None}
    assert by_duckdb == {"delimited text", "JSON", "Parquet"}
