"""Test policies: judge plans that are written down, and compare with what is expected.

    cases:
      - case: nothing is deleted on a Friday
        now: 2026-11-27T12:00:00Z
        env: prod
        plan: {actions: [{action: delete, address: dataset.churn.csv}]}
        expect: {no-delete-on-friday: deny}

`plan` may be a path of a saved plan instead, as seen from the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from auger_reconcile.config.declarations.validate import Place, validate
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping as MapNode
from auger_reconcile.config.syntax.nodes import Scalar
from auger_reconcile.config.syntax.nodes import Sequence as ListNode
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import file_error, read_text
from auger_reconcile.errors import ConfigError
from auger_reconcile.planner.plan import Effect
from auger_reconcile.policy.rule import Facts, Rule, RuleFailed

FOLDER = "cases"
_ACTION: Mapping[str, Any] = {
    "project": "project",
    "name": "",
    "replacement": None,
    "detail": "",
    "reason": "",
    "depends_on": [],
    "before": None,
    "after": None,
    "after_unknown": [],
    "changes": [],
    "loss": "none",
    "estimate": None,
    "observed_fingerprint": None,
}
_PLAN: Mapping[str, Any] = {
    "format_version": "1.0",
    "hub": "https://hub",
    "organization": "acme",
    "config_digest": "",
    "estimate": None,
    "gates": [],
    "diagnostics": [],
}
_RESOURCE: Mapping[str, Any] = {
    "project": "project",
    "spec": {},
    "object": None,
    "columns": [],
    "rows": None,
}


class CaseSpec(BaseModel):
    """A case as it is written."""

    case: str = Field(min_length=1)
    plan: dict[str, Any] | str
    resources: list[dict[str, Any]] = []
    env: str = ""
    now: datetime = datetime(2026, 1, 7, 12, tzinfo=timezone.utc)
    expect: dict[str, Effect] = {}


@dataclass(frozen=True)
class Case:
    """A case: a scene, and the rules that have to object to it with their effects."""

    name: str
    place: str
    scene: Facts
    expected: Mapping[str, Effect]


@dataclass(frozen=True)
class Tried:
    """What came of a case.

    Attributes:
        found: rule to its effect; a rule that failed denies.
        failures: rule to why it could not be evaluated.
    """

    case: Case
    found: Mapping[str, Effect]
    failures: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        """Whether exactly what was expected was found."""
        return self.found == self.case.expected and not self.failures

    def differences(self) -> Iterator[str]:
        """Yield how it differs from what was expected, a sentence a rule."""
        for name, why in self.failures.items():
            yield f"`{name}` could not be evaluated: {why}"
        for name in sorted({*self.found, *self.case.expected} - set(self.failures)):
            found, expected = self.found.get(name), self.case.expected.get(name)
            if found != expected:
                said = found.value if found else "nothing"
                wanted = expected.value if expected else "nothing"
                yield f"`{name}` says {said}, expected {wanted}"


def read_cases(folders: Iterable[Path], known: Iterable[str]) -> tuple[Case, ...]:
    """Return the cases of `cases/*.yaml` in some folders of policies.

    Raises:
        ConfigError: with every problem of every file.
    """
    report, names = Report(), set(known)
    cases = [
        case
        for folder in folders
        for path in sorted((folder / FOLDER).glob("*.y*ml"))
        for case in _read_file(path, names, report)
    ]
    if report.has_errors:
        raise ConfigError(report.diagnostics)
    return tuple(cases)


def _read_file(path: Path, known: set[str], report: Report) -> Iterator[Case]:
    file, faults = read_text(path)
    report.add(*faults)
    if file is None:
        return
    composed = compose(file)
    report.add(*composed.diagnostics)
    root = next((one.root for one in composed.documents), None)
    listed = root.value("cases") if isinstance(root, MapNode) else None
    if not isinstance(listed, ListNode):
        if not composed.diagnostics:
            report.add(file_error(path, "wrong-type", "the file has no list `cases`"))
        return
    for node in listed.items:
        if not isinstance(node, MapNode):
            report.error("wrong-type", "a case is a map", node, hint="with `plan` and `expect`")
            continue
        spec = validate(CaseSpec, node, Place(node, "a case"), report)
        expect = node.value("expect")
        if isinstance(expect, MapNode):
            for name, (key, _) in expect.entries.items():
                if name not in known:
                    hint = _meant(name, known, report)
                    report.error(
                        "unknown-policy", "there is no policy of this name", key, hint=hint
                    )
        if spec is not None and (plan := _plan_of(spec, path, node, report)) is not None:
            place = file.span(node.start)
            resources = [_resource(one) for one in spec.resources]
            now = spec.now if spec.now.tzinfo else spec.now.replace(tzinfo=timezone.utc)
            scene = Facts(plan, resources, spec.env, now)
            yield Case(spec.case, f"{place.path}:{place.line}", scene, spec.expect)


def _meant(name: str, known: set[str], report: Report) -> str | None:
    """Return the policy that a name means; a function's name begins with its effect."""
    begins = [f"{one.value}_" for one in Effect if name.startswith(f"{one.value}_")]
    wanted = name.removeprefix(max(begins, default="")).replace("_", "-")
    near = wanted if wanted in known else report.nearest(wanted, sorted(known))
    return f"the nearest name is `{near}`" if near else None


def _plan_of(spec: CaseSpec, path: Path, node: MapNode, report: Report) -> dict[str, Any] | None:
    """Return the plan of a case with all members that a plan has."""
    given: Any = spec.plan
    if isinstance(given, str):
        named = node.value("plan")
        try:
            given = json.loads((path.parent / given).read_bytes())
        except (OSError, ValueError) as error:
            assert isinstance(named, Scalar)
            hint = getattr(error, "strerror", None) or "it is no JSON"
            report.error("unreadable", "a plan that cannot be read", named, hint=hint)
            return None
    actions = [_action(one) for one in given.get("actions") or ()]
    counts = ("create", "start", "stop", "delete", "select")
    summary = {verb: sum(1 for one in actions if one["action"] == verb) for verb in counts}
    return {**_PLAN, "summary": summary, **given, "actions": actions}


def _action(given: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, name = str(given.get("address", "")).partition(".")
    told = {"id": str(given.get("address")), "action": "create", "kind": kind}
    return {**_ACTION, **told, "name": name, **given}


def _resource(given: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, name = str(given.get("address", "")).partition(".")
    return {**_RESOURCE, "kind": kind, "name": name, **given}


def try_case(case: Case, rules: Sequence[Rule]) -> Tried:
    """Return what the rules say of a case."""
    said = {rule.name: _say(rule, case.scene) for rule in rules}
    return Tried(
        case,
        found={name: one for name, one in said.items() if isinstance(one, Effect)},
        failures={name: str(one) for name, one in said.items() if isinstance(one, RuleFailed)},
    )


def _say(rule: Rule, scene: Facts) -> Effect | RuleFailed | None:
    """Return the effect of a rule that objects, or why it could not be evaluated."""
    try:
        return rule.effect if any(True for _ in rule.find(scene)) else None
    except RuleFailed as error:
        return error
