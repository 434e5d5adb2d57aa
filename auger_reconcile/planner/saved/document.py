"""Convert plans to and from JSON, with what has to be kept to carry them out later. Pure.

Readers ignore members that they do not know; the meaning of one never changes within a major
version. A saved plan is the same document with the declaration that it was made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan
from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.coverage import Coverage
from auger_reconcile.planner.estimate import Estimate
from auger_reconcile.planner.plan import Action, Plan, Replacement, summary, to_json_value
from auger_reconcile.resources._base import FieldChange, Loss, Verb, comparable
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.gates.gate import Decision
from auger_reconcile.resources.search.account import Notice, notices_from_wire
from auger_reconcile.state import UNCHANGED, Declared, DesiredState, ProtectionChange

FORMAT_VERSION = "1.0"
NOT_SHOWN = {"path", "formerly", "same_text"}  # how it was found, which differs between machines


def to_document(plan: Plan) -> dict[str, Any]:
    """Return the JSON form of a plan, the same bytes for the same plan."""
    return {
        "format_version": FORMAT_VERSION,
        "hub": plan.hub,
        "organization": plan.organization,
        "config_digest": str(plan.config_digest),
        "actions": [action_to_document(action) for action in plan.actions],
        "summary": plan.summary,
        **plan.coverage.to_document(),
        "estimate": _told(plan.estimate),
        "gates": [
            {"address": str(at), "project": at.project, **gate.to_json()}
            for at, gate in plan.gates.items()
        ],
        "policies": [one.to_json() for one in plan.objections],
        "notices": [
            {"address": str(at), "project": at.project, **one.to_json()}
            for at, told in plan.notices.items()
            for one in told
        ],
        "protection": plan.protection.to_json(),
        "diagnostics": [item.to_json() for item in (*plan.diagnostics, *plan.refusals)],
    }


def action_to_document(action: Action) -> dict[str, Any]:
    """Return the JSON form of one action."""
    return {
        "id": action.id,
        "address": str(action.address),
        "project": action.address.project,
        "kind": action.address.kind,
        "name": action.name,
        "action": action.verb.value,
        "replacement": action.replacement.value if action.replacement else None,
        "detail": action.detail,
        "reason": action.reason,
        "depends_on": list(action.depends_on),
        "before": None if action.object is None else summary(action.object),
        "after": _after(action),
        "after_unknown": list(action.unknown),
        "changes": to_json_value(action.changes),
        "loss": action.loss.value,
        "estimate": _told(action.estimate),
        "observed_fingerprint": action.fingerprint,
    }


def _told(estimate: Estimate | None) -> dict[str, Any] | None:
    return estimate.to_document() if estimate else None


def _after(action: Action) -> dict[str, Any] | None:
    """Return the declared settings that the action brings about."""
    if action.verb is Verb.DELETE or action.spec is None:
        return None
    declared = action.spec.model_dump(mode="json", exclude=NOT_SHOWN, exclude_none=True)
    return {**declared, "name": action.name}


def to_saved(
    plan: Plan,
    desired: DesiredState,
    options: PlanOptions,
    *,
    files: Sequence[str] = (),
    refresh_sources: bool = False,
) -> dict[str, Any]:
    """Return the document of a plan with all that a later apply needs, and a seal over it.

    Args:
        plan: what is carried out later.
        desired: what it was made of.
        options: that it was made with.
        files: that it was made of, as they were named; `-` is what was piped.
        refresh_sources: whether URLs were read again for it.
    """
    document = {
        **to_document(plan),
        "hub_id": plan.hub_id,
        "refused": bool(plan.refusals),
        "files": list(files),
        "refresh_sources": refresh_sources,
        "needed": list(needed_to_document(plan).values()),
        "declaration": {
            "hub": desired.hub,
            "organization": desired.organization,
            "credentials": desired.credentials,
            "digest": str(desired.digest),
            "revision_history": dict(desired.revision_history),
            "protected": [address._asdict() for address in sorted(desired.protected)],
            "locked_elsewhere": [address._asdict() for address in sorted(desired.locked_elsewhere)],
            "keeps_lock": desired.keeps_lock,
            "spared": sorted(map(list, desired.spared)),
            "forgotten": [address._asdict() for address in sorted(desired.forgotten)],
            "resources": [
                {**address._asdict(), "spec": declared.spec.model_dump(mode="json")}
                for address, declared in desired.resources.items()
            ],
        },
        "options": {
            **options._asdict(),
            **{name: [*map(_written, getattr(options, name))] for name in _ADDRESSES},
        },
    }
    return {**document, "seal": seal_of(document)}


def needed_to_document(plan: Plan) -> dict[Address, dict[str, Any]]:
    """Return the objects that actions refer to and do not act on, as they were observed."""
    referred = (plan.references.get(action.address, {}).values() for action in plan.actions)
    found = {address: plan.bindings.get(address) for roles in referred for address in roles}
    return {
        address: {
            "address": str(address),
            "project": address.project,
            "kind": address.kind,
            "before": summary(one),
        }
        for address, one in sorted(found.items())
        if one is not None
    }


_ADDRESSES = ("targets", "excludes", "repeats")


def _written(address: Address) -> str:
    """Return an address as it is read again; one without a project means that of the files."""
    return address.qualified if address.project else str(address)


def seal_of(document: Mapping[str, Any]) -> str:
    """Return a digest of a document, its own seal left out: damage is noticed, not forgery."""
    content = {name: value for name, value in document.items() if name != "seal"}
    return hashlib.sha256(comparable(content).encode()).hexdigest()


def declaration_of(document: Mapping[str, Any]) -> DesiredState:
    """Return the desired state that a saved plan was made of.

    Raises:
        KeyError, TypeError, ValueError: the document is not what `to_saved` makes.
    """
    declaration = document["declaration"]
    resources = {}
    for item in declaration["resources"]:
        address = Address(item["project"], item["kind"], item["name"])
        spec = kind_of(address.kind).spec.model_validate(item["spec"])
        resources[address] = Declared(address, spec)
    return DesiredState(
        resources,
        hub=declaration["hub"],
        organization=declaration["organization"],
        credentials=declaration["credentials"],
        revision_history=declaration["revision_history"],
        protected=frozenset(Address(**item) for item in declaration.get("protected", ())),
        locked_elsewhere=frozenset(
            Address(**item) for item in declaration.get("locked_elsewhere", ())
        ),
        keeps_lock=declaration.get("keeps_lock", False),
        spared=frozenset((project, kind) for project, kind in declaration.get("spared", ())),
        forgotten=frozenset(Address(**item) for item in declaration.get("forgotten", ())),
        digest=declaration["digest"],
    )


def options_of(document: Mapping[str, Any]) -> PlanOptions:
    """Return the options that a saved plan was made with."""
    said = dict(document["options"])
    for name in _ADDRESSES:
        said[name] = tuple(Address.parse(text.removeprefix("/")) for text in said[name])
    return PlanOptions(**said)


def plan_of(document: Mapping[str, Any]) -> Plan:
    """Return the plan of a document as far as it can be shown; it cannot be carried out."""
    return Plan(
        hub=document["hub"],
        organization=document["organization"],
        organization_id=None,
        config_digest=document["config_digest"],
        actions=tuple(_action_of(item) for item in document["actions"]),
        diagnostics=tuple(_diagnostic_of(item) for item in document["diagnostics"]),
        coverage=Coverage.from_document(document),
        gates={
            Address.parse(item["address"])._replace(project=item["project"]): Decision.from_json(
                item
            )
            for item in document.get("gates", ())
        },
        notices=_notices_of(document.get("notices", ())),
        protection=protection_of(document),
    )


def protection_of(document: Mapping[str, Any]) -> ProtectionChange:
    """Return what a saved plan protects and releases; one of an older version does neither."""
    told = document.get("protection")
    return ProtectionChange.from_json(told) if told else UNCHANGED


def _notices_of(items: Iterable[Mapping[str, Any]]) -> dict[Address, tuple[Notice, ...]]:
    told: dict[Address, tuple[Notice, ...]] = {}
    for item in items:
        at = Address.parse(item["address"])._replace(project=item["project"])
        told[at] = (*told.get(at, ()), *notices_from_wire({"notices": [item]}))
    return told


def _diagnostic_of(item: Mapping[str, Any]) -> Diagnostic:
    place = item.get("place")
    told = {name: item.get(name) for name in ("label", "hint", "address")}
    span = SourceSpan(place["file"], place["line"], place["column"]) if place else None
    return Diagnostic(Severity(item["severity"]), item["code"], item["summary"], span, **told)


def _action_of(item: Mapping[str, Any]) -> Action:
    changes = [FieldChange(**change) for change in item["changes"]]
    replacement, estimate = item["replacement"], item.get("estimate")
    return Action(
        id=item["id"],
        address=Address(item["project"], item["kind"], item["address"].partition(".")[2]),
        verb=Verb(item["action"]),
        name=item["name"],
        reason=item["reason"],
        detail=item["detail"],
        depends_on=tuple(item["depends_on"]),
        changes=tuple(changes),
        unknown=tuple(item["after_unknown"]),
        loss=Loss(item["loss"]),
        replacement=Replacement(replacement) if replacement else None,
        estimate=Estimate.from_document(estimate) if estimate else None,
    )
