"""Define rules over plans: data, and what a rule is shown. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auger_reconcile.diagnostics import SourceSpan
from auger_reconcile.planner.plan import Effect


@dataclass(frozen=True)
class Facts:
    """What rules are shown.

    Attributes:
        plan: the plan as its JSON form.
        resources: what is declared: `{address, project, kind, name, spec, columns, rows, object}`.
        env: the overlay, "" for none.
        now: with its time zone.
    """

    plan: Mapping[str, Any]
    resources: Sequence[Mapping[str, Any]]
    env: str
    now: datetime


@dataclass(frozen=True)
class Breach:
    """One thing that a rule objects to; `address` is "" when it is the plan as a whole."""

    message: str
    address: str = ""


class RuleFailed(Exception):
    """A rule could not be evaluated; the text says why. What it would have said is not known."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        find: returns what it objects to in a scene; raises RuleFailed.
        span: where it is written.
    """

    name: str
    effect: Effect
    find: Callable[[Facts], Iterable[Breach]]
    span: SourceSpan | None = None
    hint: str | None = None
