"""Validate the members of a saved plan and their types before it is read. Pure.

Its seal tells damage from change; this tells a document that somebody made from one that `to_saved`
made. Members that are not named here are left to newer readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, StrictBool, StrictInt, StrictStr

from auger_reconcile.planner.plan import Effect, Replacement
from auger_reconcile.resources._base import Loss, Verb
from auger_reconcile.resources.gates.gate import Verdict


class _Change(BaseModel):
    path: StrictStr
    before: Any
    after: Any
    reason: StrictStr


class _Object(BaseModel):
    id: StrictStr | StrictInt


class _Action(BaseModel):
    id: StrictStr
    address: StrictStr
    project: StrictStr
    kind: StrictStr
    name: StrictStr
    action: Verb
    replacement: Replacement | None
    detail: StrictStr
    reason: StrictStr
    depends_on: list[StrictStr]
    before: _Object | None
    after: dict[str, Any] | None
    after_unknown: list[StrictStr]
    changes: list[_Change]
    loss: Loss
    estimate: dict[str, float | None] | None = None
    observed_fingerprint: StrictStr | None


class _Needed(BaseModel):
    address: StrictStr
    project: StrictStr
    kind: StrictStr
    before: _Object


class _Place(BaseModel):
    file: StrictStr
    line: StrictInt
    column: StrictInt


class _Diagnostic(BaseModel):
    severity: StrictStr
    code: StrictStr
    summary: StrictStr
    place: _Place | None = None
    label: StrictStr | None = None
    hint: StrictStr | None = None
    address: StrictStr | None = None


class _Address(BaseModel):
    project: StrictStr
    kind: StrictStr
    name: StrictStr


class _Check(BaseModel):
    what: StrictStr
    verdict: Verdict
    rows: StrictStr
    text: StrictStr
    champion: float | None
    challenger: float | None
    needed: float | None
    count: StrictInt | None


class _Gate(BaseModel):
    address: StrictStr
    project: StrictStr
    metric: StrictStr
    champion: StrictStr | None
    challenger: StrictStr | None
    checks: list[_Check]


class _Objection(BaseModel):
    policy: StrictStr
    effect: Effect
    message: StrictStr
    address: StrictStr | None


class _Resource(BaseModel):
    project: StrictStr
    kind: StrictStr
    name: StrictStr
    spec: dict[str, Any]


class _Declaration(BaseModel):
    hub: StrictStr | None
    organization: StrictStr | None
    credentials: StrictStr | None
    digest: StrictStr
    revision_history: dict[str, StrictInt]
    protected: list[_Address] = []
    locked_elsewhere: list[_Address] = []
    keeps_lock: StrictBool = False
    spared: list[tuple[StrictStr, StrictStr]] = []
    forgotten: list[_Address] = []
    resources: list[_Resource]


class _Options(BaseModel):
    destroy: StrictBool
    prune: StrictBool
    targets: list[StrictStr]
    excludes: list[StrictStr]
    repeats: list[StrictStr]
    max_deletes: StrictInt | None


class _NotCompared(BaseModel):
    address: StrictStr
    reason: StrictStr


class _Notice(BaseModel):
    address: StrictStr
    project: StrictStr
    code: StrictStr
    column: StrictStr | None
    count: StrictInt | None
    text: StrictStr


class _Protection(BaseModel):
    protects: list[StrictStr]
    releases: list[StrictStr]


class _SavedPlan(BaseModel):
    hub: StrictStr
    organization: StrictStr
    config_digest: StrictStr
    actions: list[_Action]
    needed: list[_Needed]
    diagnostics: list[_Diagnostic]
    gates: list[_Gate] = []
    policies: list[_Objection] = []
    notices: list[_Notice] = []
    protection: _Protection | None = None
    environment: StrictStr | None = None
    not_looked_at: list[StrictStr] = []
    not_compared: list[_NotCompared] = []
    hub_id: StrictStr | None = None
    files: list[StrictStr] = []
    refresh_sources: StrictBool = False
    declaration: _Declaration
    options: _Options


def check_saved_plan(document: Mapping[str, Any]) -> None:
    """Do nothing when a document has the shape of a saved plan.

    Raises:
        ValueError: something is missing in it, or is of another type.
    """
    _SavedPlan.model_validate(document)
