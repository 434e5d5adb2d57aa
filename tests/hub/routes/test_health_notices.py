"""What is not known of a model's health is told, each reason by a notice of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from auger_hub.database.review_tables import ModelReference
from auger_hub.database.tables import Pipeline
from auger_hub.review.health import Known
from auger_hub.review.monitor import Monitor
from auger_hub.routes.models.health import notices_of_health

Told = list[tuple[str, int | None]]
COLUMNS = [{"column": "x", "level": "ok"}]


@dataclass(frozen=True)
class Case:
    """What is stored and known of a model, and what has to be told of it."""

    name: str
    told: Told
    external: dict[str, Any] | None = None
    profile: Mapping[str, Any] | None = field(default_factory=dict)
    reference: ModelReference | None = None
    columns: list[dict[str, str]] = field(default_factory=lambda: COLUMNS)
    estimate: dict[str, str] | None = None
    row: dict[str, str] = field(default_factory=dict)


def levels(**columns: str) -> list[dict[str, str]]:
    return [{"column": name, "level": level.replace("_", "-")} for name, level in columns.items()]


CASES = [
    Case("all is known", []),
    Case("it runs elsewhere", [("not-observed", None)], external={"why": "actuals"}, profile=None),
    Case("of an older hub", [("no-profile", None)], profile=None),
    Case("the store is away", [("no-profile", None)], profile=None,
         row={"package_digest": "d"}),
    Case("it is gone", [("not-ready", None)], profile=None,
         row={"status": "packaged_with_error", "error_message": "gone: deploy the trial again"}),
    Case("not measured yet", [("no-reference", None)], reference=ModelReference(status="waiting")),
    Case("measured", [], reference=ModelReference(status="done")),
    Case("cannot be measured", [("no-reference", None)],
         reference=ModelReference(status="error", error_message="its rows are gone")),
    Case("dates and texts", [("not-compared", 2)],
         columns=levels(x="ok", day="not_compared", note="not_compared")),
    Case("few rows", [("few-rows", None)], columns=levels(x="few_rows", y="few_rows")),
    Case("another metric", [("other-metric", None)], estimate={"metric": "accuracy"}),
    Case("its own metric", [], estimate={"metric": "f1_macro"}),
    Case("several", [("no-reference", None), ("not-compared", 1), ("few-rows", None)],
         reference=ModelReference(status="waiting"),
         columns=levels(x="few_rows", d="not_compared")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_not_known_is_told(case: Case) -> None:
    known = Known(Monitor(), case.profile, None, {}, {}, metric="f1_macro")
    told = {"columns": case.columns, "estimate": case.estimate}
    row = Pipeline(external=case.external, **case.row)
    found = notices_of_health(row, known, case.reference, told)
    assert [(one.code, one.count) for one in found] == case.told


def test_the_reason_is_in_the_text() -> None:
    reference = ModelReference(status="error", error_message="its rows are gone")
    known = Known(Monitor(), {}, None, {}, {}, metric="r2")
    (found,) = notices_of_health(
        Pipeline(external=None), known, reference, {"columns": [], "estimate": None}
    )
    assert "its rows are gone" in found.text
