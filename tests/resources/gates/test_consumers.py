"""Whom a declaration breaks of those who ask a model."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.resources.experiment import ExperimentSpec
from auger_reconcile.resources.files.source import DatasetSpec
from auger_reconcile.resources.gates.consumers import Consumer, check_consumers

HEADER = ("id", "age", "plan", "churned")


def find(*columns: str, header: Any = HEADER, **settings: Any) -> list[tuple[str, str | None]]:
    told = {"dataset": "d", "model_type": "classification", "target": "churned", "exclude": ["id"]}
    refs = {
        "experiment": ExperimentSpec(name="e", **(told | settings)),
        "experiment.dataset": DatasetSpec(name="d", source="d.csv", header=header),
    }
    consumer = Consumer(columns=columns, contact="ann@example.com")
    return [
        (f"{one.label} {'.'.join(map(str, one.path))}", one.hint)
        for one in check_consumers({"billing": consumer}, refs)
        if not one.is_error
    ]


def test_one_that_sends_what_is_learned_from_is_not_broken() -> None:
    assert find("age", "plan") == find("age", "plan", "churned") == []


def test_a_column_that_is_excluded_breaks_who_needs_it() -> None:
    told = "it is excluded from the search; talk to ann@example.com"
    assert find("age", "plan", "id") == [("`id` consumers.billing.columns.id", told)]
    assert find("age", "plan", exclude=["id", "plan"]) == [
        ("`plan` consumers.billing.columns.plan", told)
    ]


def test_a_column_that_the_data_has_no_more_breaks_who_needs_it() -> None:
    header = ("id", "age", "tariff", "churned")
    gone, new = find("age", "plan", header=header)
    assert gone[0] == "`plan` consumers.billing.columns.plan"
    assert "the data has" in str(gone[1])
    assert "`tariff`: exclude them, or let it send them" in str(new[1])


def test_another_target_breaks_who_reads_the_old_one() -> None:
    found = find("age", "plan", "churned", target="plan", exclude=["id", "churned"])
    assert [place for place, _ in found] == ["`churned` consumers.billing.columns.churned"]


def test_a_new_column_breaks_who_does_not_send_it() -> None:
    ((place, hint),) = find("age", "plan", header=(*HEADER, "region"))
    assert place == "`billing` consumers.billing"
    assert str(hint).startswith("`region`: exclude them, or let it send them")


SERIES = {"model_type": "timeseries", "time_series": "day", "series": ["shop"], "exclude": []}
SOLD = ("day", "shop", "visitors", "promotion", "sold")


def test_the_weight_of_rows_is_nothing_to_send() -> None:
    weighed = {"options": {"sample_weight": "w"}, "header": (*HEADER, "w")}
    assert find("age", "plan", **weighed) == []
    told = "rows are weighed by it, and no prediction takes it; talk to ann@example.com"
    assert find("age", "plan", "w", **weighed) == [("`w` consumers.billing.columns.w", told)]


def test_what_is_known_of_the_past_alone_is_nothing_to_send() -> None:
    series = {**SERIES, "past_only": ["visitors"], "target": "sold", "header": SOLD}
    assert find("day", "shop", "promotion", "sold", **series) == []
    ((place, hint),) = find("day", "shop", "promotion", "visitors", **series)
    assert place == "`visitors` consumers.billing.columns.visitors"
    assert str(hint).startswith("it is known of the past alone, and no prediction takes it")


def test_the_time_and_the_series_are_to_be_sent() -> None:
    series = {**SERIES, "past_only": ["visitors"], "target": "sold", "header": SOLD}
    ((_, hint),) = find("promotion", **series)
    assert str(hint).startswith("`day`, `shop`: ")


def test_the_groups_of_folds_are_learned_from_and_to_be_sent() -> None:
    ((_, hint),) = find("age", options={"splitOptions": {"groups_col": "plan"}})
    assert str(hint).startswith("`plan`: ")


def test_without_the_columns_of_the_data_nothing_is_known() -> None:
    assert find("nothing", header=None) == []
    assert list(check_consumers({"billing": Consumer(columns=("a",))}, {})) == []


def test_a_consumer_without_columns_says_nothing() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Consumer(columns=())
