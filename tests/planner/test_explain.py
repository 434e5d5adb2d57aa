"""The chain from a declaration to what a plan does to it."""

from typing import Any

from laws.declared import content_hash, declare

from auger_reconcile.address import Address
from auger_reconcile.planner.explain import Explanation, explain, to_document

from .observed import observe

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


def test_the_json_form_tells_actions_with_their_reasons() -> None:
    document = to_document(explained("experiment.exp"))
    assert document["cause"] == "dataset.d.csv"
    told = {link["address"]: link["actions"] for link in document["chain"]}
    assert [one["action"] for one in told["experiment.exp"]] == ["create", "start"]
    assert told["dataset.d.csv"][0]["reason"] == "the content has changed since `d.csv`"
