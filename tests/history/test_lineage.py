"""What a prediction comes from, of a hub that has all of it, some of it, or none."""

from __future__ import annotations

from typing import Any

import pytest

from auger_reconcile.cli.views.lineage import lineage_to_dot, lineage_to_mermaid, render_tree
from auger_reconcile.errors import NotFound, Unavailable
from auger_reconcile.history.lineage import trace

SHA = "ab" * 32
APPLY = {"id": 4, "status": "applied", "user": "anna", "commit": "c0ffee123456", "branch": "main"}
APPLY |= {"summary": {"create": 1, "start": 1}, "created_at": "2026-11-22T10:00:00.000Z"}


def action(verb: str, kind: str, **told: Any) -> dict[str, Any]:
    return {"action": verb, "kind": kind, "status": "applied", **told}


MADE = [
    action("create", "dataset", object_id="9"),
    action("start", "experiment", object_id="E", run_id="R"),
    action("create", "model", object_id="T"),
]
HUB: dict[str, Any] = {
    "predictions/P": {"pipeline_id": "T", "status": "done", "records_count": 3},
    "pipelines/T": {"trial_id": "T", "name": "production", "status": "ready"},
    "trials/T": {
        "experiment_session_id": "R",
        "score_name": "accuracy",
        "score_value": 0.95,
        "raw_data": {"algorithm_name": "sklearn.linear_model.LogisticRegression"},
    },
    "experiment_sessions/R": {
        "status": "completed",
        "experiment_id": "E",
        "project_file_id": 9,
        "model_settings": {"targetFeature": "churned", "scoring": "accuracy"},
    },
    "experiments/E": {"name": "baseline"},
    "project_files/9": {
        "name": "churn.csv",
        "url": f"s3://bucket/{SHA}-churn.csv",
        "statistics": {"count": 120},
    },
    "applies": [APPLY],
    "applies/4": {**APPLY, "actions": MADE},
}


class Hub:
    """Stands where a client stands."""

    def __init__(self, has: dict[str, Any]) -> None:
        self.has = has

    def call(self, method: str, path: str, body: Any = None) -> Any:
        found = self.has.get(path)
        if found is None:
            raise NotFound(f"Couldn't find {path}", status=404)
        return found


def lineage_of(asked: str, **changed: Any) -> Any:
    has = {**HUB, **{path.replace("__", "/"): item for path, item in changed.items()}}
    return trace(Hub(has), asked)  # type: ignore[arg-type]


def test_a_prediction_is_traced_to_its_data_and_the_commits_that_made_each() -> None:
    text = render_tree(lineage_of("P"))
    assert text.splitlines() == [
        "prediction P  3 rows, done",
        "└── model production (T)  ready",
        text.splitlines()[2],
        "    └── trial T  LogisticRegression, accuracy 0.9500",
        "        └── run R  churned by accuracy, completed",
        text.splitlines()[5],
        "            ├── experiment baseline (E)",
        "            └── dataset churn.csv (9)  120 rows, sha256 ababababab",
        text.splitlines()[8],
    ]
    assert text.splitlines()[2].startswith("    ├── apply 4  commit c0ffee1234 on main, by anna")
    assert text.splitlines()[8].startswith("                └── apply 4")


def applies_of(key: str, newer: dict[str, Any]) -> list[str]:
    """Return the applies that something came of, when a newer one did this as well."""
    later = {**APPLY, "id": 7}
    found = lineage_of(
        "P", applies=[later, APPLY], applies__7={**later, "actions": [newer, action("create", "x")]}
    )
    start = next(one for one in found.origins if one.key == key)
    return [one.id for one in found.sources_of(start) if one.kind == "apply"]


def test_another_kind_with_the_same_id_is_not_what_an_apply_made() -> None:
    assert applies_of("dataset:9", action("create", "project", object_id="9")) == ["4"]


def test_an_apply_that_did_something_else_to_it_has_not_made_it() -> None:
    assert applies_of("dataset:9", action("select", "dataset", object_id="9")) == ["4"]
    assert applies_of("run:R", action("stop", "experiment", run_id="R")) == ["4"]


def test_an_action_that_failed_has_made_nothing() -> None:
    failed = action("start", "experiment", run_id="R") | {"status": "failed"}
    assert applies_of("run:R", failed) == ["4"]


def test_data_made_of_actuals_is_traced_to_the_data_set_below_it() -> None:
    run = {**HUB["experiment_sessions/R"], "project_file_id": 12}
    made_of = {"project_file_id": 9, "actuals": 30}
    told = {"name": "churn with actuals-12.parquet", "statistics": {"count": 150}}
    lineage = lineage_of(
        "P", experiment_sessions__R=run, project_files__12={**told, "made_of": made_of}
    )
    lines = render_tree(lineage).splitlines()
    joined = next(line for line in lines if "churn with actuals" in line)
    assert joined.endswith("150 rows, 30 rows of them actuals")
    assert "dataset churn.csv (9)  120 rows" in lines[lines.index(joined) + 1]


def test_a_model_is_traced_by_its_id() -> None:
    assert [one.kind for one in lineage_of("T").origins][:2] == ["model", "apply"]


def test_the_data_form_names_every_node_once_and_every_edge() -> None:
    document = lineage_of("P").to_json()
    keys = [node["key"] for node in document["nodes"]]
    assert len(keys) == len(set(keys)) == 7
    assert {"from": "run:R", "to": "dataset:9"} in document["edges"]
    assert next(n for n in document["nodes"] if n["kind"] == "dataset")["sha256"] == SHA


def test_what_is_gone_is_told_at_its_place() -> None:
    text = render_tree(lineage_of("P", pipelines__T=None, project_files__9=None))
    assert "model T  not on the hub any more" in text
    assert "dataset 9  not on the hub any more" in text


def test_data_that_was_deleted_with_its_trace_is_a_notice() -> None:
    run = {**HUB["experiment_sessions/R"], "project_file_id": None}
    told = lineage_of("P", experiment_sessions__R=run).notices
    assert told == ("the data that the run learned from is not on the hub any more",)


def test_a_hub_without_a_history_is_told_once() -> None:
    told = lineage_of("P", applies=None).notices
    assert told == ("this hub keeps no history, so that no commit is known",)


def test_what_no_apply_made_is_told() -> None:
    told = lineage_of("P", applies=[]).notices
    assert "model T: no apply that is kept made it" in told


def test_an_id_of_nothing_is_not_found() -> None:
    with pytest.raises(NotFound, match="neither a prediction nor a model `X`"):
        lineage_of("X")


def test_a_hub_that_does_not_answer_is_no_lineage() -> None:
    class Gone(Hub):
        def call(self, method: str, path: str, body: Any = None) -> Any:
            raise Unavailable("no answer")

    with pytest.raises(Unavailable):
        trace(Gone({}), "P")  # type: ignore[arg-type]


def test_the_pictures_have_a_box_for_everything() -> None:
    found = lineage_of("P")
    assert lineage_to_dot(found).count("fillcolor") == len(found.origins)
    assert "n0 -> n1" in lineage_to_dot(found)
    assert lineage_to_mermaid(found).count("style ") == len(found.origins)
