"""What programs may import is there, complete, and says what it does."""

from __future__ import annotations

import inspect

import auger.api
import auger_reconcile.api
from house_rules.conftest import for_each

CLASSES = [getattr(auger.api, name) for name in auger.api.__all__]
MEMBERS = {
    f"{one.__name__}.{name}": member
    for one in CLASSES
    for name, member in vars(one).items()
    if not name.startswith("_") and (callable(member) or isinstance(member, property))
}


def test_both_import_paths_have_the_same_names():
    assert auger.api.__all__ == auger_reconcile.api.__all__


@for_each(auger.api.__all__)
def test_both_import_paths_lead_to_the_same_class(name):
    assert getattr(auger.api, name) is getattr(auger_reconcile.api, name)


def test_auger_itself_stays_a_namespace_that_other_packages_can_share():
    assert auger.__file__ is None


@for_each(CLASSES)
def test_a_public_class_has_a_docstring(one):
    assert one.__doc__


@for_each(MEMBERS)
def test_a_public_member_has_a_docstring(name):
    assert inspect.getdoc(MEMBERS[name])
