from typing import Any

import pytest

from auger_reconcile.errors import ActionFailed
from auger_reconcile.resources._cluster import ClusterSpec, describe_cluster, to_wire_size
from auger_reconcile.resources._steps import Await, Send
from auger_reconcile.resources.project import (
    KIND,
    ProjectObject,
    ProjectSpec,
    from_wire,
)

from .driving import GONE, drive, work

SIZED = ProjectSpec(name="shop", cluster=ClusterSpec(type="high_memory", min_nodes=2, max_nodes=4))
PLAIN = ProjectSpec(name="shop")
MULTI = {"id": 7, "cluster_mode": "multi_tenant"}
SIZE = {
    "worker_type_id": 2,
    "workers_count": 4,
    "min_workers_count": 2,
    "kubernetes_stack": "stable",
}


def project(status: str = "undeployed") -> ProjectObject:
    return ProjectObject(3, "shop", status, {})


def wire(status: str = "undeployed", **more: Any) -> dict[str, Any]:
    return {"id": 3, "name": "shop", "status": status, "search_space": {"version": 1}, **more}


def test_a_project_is_read_with_what_is_known_of_its_cluster() -> None:
    found = from_wire(wire("running", worker_type_id=3, workers_count=4, kubernetes_stack=None))
    assert found == ProjectObject(3, "shop", "running", {"type": "high_memory", "max_nodes": 4})


@pytest.mark.parametrize("worker_type", [None, 9, "1"])
def test_a_node_type_nobody_knows_is_unknown(worker_type: Any) -> None:
    assert from_wire(wire(worker_type_id=worker_type)).cluster == {}


def test_a_project_that_is_being_deleted_is_gone() -> None:
    answers = {"projects": [wire(deleting=True), wire(deleted=True), wire(id=4, deleting=False)]}
    assert [found.id for found in KIND.observe(answers)] == [4]


def test_create_is_one_request_and_believes_the_name_of_the_hub() -> None:
    asked, found = drive(KIND.create(work(PLAIN, name="a_b")), wire(name="a-b"))
    assert asked == [Send("POST", "projects", {"name": "a_b", "organization_id": 7})]
    assert found.name == "a-b"


def test_start_deploys_with_the_declared_size_and_waits() -> None:
    asked, found = drive(KIND.start(work(SIZED, project())), MULTI, {}, wire("running"))
    assert asked[1] == Send("PATCH", "projects/3/deploy", SIZE)
    assert isinstance(asked[2], Await)
    assert "undeployed" in asked[2].waiting
    assert found.status == "running"


@pytest.mark.parametrize(
    ("cluster", "minutes"), [(None, 30), (ClusterSpec(autoterminate_minutes=5), 5)]
)
def test_a_single_tenant_starts_by_creating_a_cluster(
    cluster: ClusterSpec | None, minutes: int
) -> None:
    spec = ProjectSpec(name="shop", cluster=cluster)
    before = ({},) if cluster else ()  # idle minutes are set first
    single = {"id": 7, "cluster_mode": "single_tenant"}
    asked, found = drive(KIND.start(work(spec, project())), *before, single, {}, wire("running"))
    made = asked[-2]
    assert isinstance(made, Send)
    assert (made.method, made.path) == ("POST", "clusters")
    assert made.body is not None
    assert {"project_id": 3, "autoterminate_minutes": minutes}.items() <= made.body.items()
    assert None not in made.body.values()
    assert found.status == "running"


def test_start_of_a_running_one_resizes_and_does_not_wait_for_ever() -> None:
    asked, found = drive(KIND.start(work(SIZED, project("running"))), {}, wire("running"))
    assert asked[0] == Send("PATCH", "projects/3", SIZE)
    assert isinstance(asked[1], Await)
    assert "undeployed" not in asked[1].waiting
    assert found.status == "running"


@pytest.mark.parametrize("told", [SIZE, {}, {"workers_count": SIZE["workers_count"]}])
def test_start_of_one_that_starts_only_waits(told: dict[str, Any]) -> None:
    asked, _ = drive(KIND.start(work(SIZED, project("deploying"))), wire("running", **told))
    assert [type(step) for step in asked] == [Await]


def test_start_of_one_that_starts_with_another_size_resizes_it_as_soon_as_it_runs() -> None:
    steps = KIND.start(work(SIZED, project("deploying")))
    asked, found = drive(steps, wire("running", workers_count=9), {}, wire("running", **SIZE))
    assert [type(step) for step in asked] == [Await, Send, Await]
    assert asked[1] == Send("PATCH", "projects/3", SIZE)
    assert found.cluster["max_nodes"] == SIZE["workers_count"]


def test_start_of_one_that_stops_waits_for_that_first() -> None:
    steps = KIND.start(work(PLAIN, project("undeploying")))
    asked, _ = drive(steps, wire("undeployed"), MULTI, {}, wire("running"))
    assert isinstance(asked[0], Await)
    assert asked[0].waiting == {"undeploying"}
    assert asked[2] == Send("PATCH", "projects/3/deploy", to_wire_size(None))


def test_idle_minutes_are_set_before_the_start() -> None:
    spec = ProjectSpec(name="shop", cluster=ClusterSpec(autoterminate_minutes=30))
    asked, _ = drive(KIND.start(work(spec, project())), {}, MULTI, {}, wire("running"))
    assert asked[0] == Send("PATCH", "projects/3", {"cluster_autoterminate_minutes": 30})


def test_a_cluster_that_does_not_start_fails() -> None:
    with pytest.raises(ActionFailed, match="its status is `error`"):
        drive(KIND.start(work(PLAIN, project())), MULTI, {}, wire("error"))


def test_stop_undeploys_and_waits() -> None:
    asked, found = drive(KIND.stop(work(PLAIN, project("running"))), {}, wire("undeployed"))
    assert asked[0] == Send("PATCH", "projects/3/undeploy")
    assert found.status == "undeployed"


@pytest.mark.parametrize("answer", [wire(), GONE])
def test_delete_is_one_request_and_takes_gone_for_deleted(answer: Any) -> None:
    asked, found = drive(KIND.delete(work(PLAIN, project())), answer)
    assert asked == [Send("DELETE", "projects/3")]
    assert found is None


def test_a_wait_tells_the_status() -> None:
    asked, _ = drive(KIND.stop(work(PLAIN, project("running"))), {}, wire("undeployed"))
    assert isinstance(asked[1], Await)
    assert asked[1].progress is not None
    assert asked[1].progress(wire("undeploying")) == "undeploying"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(2, 4, "standard, 2-4 nodes"), (3, 3, "standard, 3 nodes"), (1, 1, "standard, 1 node")],
)
def test_a_size_is_told_in_words(low: int, high: int, words: str) -> None:
    assert describe_cluster(ClusterSpec(min_nodes=low, max_nodes=high)) == words


def test_no_size_is_told_without_words() -> None:
    assert describe_cluster(None) == ""


def test_a_cluster_cannot_shrink_below_itself() -> None:
    with pytest.raises(ValueError, match="`min_nodes` is greater than `max_nodes`"):
        ClusterSpec(min_nodes=3, max_nodes=2)


def test_selecting_a_project_clears_what_belonged_to_the_old_one() -> None:
    assert next(iter(KIND.selection("shop").items())) == (("name",), "shop")
    assert KIND.selection("shop")["dataset",] is None
