"""The five-verb rule, where no case of a whole plan tells it apart."""

from auger_reconcile.address import Address
from auger_reconcile.planner.decide import Standing, decide_actions
from auger_reconcile.resources._base import Assessment, Verb, Wanted
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.project import ProjectObject, ProjectSpec
from auger_reconcile.state import Declared

FOUND = ProjectObject(7, "churn", "undeployed", {})


def verbs(wanted: Wanted, **assessed):
    declared = Declared(Address("churn", "project", "churn"), ProjectSpec(name="churn"))
    assessment = Assessment("churn", **assessed)
    standing = Standing(declared, kind_of("project"), wanted, assessment, "declared absent")
    return [action.verb for action in decide_actions(standing)]


def test_what_is_refused_is_not_created():
    assert verbs(Wanted.STARTED, create="does not exist") == [Verb.CREATE]
    assert verbs(Wanted.STARTED, create="does not exist", refusal="no") == []


def test_what_is_refused_is_not_started():
    idle = {"object": FOUND, "start": "its cluster is undeployed"}
    assert verbs(Wanted.STARTED, **idle) == [Verb.START]
    assert verbs(Wanted.STARTED, **idle, refusal="no") == []


def test_what_is_refused_supersedes_nothing():
    assert verbs(Wanted.PRESENT, object=FOUND, superseded=(FOUND,)) == [Verb.DELETE]
    assert verbs(Wanted.PRESENT, object=FOUND, superseded=(FOUND,), refusal="no") == []


def test_what_is_refused_is_still_deleted_when_it_is_declared_absent():
    assert verbs(Wanted.ABSENT, revisions=(FOUND,), refusal="no") == [Verb.DELETE]
