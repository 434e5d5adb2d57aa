"""The five-verb rule, where no case of a whole plan tells it apart."""

from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.planner.decide import (
    ResourceStatus,
    decide_actions,
    delete_action,
    delete_undeclared,
)
from auger_reconcile.planner.estimate import Estimate
from auger_reconcile.planner.plan import Action
from auger_reconcile.resources._base import Assessment, FieldChange, Verb, Wanted
from auger_reconcile.resources._deployment import ModelObject
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.model import ModelSpec
from auger_reconcile.resources.project import ProjectObject, ProjectSpec
from auger_reconcile.state import Declared

FOUND = ProjectObject(7, "churn", "undeployed", {})


SPEC = ProjectSpec(name="churn")


def decide(wanted: Wanted, **assessed: Any) -> list[Action]:
    declared = Declared(Address("churn", "project", "churn"), SPEC)
    assessment = Assessment("churn", **assessed)
    status = ResourceStatus(declared, kind_of("project"), wanted, assessment, "declared absent")
    return list(decide_actions(status))


def verbs(wanted: Wanted, **assessed: Any) -> list[Verb]:
    return [action.verb for action in decide(wanted, **assessed)]


def test_what_is_refused_is_not_created() -> None:
    assert verbs(Wanted.STARTED, create="does not exist") == [Verb.CREATE]
    assert verbs(Wanted.STARTED, create="does not exist", refusal="no") == []


def test_what_is_refused_is_not_started() -> None:
    idle = {"object": FOUND, "start": "its cluster is undeployed"}
    assert verbs(Wanted.STARTED, **idle) == [Verb.START]
    assert verbs(Wanted.STARTED, **idle, refusal="no") == []


def test_what_is_refused_supersedes_nothing() -> None:
    assert verbs(Wanted.PRESENT, object=FOUND, superseded=(FOUND,)) == [Verb.DELETE]
    assert verbs(Wanted.PRESENT, object=FOUND, superseded=(FOUND,), refusal="no") == []


def test_what_is_refused_is_still_deleted_when_it_is_declared_absent() -> None:
    assert verbs(Wanted.ABSENT, revisions=(FOUND,), refusal="no") == [Verb.DELETE]


def test_each_action_of_a_replacement_says_what_is_its_own() -> None:
    broken, old = (ProjectObject(n, f"p{n}", "undeployed", {}) for n in (8, 9))
    way, create, after, start = decide(
        Wanted.STARTED,
        create="outdated",
        start="is new",
        broken=(broken,),
        superseded=(old,),
        changes=(FieldChange("max_nodes", 1, 2),),
        unknown=("id",),
        detail={Verb.CREATE: "four nodes", Verb.START: "soon"},
        limit=60,
    )
    assert [one.verb.value for one in (way, create, after, start)] == [
        *("delete", "create", "delete", "start")
    ]
    assert (create.detail, start.detail) == ("four nodes", "soon")
    assert (create.changes, start.changes) == ((), (FieldChange("max_nodes", 1, 2),))
    assert (create.unknown, start.unknown) == (("id",), ())
    assert (create.replaces, start.replaces) == ((broken, old), ())
    assert (create.estimate, start.estimate) == (None, Estimate(unknown=1, limit=60))
    assert {one.spec for one in (way, create, after, start)} == {SPEC}


def test_what_replaces_nothing_says_so() -> None:
    (create,) = decide(Wanted.PRESENT, create="does not exist")
    assert (create.replacement, create.object, create.detail) == (None, None, "")


def test_a_delete_tells_what_it_takes() -> None:
    kind, address = kind_of("model"), Address("churn", "model", "prod")
    live = ModelObject("T1", "T1", None, "ready", None, 0.9, "roc_auc")
    declared = Declared(address, ModelSpec(name="prod"))
    status = ResourceStatus(declared, kind, Wanted.ABSENT, Assessment("prod"), "declared absent")
    delete = delete_action(status, live, "superseded")
    assert (delete.detail, delete.spec) == ("trial T1, roc_auc 0.9000", declared.spec)
    undeclared = delete_undeclared("churn", kind, live, "asked for")
    assert (undeclared.detail, undeclared.spec) == (delete.detail, None)
