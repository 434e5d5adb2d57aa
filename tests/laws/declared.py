"""What auger.yaml would say, already read -> DesiredState: the planner's input without files."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.resources._spec import Spec
from auger_reconcile.state import Declared, DesiredState

SEARCH = {"model_type": "classification", "target": "target"}
HEAD = ("name", "state", "cluster", "budget_minutes", "lifecycle")


def declare(*documents: Mapping[str, Any], folder: Any = "/data") -> DesiredState:
    """Return the desired state of documents in the long form.

    A data set may give its `content` instead of a source: the source is then a file named like it.
    """
    resources: dict[Address, Declared] = {}
    history = {}
    for document in documents:
        project = document["name"]
        head = {key: document[key] for key in HEAD if key in document}
        _add(resources, project, "project", head)
        for kind in all_kinds().values():
            for name, settings in (document.get(kind.name + "s") or {}).items():
                given = dict(settings or {})
                if kind.name == "dataset":
                    given = _with_source(name, given, folder)
                if kind.name == "experiment":
                    given = {**SEARCH, **given}
                _add(resources, project, kind.name, {"name": name, **given})
        if "revision_history" in document:
            history[project] = document["revision_history"]
    return DesiredState(resources, organization="acme", revision_history=history, digest="d")


def addresses(texts: Sequence[str]) -> tuple[Address, ...]:
    return tuple(Address.parse(text) for text in texts)


def content_hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _with_source(name: str, given: dict[str, Any], folder: Any) -> dict[str, Any]:
    content = given.pop("content", None)
    if content is None:
        return given
    file = f"{content}.csv"
    computed = {"path": f"{folder}/{file}", "sha256": content_hash(content), "size": len(content)}
    return {"source": file, **computed, **given}


def _add(
    resources: dict[Address, Declared], project: str, kind: str, given: Mapping[str, Any]
) -> None:
    address = Address(project, kind, given["name"])
    spec: Spec = kind_of(kind).spec(**given)
    resources[address] = Declared(address, spec)
