"""The chain from a declaration to what a plan does to it."""

from typing import Any

from laws.declared import content_hash, declare

from auger_reconcile.address import Address
from auger_reconcile.planner.explain import Explanation, explain, to_document

from .observed import observe, placed

DESIRED = {
    "name": "shop",
    "datasets": {"d.csv": {"content": "y"}, "other.csv": {"content": "z"}},
    "experiments": {"exp": {"dataset": "d.csv"}},
    "models": {"prod": {"experiment": "exp"}},
}
OBSERVED: dict[str, Any] = {
    "project": {"status": "running"},
    "files": [{"id": 1, "name": "d.csv", "content": "x"}],
    "experiments": [{"id": "E1", "name": "exp", "file": 1}],
    "runs": [{"id": "R1", "of": "E1", "score": 0.9}],
    "pipelines": [{"trial": "T1", "run": "R1", "score": 0.9}],
}


def explained(address: str, content: str = "y") -> Explanation:
    datasets = {**DESIRED["datasets"], "d.csv": {"content": content}}
    meant = Address.parse(f"shop/{address}")
    return explain(declare({**DESIRED, "datasets": datasets}), observe(OBSERVED), meant)


def test_the_chain_holds_what_is_needed_and_nothing_else() -> None:
    chain = [str(link.address) for link in explained("model.prod").links]
    assert chain == ["project.shop", "dataset.d.csv", "experiment.exp", "model.prod"]
    assert [str(link.address) for link in explained("project.shop").links] == ["project.shop"]


def test_the_cause_is_the_first_that_changes() -> None:
    explanation = explained("model.prod")
    assert explanation.cause
    assert str(explanation.cause.address) == "dataset.d.csv"
    assert explained("dataset.d.csv").cause is None
    assert explained("model.prod", content="x").cause is None


def test_each_link_has_its_facts() -> None:
    dataset, experiment, model = explained("model.prod", content="x").links[1:]
    assert content_hash("x") in dataset.facts["made of"]
    assert dataset.facts["data set"] == "d.csv, id 1, processed"
    assert experiment.facts["run"] == "R1, completed, best score 0.9000"
    assert model.facts["trial"] == "T1, run R1, ready"
    assert model.facts["score"] == "f1_macro 0.9000"
    assert [link.actions for link in (dataset, experiment, model)] == [(), (), ()]


IDLE = {**OBSERVED, "project": {}}


def cause(document: dict[str, Any], observed: dict[str, Any]) -> str | None:
    meant = Address("shop", "model", "prod")
    told = to_document(explain(declare({**DESIRED, **document}), observe(observed), meant))
    found: str | None = told["cause"]
    return found


def test_a_cluster_that_only_works_for_others_is_no_cause() -> None:
    assert cause({}, IDLE) == "dataset.d.csv"
    assert cause({"state": "running"}, IDLE) == "project.shop"


def test_what_refers_to_nothing_is_explained_too() -> None:
    desired = declare({"name": "shop", "experiments": {"exp": {"dataset": "ghost.csv"}}})
    meant = Address("shop", "experiment", "exp")
    explanation = explain(placed(desired), observe({"project": {}}), meant)
    assert [str(link.address) for link in explanation.links] == ["project.shop", "experiment.exp"]
    document = to_document(explanation)
    assert document["cause"] is None
    assert document["chain"][0]["diagnostics"] == []
    assert document["chain"][1]["diagnostics"] == [
        {
            "severity": "error",
            "code": "refused",
            "summary": "`dataset.ghost.csv` is not declared",
            "address": "experiment.exp",
            "place": {"file": "auger.yaml", "line": 4, "column": 5},
        }
    ]


def test_what_is_new_has_facts_of_its_declaration() -> None:
    (_, link) = explained("dataset.other.csv").links
    assert link.facts["source"].startswith("z.csv")


def test_the_json_form_tells_all_that_is_known() -> None:
    desired = placed(declare({"name": "shop", "cluster": {"max_nodes": 4}}))
    observed = observe({"project": {"status": "running", "workers_count": 8}})
    document = to_document(explain(desired, observed, Address("shop", "project", "shop")))
    (link,) = document.pop("chain")
    assert document == {
        "format_version": "1.0",
        "address": "project.shop",
        "project": "shop",
        "cause": None,
    }
    assert link.pop("facts")["cluster"]
    assert link == {
        "address": "project.shop",
        "place": {"file": "auger.yaml", "line": 3, "column": 5},
        "actions": [
            {
                "action": "start",
                "name": "shop",
                "reason": "another cluster size is declared",
                "changes": [{"path": "max_nodes", "before": 8, "after": 4, "reason": ""}],
            }
        ],
        "gate": None,
        "diagnostics": [],
    }


def test_the_json_form_tells_actions_with_their_reasons() -> None:
    document = to_document(explained("experiment.exp"))
    assert document["cause"] == "dataset.d.csv"
    told = {link["address"]: link["actions"] for link in document["chain"]}
    assert [one["action"] for one in told["experiment.exp"]] == ["create", "start"]
    assert told["dataset.d.csv"][0]["reason"] == "the content has changed since `d.csv`"
