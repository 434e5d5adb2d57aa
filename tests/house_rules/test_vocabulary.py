"""The names that the two wings share: neither learns, forgets or ignores one alone."""

from __future__ import annotations

from auger_hub.data.kind import _BINARY_NAMES, Kind
from auger_hub.search import task
from auger_reconcile.resources._vocabulary import (
    EXTENSIONS,
    OPTIONS,
    REVIEW_OPTIONS,
)
from tests.house_rules.conftest import ROOT

SPLIT = "splitOptions"
READ_BY_CONTENT = {".csv", ".json", ".jsonl", ".ndjson", ".arff"}


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


def test_a_format_of_data_is_read_by_the_hub():
    assert _BINARY_NAMES.keys() == EXTENSIONS - READ_BY_CONTENT
    assert {kind.value.upper() for kind in Kind} >= {"ARFF", "JSON"}
