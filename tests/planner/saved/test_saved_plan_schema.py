"""What has the shape of a saved plan is read; what somebody made by hand is not."""

import json
from copy import deepcopy
from typing import Any

import pytest
from laws.declared import declare

from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.saved.document import to_saved
from auger_reconcile.planner.saved.saved_plan_schema import check_saved_plan
from tests.planner.observed import observe, placed

from .test_stale import FILE, HUB

DESIRED = placed(declare({**FILE, "models": {"prod": {"experiment": "nowhere"}}}))
PLAN = build_plan(DESIRED, observe(HUB))
SAVED: dict[str, Any] = json.loads(json.dumps(to_saved(PLAN, DESIRED, PlanOptions())))

WRONG: dict[str, Any] = {
    "hub": None,
    "organization": 7,
    "config_digest": 7,
    "actions": {},
    "actions/0/action": "destroy",
    "actions/0/replacement": "both",
    "actions/0/depends_on": ["a", 7],
    "actions/0/before": {"name": "without an id"},
    "actions/0/after": "settings",
    "actions/0/changes": [{"path": "a"}],
    "actions/0/loss": "much",
    "actions/0/estimate": "soon",
    "actions/0/observed_fingerprint": 7,
    "needed/0/before": None,
    "diagnostics/0/place": {"file": "auger.yaml", "line": "three", "column": 5},
    "protection": {"protects": "model.prod", "releases": []},
    "declaration/keeps_lock": "yes",
    "declaration/digest": None,
    "declaration/revision_history": {"shop": "many"},
    "declaration/resources": [{"project": "shop", "kind": "project"}],
    "options/destroy": "yes",
    "options/targets": "model.prod",
    "options/max_deletes": "3",
}


def test_what_was_saved_has_the_shape() -> None:
    assert SAVED["diagnostics"][0]["place"]
    assert SAVED["actions"]
    assert SAVED["needed"]
    check_saved_plan(SAVED)


@pytest.mark.parametrize(("path", "value"), WRONG.items(), ids=WRONG.keys())
def test_what_is_of_another_type_is_refused(path: str, value: Any) -> None:
    document: Any = deepcopy(SAVED)
    *steps, last = path.split("/")
    at = document
    for step in steps:
        at = at[int(step) if step.isdigit() else step]
    at[last] = value
    with pytest.raises(ValueError, match=last):
        check_saved_plan(document)


MAY_BE_MISSING = {
    "summary",
    "estimate",
    "files",
    "gates",
    "hub_id",
    "notices",
    "policies",
    "protection",
    "refresh_sources",
    "refused",
    "not_looked_at",
    "not_compared",
}


@pytest.mark.parametrize("name", sorted(SAVED.keys() - {"format_version", "seal", *MAY_BE_MISSING}))
def test_what_is_missing_is_told(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        check_saved_plan({key: value for key, value in SAVED.items() if key != name})
