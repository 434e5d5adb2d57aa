"""Every example is a valid file, and is checked in the blink of an eye."""

from __future__ import annotations

import time

import pytest

from auger_reconcile.config.load import load_desired_state
from examples.conftest import EXAMPLES

STORIES = sorted(path.parent.name for path in EXAMPLES.glob("*/auger.yaml"))


def test_there_are_examples():
    assert {"iris", "regression"} <= set(STORIES)


@pytest.mark.parametrize("story", STORIES)
def test_an_example_is_valid_and_says_nothing_doubtful(story):
    loaded = load_desired_state([EXAMPLES / story / "auger.yaml"], environ={})
    assert loaded.state.resources
    assert loaded.warnings == ()


@pytest.mark.parametrize("story", STORIES)
def test_an_example_is_checked_in_milliseconds(story):
    began = time.process_time()
    load_desired_state([EXAMPLES / story / "auger.yaml"], environ={})
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize("story", STORIES)
def test_an_example_says_what_it_is_and_where_its_data_comes_from(story):
    assert (EXAMPLES / story / "README.md").is_file()
    assert "**Licence.**" in (EXAMPLES / story / "DATA.md").read_text(encoding="utf-8")
