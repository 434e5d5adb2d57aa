"""Define Plan: an ordered, frozen list of actions. Data only; `decide` decides what is in it."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, SourceSpan, tabulate
from auger_reconcile.notebook import to_frame, to_list, to_sentences, to_table
from auger_reconcile.planner.coverage import COMPLETE, Coverage
from auger_reconcile.planner.estimate import Estimate, add_up
from auger_reconcile.resources._base import BULKY, FieldChange, Loss, Verb, comparable
from auger_reconcile.resources._spec import Spec
from auger_reconcile.resources.gates.gate import Decision
from auger_reconcile.resources.search.account import Notice
from auger_reconcile.state import UNCHANGED, Digest, ProtectionChange

if TYPE_CHECKING:
    import pandas as pd

_LONGEST = 60  # of a value that has changed, in a notebook


class Replacement(str, Enum):
    """How an action belongs to a replacement."""

    NEW_FIRST = "+/-"
    OLD_FIRST = "-/+"


class Effect(str, Enum):
    """What a policy does about what it objects to."""

    DENY = "deny"
    WARN = "warn"
    REQUIRE_APPROVAL = "require_approval"


class Objection(NamedTuple):
    """What a policy says of a plan.

    Attributes:
        address: of the resource it is about; None when it is the plan as a whole.
        span: where the policy is written.
        is_approved: the approval that it requires was given.
    """

    policy: str
    effect: Effect
    message: str
    address: str | None = None
    span: SourceSpan | None = None
    hint: str | None = None
    is_approved: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form used in plans."""
        return {
            "policy": self.policy,
            "effect": self.effect.value,
            "message": self.message,
            "address": self.address,
            "approved": self.is_approved,
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Objection:
        """Return the objection of a saved plan, not approved by anybody since."""
        return cls(item["policy"], Effect(item["effect"]), item["message"], item["address"])


@dataclass(frozen=True)
class Action:
    """One verb on one address.

    Attributes:
        id: unique in the plan and the same for the same inputs.
        name: of the object that is made or touched; may differ from the address (a revision).
        reason: why, in words.
        detail: what it does, in words: `50 trials, at most 60 min, roc_auc`.
        depends_on: ids of the actions that have to be applied before.
        spec: the declared settings it works with; None for what the files do not declare.
        object: what it is applied to; None for a create.
        unknown: attributes that only applying will tell.
        replaces: objects that a create makes superfluous, or that are in its way.
        previous: the revision that a create is compared with.
        estimate: how long a run will take; None for everything else.
    """

    id: str
    address: Address
    verb: Verb
    name: str
    reason: str
    detail: str = ""
    depends_on: tuple[str, ...] = ()
    spec: Spec | None = None
    object: Any = None
    changes: tuple[FieldChange, ...] = ()
    unknown: tuple[str, ...] = ()
    loss: Loss = Loss.NONE
    replacement: Replacement | None = None
    replaces: tuple[Any, ...] = ()
    previous: Any = None
    estimate: Estimate | None = None

    @property
    def fingerprint(self) -> str | None:
        """A digest of the object as it was observed; None for a create."""
        if self.object is None:
            return None
        return hashlib.sha256(comparable(summary(self.object)).encode()).hexdigest()[:16]


@dataclass(frozen=True, repr=False)
class Plan:
    """What apply will carry out: these actions and no other.

    Attributes:
        bindings: what each declared address stands for on the hub now.
        diagnostics: errors and warnings about single resources; the rest is still planned.
        refusals: guards that forbid to apply the plan at all.
        coverage: what was not looked at, or not compared.
        gates: what the gate of each model that has one says, with its numbers.
        objections: what policies say of it; what they deny is among the refusals too.
        notices: what the hub has told of each data set and run that stays as it is.
        protection: what the lock files list afterwards and do not list now, and the reverse.
        hub_id: which hub it is for, whatever its address; None where that is not told.
    """

    hub: str
    organization: str
    organization_id: int | None
    config_digest: str | Digest
    actions: tuple[Action, ...] = ()
    bindings: Mapping[Address, Any] = field(default_factory=dict)
    references: Mapping[Address, Mapping[str, Address]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    refusals: tuple[Diagnostic, ...] = ()
    coverage: Coverage = COMPLETE
    gates: Mapping[Address, Decision] = field(default_factory=dict)
    objections: tuple[Objection, ...] = ()
    notices: Mapping[Address, tuple[Notice, ...]] = field(default_factory=dict)
    protection: ProtectionChange = UNCHANGED
    hub_id: str | None = None

    def __str__(self) -> str:
        """Return the plan as text, a line an action."""
        lines = [
            f"{action.verb.value:7} {action.address}  {action.detail or action.reason}".rstrip()
            for action in self.actions
        ]
        counts = ", ".join(f"{number} to {verb}" for verb, number in self.summary.items())
        problems = [str(item) for item in (*self.diagnostics, *self.refusals)]
        return "\n".join([*lines, f"Plan: {counts}.", *self._protection_told(), *problems])

    def _protection_told(self) -> Iterator[str]:
        """Yield a sentence for what is protected, and one for what is released."""
        change = self.protection
        told = {"Protected": change.protects, "No longer protected": change.releases}
        for what, addresses in told.items():
            if addresses:
                yield f"{what}: {', '.join(at.qualified for at in addresses)}."

    def __repr__(self) -> str:
        return f"<Plan of {len(self.actions)} actions for {self.hub}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: problems, gates, and what will happen."""
        counts = ", ".join(f"{number} to {verb}" for verb, number in self.summary.items() if number)
        told = f"Plan: {counts}." if counts else "No changes."
        actions = [
            (
                str(one.address),
                f"{one.replacement.value} {one.verb.value}" if one.replacement else one.verb.value,
                "; ".join(text for text in (one.detail, one.reason) if text),
                "; ".join(
                    f"{c.path}: {_short(c.before)} -> {_short(c.after)}" for c in one.changes
                ),
                "" if one.loss is Loss.NONE else f"loses {one.loss.value}",
            )
            for one in self.actions
        ]
        heads = ("Resource", "Action", "What, and why", "Changes", "If it is a mistake")
        notices = [f"{at}: {one.text}" for at, some in self.notices.items() for one in some]
        policies = [f"{one.policy}, {one.effect.value}: {one.message}" for one in self.objections]
        return "".join(
            [
                to_sentences([f"{self.organization} at {self.hub}. {told}"]),
                to_sentences(list(self._protection_told())),
                to_sentences(["This plan cannot be applied:"] if self.refusals else []),
                tabulate((*self.refusals, *self.diagnostics)),
                to_table(heads, actions),
                *(_gate_table(at, one) for at, one in self.gates.items()),
                to_list("Policies", policies),
                to_list("Notices", notices),
            ]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the actions as a table of pandas."""
        heads = ("address", "action", "name", "detail", "reason", "loss")
        rows = [
            (str(one.address), one.verb.value, one.name, one.detail, one.reason, one.loss.value)
            for one in self.actions
        ]
        return to_frame(rows, heads)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do: on the hub, and in the lock files."""
        return not self.actions and self.protection.is_empty

    @property
    def unapproved(self) -> tuple[str, ...]:
        """The names of the policies whose approval is required and was not given."""
        names = (
            one.policy
            for one in self.objections
            if one.effect is Effect.REQUIRE_APPROVAL and not one.is_approved
        )
        return tuple(dict.fromkeys(names))

    @property
    def summary(self) -> dict[str, int]:
        """The number of actions by verb, all five verbs named."""
        counts = Counter(action.verb for action in self.actions)
        order = (Verb.CREATE, Verb.START, Verb.STOP, Verb.DELETE, Verb.SELECT)
        return {verb.value: counts[verb] for verb in order}

    @property
    def estimate(self) -> Estimate | None:
        """How long its runs will take, one after the other; None when it starts none."""
        return add_up(action.estimate for action in self.actions)


def _gate_table(address: Address, decision: Decision) -> str:
    rows = [
        (
            one.what,
            one.rows,
            one.count,
            one.champion,
            one.challenger,
            one.needed,
            one.verdict.in_words,
        )
        for one in decision.checks
    ]
    heads = ("Required", "Rows", "Count", "Champion (live now)", "Challenger", "Needed", "Outcome")
    return to_table(heads, rows, title=f"Gate of {address}: {decision.text}")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def place_of(address: Address, found: Any) -> tuple[str, str, Any]:
    """Return what tells an object from all others: its project, its kind and its id."""
    return address.project, address.kind, getattr(found, "id", None)


def summary(found: Any) -> dict[str, Any]:
    """Return the attributes of an observed object, by name, without the bulky ones.

    A saved plan is stale when the summary of an object that it touches differs.
    """
    return {
        one.name: to_json_value(getattr(found, one.name))
        for one in fields(found)
        if BULKY not in one.metadata
    }


def to_json_value(value: Any) -> Any:
    """Return a value as it is after it was written as JSON and read again; words of what has none.

    What is compared with a saved plan has to be the same on both sides, whatever a kind observes.
    """
    told: Any = value
    match value:
        case Enum():
            told = to_json_value(value.value)
        case float() if not math.isfinite(value):
            told = str(value)
        case None | bool() | int() | float() | str():
            pass
        case BaseModel():
            told = value.model_dump(mode="json")
        case Mapping():
            told = {str(name): to_json_value(item) for name, item in value.items()}
        case set() | frozenset():
            told = sorted(map(to_json_value, value), key=comparable)
        case _ if hasattr(value, "_asdict"):
            told = to_json_value(value._asdict())
        case tuple() | list():
            told = [to_json_value(item) for item in value]
        case _:
            told = summary(value) if is_dataclass(value) else str(value)
    return told
