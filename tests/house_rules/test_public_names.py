"""What programs may import is there, complete, and says what it does."""

from __future__ import annotations

import inspect
import re

import auger.api
import auger_reconcile.api
from house_rules.conftest import for_each

CLASSES = [getattr(auger.api, name) for name in auger.api.__all__]
MEMBERS = {
    f"{one.__name__}.{name}": member
    for one in CLASSES
    for name, member in vars(one).items()
    if not name.startswith("_") and (callable(member) or isinstance(member, property))
    if getattr(member, "__name__", "") != "<lambda>"  # the default of a field
}

SIGNED = ("Workspace", "Context", "Project", "DataSet", "Experiment", "Model")
FUNCTIONS = ("apply", "destroy", "drift", "plan")
# Of the standard library, or another name of one of its types.
FOREIGN = {"Any", "Callable", "Iterable", "Iterator", "Mapping", "None", "Path", "Sequence"}
ALIASES = {"Frame", "FrameT", "NoticesTold", "OnEvent", "Row", "Rows", "Told"}


def named_types(member):
    """Return the names of the types in a signature."""
    function = getattr(member, "fget", None) or getattr(member, "func", None) or member
    signature = inspect.signature(function)
    annotations = [one.annotation for one in signature.parameters.values()]
    told = " ".join(map(str, [*annotations, signature.return_annotation]))
    return {*re.findall(r"\b[A-Z]\w+", told.replace("inspect._empty", ""))}


SIGNATURES = {
    **{name: getattr(auger.api, name) for name in (*FUNCTIONS, *SIGNED)},
    **{
        f"{one}.{name}": member
        for one in SIGNED
        for name, member in vars(getattr(auger.api, one)).items()
        if not name.startswith("_") and (callable(member) or hasattr(member, "__get__"))
    },
}


@for_each(SIGNATURES)
def test_every_type_of_a_public_signature_can_be_imported(name):
    unknown = named_types(SIGNATURES[name]) - {*auger.api.__all__} - FOREIGN - ALIASES
    assert not unknown


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
