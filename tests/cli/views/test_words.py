"""Numbers as people write them."""

import pytest

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.words import count_of, duration, expectation, size
from auger_reconcile.planner.estimate import Estimate


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_a_duration_is_as_exact_as_it_is_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (9_990_000_000_000, "9990.0 GB"),
    ],
)
def test_a_size_has_the_unit_that_makes_it_short(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(1.2, 0.9, 1.4), "about 1 s"),
        (Estimate(1.2, 0.9, 1.6), "about 1 s (1-2)"),
        (Estimate(600, 590, 620), "about 10 min"),
        (Estimate(600, 400, 620), "about 10 min (7-10)"),
        (Estimate(limit=120, unknown=1), "unknown, at most 2 min"),
    ],
)
def test_a_range_is_told_where_its_ends_differ_as_they_are_told(
    estimate: Estimate, text: str
) -> None:
    assert expectation(estimate) == text


def test_one_is_singular() -> None:
    assert (count_of(1, "action"), count_of(0, "action")) == ("1 action", "0 actions")
    assert count_of(2000, "row") == "2,000 rows"


def test_foreign_text_is_one_line_without_secrets() -> None:
    assert plain("a\nb") == "a�b"
    assert "pw" not in plain("https://me:pw@host/?sig=x")
