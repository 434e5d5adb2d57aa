"""What differs, told from the hub's side; and none exactly where a plan has nothing to do."""

from dataclasses import replace
from typing import Any

import pytest
from laws.declared import declare

from auger_reconcile.address import Address
from auger_reconcile.planner.build import PlanOptions, build_plan
from auger_reconcile.planner.drift import Drift, find_drift, to_document

from .observed import observe, placed
from .test_cases import ALL

DATA = {"d.csv": {"content": "x"}}
EXPERIMENT = {"exp": {"dataset": "d.csv"}}
FILES = [{"id": 1, "name": "d.csv", "content": "x"}]
EXPERIMENTS = [{"id": "E1", "name": "exp", "file": 1}]
RUNNING = {"status": "running"}


def drift_of(desired: dict[str, Any], **observed: Any) -> Drift:
    return find_drift(declare({"name": "shop", **desired}), observe(observed))


def told(drift: Drift) -> list[str]:
    return [
        f"{one.address} {one.divergence.value}: {one.name}, {one.reason}"
        for one in drift.differences
    ]


def test_what_is_as_declared_is_no_drift() -> None:
    drift = drift_of({"datasets": DATA}, project={}, files=FILES)
    assert drift.is_empty
    assert to_document(drift)["drift"] == []


def test_a_cluster_resized_by_hand() -> None:
    size = {"cluster": {"min_nodes": 1, "max_nodes": 4}}
    drift = drift_of(size, project={**RUNNING, "workers_count": 8})
    assert told(drift) == ["project.shop changed: shop, another cluster size is declared"]
    (difference,) = to_document(drift)["drift"]
    assert difference["changes"] == [{"path": "max_nodes", "declared": 4, "observed": 8}]


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("running", "undeployed", "idle: shop, its cluster is undeployed"),
        ("stopped", "running", "active: shop, its cluster is running"),
        ("absent", "running", "present: shop, declared absent"),
    ],
)
def test_a_cluster_that_is_not_in_the_declared_state(
    state: str, status: str, expected: str
) -> None:
    drift = drift_of({"state": state}, project={"status": status})
    assert told(drift) == [f"project.shop {expected}"]


def test_a_cluster_that_nobody_declared_stopped_or_running_may_be_either() -> None:
    assert drift_of({}, project=RUNNING).is_empty
    assert drift_of({}, project={}).is_empty


@pytest.mark.parametrize(("status", "word"), [("interrupted", "was interrupted"), ("error", "")])
def test_a_run_that_ended_badly(status: str, word: str) -> None:
    drift = drift_of(
        {"datasets": DATA, "experiments": EXPERIMENT},
        project=RUNNING,
        files=FILES,
        experiments=EXPERIMENTS,
        runs=[{"id": "R1", "of": "E1", "status": status}],
    )
    assert told(drift) == [f"experiment.exp idle: exp, run R1 {word or 'ended with error'}"]


def test_a_run_with_other_settings() -> None:
    drift = drift_of(
        {"datasets": DATA, "experiments": EXPERIMENT},
        project=RUNNING,
        files=FILES,
        experiments=EXPERIMENTS,
        runs=[{"id": "R1", "of": "E1", "settings": {"max_n_trials": 7}}],
    )
    assert told(drift) == ["experiment.exp changed: exp, settings changed"]


def test_a_model_that_was_undeployed_by_hand_is_missing() -> None:
    drift = drift_of(
        {"datasets": DATA, "experiments": EXPERIMENT, "models": {"prod": {"experiment": "exp"}}},
        project=RUNNING,
        files=FILES,
        experiments=EXPERIMENTS,
        runs=[{"id": "R1", "of": "E1", "score": 0.9}],
        pipelines=[{"trial": "T1", "run": "R1", "score": 0.9, "status": "undeployed"}],
    )
    assert told(drift) == ["model.prod missing: prod, not deployed"]


def test_a_model_whose_deployment_failed() -> None:
    drift = drift_of(
        {"datasets": DATA, "experiments": EXPERIMENT, "models": {"prod": {"experiment": "exp"}}},
        project=RUNNING,
        files=FILES,
        experiments=EXPERIMENTS,
        runs=[{"id": "R1", "of": "E1", "score": 0.9}],
        pipelines=[{"trial": "T1", "run": "R1", "score": 0.9, "status": "packaged_with_error"}],
    )
    assert told(drift) == [
        "model.prod failed: T1, its deployment failed: status `packaged_with_error`"
    ]


def test_what_no_file_names_is_undeclared() -> None:
    drift = drift_of(
        {"datasets": DATA},
        project=RUNNING,
        files=[*FILES, {"id": 2, "name": "extra.csv", "content": "y"}],
        experiments=[{"id": "E9", "name": "by-hand", "file": 2}],
        pipelines=[{"trial": "T9", "score": 0.5, "name": "hot"}],
    )
    assert told(drift) == [
        "dataset.extra.csv undeclared: extra.csv, not declared",
        "experiment.by-hand undeclared: by-hand, not declared",
        "model.hot undeclared: hot, not declared",
    ]


def test_an_older_revision_belongs_to_what_is_declared() -> None:
    files = [*FILES, {"id": 2, "name": "d-1.csv", "content": "y"}]
    assert drift_of({"datasets": {"d.csv": {"content": "y"}}}, project={}, files=files).is_empty


def test_other_content_is_a_change_of_the_data_set() -> None:
    drift = drift_of({"datasets": {"d.csv": {"content": "y"}}}, project={}, files=FILES)
    assert told(drift) == ["dataset.d.csv changed: d.csv, the content has changed since `d.csv`"]


def test_a_refused_resource_is_missing_or_changed() -> None:
    gated = {
        "datasets": DATA,
        "experiments": EXPERIMENT,
        "models": {"prod": {"experiment": "exp", "min_score": 0.97}},
    }
    world: dict[str, Any] = {"project": RUNNING, "files": FILES, "experiments": EXPERIMENTS}
    world["runs"] = [{"id": f"R{n}", "of": "E1", "score": n / 10} for n in (8, 9)]
    refusal = "the best score 0.9000 is below the gate 0.97"
    assert told(drift_of(gated, **world)) == [f"model.prod missing: prod, {refusal}"]
    world["pipelines"] = [{"trial": "T8", "run": "R8", "score": 0.8}]
    assert told(drift_of(gated, **world)) == [f"model.prod changed: T8, {refusal}"]


def test_what_is_live_beside_the_declared_model_is_undeclared() -> None:
    drift = drift_of(
        {"datasets": DATA, "experiments": EXPERIMENT, "models": {"prod": {"experiment": "exp"}}},
        project=RUNNING,
        files=FILES,
        experiments=EXPERIMENTS,
        runs=[{"id": f"R{n}", "of": "E1", "score": n / 10} for n in (8, 9)],
        pipelines=[{"trial": f"T{n}", "run": f"R{n}", "score": n / 10} for n in (8, 9)],
    )
    assert told(drift) == ["model.prod undeclared: T8, beside the declared one"]


REVISED: dict[str, Any] = {
    "project": RUNNING,
    "files": [*FILES, {"id": 2, "name": "d-1.csv", "content": "y"}],
    "experiments": [{"id": "E2", "name": "exp-1", "file": 2}],
}
NEWER = {"datasets": {"d.csv": {"content": "y"}}}


def test_revisions_are_told_by_their_own_names() -> None:
    absent = drift_of({"datasets": {"d.csv": {"content": "y", "state": "absent"}}}, **REVISED)
    assert told(absent)[:2] == [
        "dataset.d.csv present: d.csv, declared absent",
        "dataset.d.csv present: d-1.csv, declared absent",
    ]
    changed = drift_of({"datasets": {"d.csv": {"content": "z"}}, "experiments": {}}, **REVISED)
    assert told(changed)[0] == (
        "dataset.d.csv changed: d-1.csv, the content has changed since `d-1.csv`"
    )


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        ("stopped", "started", "active: exp-1, run R2 is started"),
        ("completed", "interrupted", "idle: exp-1, run R2 was interrupted"),
    ],
)
def test_so_are_those_of_experiments(state: str, status: str, expected: str) -> None:
    experiment = {"exp": {"dataset": "d.csv", "state": state}}
    runs = [{"id": "R2", "of": "E2", "status": status}]
    drift = drift_of({**NEWER, "experiments": experiment}, **REVISED, runs=runs)
    assert told(drift) == [f"experiment.exp {expected}"]


def test_settings_are_told_of_what_has_changed_and_of_nothing_else() -> None:
    stopped = {"state": "stopped", "cluster": {"max_nodes": 4}}
    (difference,) = drift_of(stopped, project={**RUNNING, "workers_count": 3}).differences
    assert (difference.divergence.value, difference.changes) == ("active", ())


def test_the_summary_names_every_divergence() -> None:
    summary = drift_of({}, project=None).summary
    assert summary == {
        **dict.fromkeys(
            ["undeclared", "changed", "idle", "active", "failed", "present", "unknown"], 0
        ),
        "missing": 1,
    }


def test_the_json_form_tells_all_that_is_known() -> None:
    desired = placed(declare({"name": "shop", "cluster": {"max_nodes": 4}}), line=2)
    files = [{"id": 2, "name": "extra.csv", "content": "y"}]
    observed = observe({"project": {**RUNNING, "workers_count": 8}, "files": files})
    assert to_document(find_drift(desired, observed)) == {
        "format_version": "1.0",
        "hub": "https://hub.test",
        "organization": "acme",
        "config_digest": "d",
        "drift": [
            {
                "address": "project.shop",
                "project": "shop",
                "kind": "project",
                "name": "shop",
                "divergence": "changed",
                "reason": "another cluster size is declared",
                "changes": [{"path": "max_nodes", "declared": 4, "observed": 8}],
                "place": {"file": "auger.yaml", "line": 2, "column": 5},
            },
            {
                "address": "dataset.extra.csv",
                "project": "shop",
                "kind": "dataset",
                "name": "extra.csv",
                "divergence": "undeclared",
                "reason": "not declared",
                "changes": [],
                "place": None,
            },
        ],
        "summary": {
            **dict.fromkeys(["missing", "idle", "active", "failed", "present", "unknown"], 0),
            "changed": 1,
            "undeclared": 1,
        },
        "not_looked_at": [],
        "not_compared": [],
    }


@pytest.mark.parametrize("case", [one for one in ALL if not one.values[0].get("options")])
def test_there_is_drift_wherever_a_plan_would_do_something(case: dict[str, Any]) -> None:
    desired = declare({"name": "shop", **(case.get("desired") or {})})
    observed = observe(case.get("observed") or {})
    plan = build_plan(desired, observed, PlanOptions())
    addresses = {one.address for one in find_drift(desired, observed).differences}
    needed = {a.address for a in plan.actions if not a.reason.startswith(IMPLIED)}
    assert {at for at in needed if at in desired.resources} <= addresses


IMPLIED = ("required by", "goes with", "declared stopped", "has to end")


def test_what_the_file_forgets_is_no_drift() -> None:
    desired = declare({"name": "shop", "datasets": DATA})
    observed = observe({"project": {}, "files": FILES, "experiments": EXPERIMENTS})
    assert not find_drift(desired, observed).is_empty
    forgotten = frozenset({Address("shop", "experiment", "exp")})
    assert find_drift(replace(desired, forgotten=forgotten), observed).is_empty


def test_what_was_renamed_is_no_drift() -> None:
    renamed = {"new": {**EXPERIMENT["exp"], "state": "created", "formerly": ["exp"]}}
    drift = drift_of(
        {"datasets": DATA, "experiments": renamed},
        project={},
        files=FILES,
        experiments=EXPERIMENTS,
    )
    assert drift.is_empty
