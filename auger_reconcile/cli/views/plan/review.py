"""Collect what a reviewer of a plan has to know, worst first; other views render it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.gates import below_gate
from auger_reconcile.cli.views.plan.plan_notices import notices_of_plan
from auger_reconcile.cli.views.plan.plan_text import (
    LOSSES,
    NO_CHANGES,
    Labels,
    describe_action,
    describe_change,
    symbol_of,
)
from auger_reconcile.cli.views.words import count_of, expectation
from auger_reconcile.planner.plan import Action, Plan, Replacement
from auger_reconcile.resources._base import Loss, Verb
from auger_reconcile.web_url import is_loopback

REFUSED = "Refused"
MOST_TOLD = 4  # texts about one resource
WORST_FIRST = (Loss.TRAFFIC, Loss.ARTIFACTS, Loss.COMPUTE, Loss.NONE)
VERBS = (Verb.CREATE, Verb.START, Verb.STOP, Verb.DELETE, Verb.SELECT)


@dataclass(frozen=True)
class ReviewItem:
    """What happens to one resource.

    Attributes:
        symbols: of the actions, in their order: `+ >`.
        verbs: in words, likewise.
        told: detail and reason of each action.
        loss: the worst one.
        changes: of settings: path, and `before -> after`.
        verb: that counts in a list of what is left out.
        is_succeeded: what goes does so when its successor is there.
    """

    address: str
    symbols: str
    verbs: str
    told: tuple[str, ...]
    loss: Loss
    changes: tuple[tuple[str, str], ...]
    verb: Verb
    is_succeeded: bool = False

    @property
    def cost(self) -> str:
        """What it costs if it was a mistake, in words; "" for nothing."""
        if self.loss is Loss.COMPUTE:
            return "what runs has to be repeated"
        if self.loss is Loss.TRAFFIC and self.is_succeeded:
            return "another model answers"
        return LOSSES[self.loss].removeprefix("! ")


@dataclass(frozen=True)
class Duel:
    """A model that would take the place of another."""

    address: str
    champion: str
    challenger: str
    verdict: str


def title_of(plan: Plan) -> str:
    """Return the numbers: `2 to create, 1 to delete`; what happens to nothing is left out."""
    change = plan.protection
    numbers = {"protect": len(change.protects), "release": len(change.releases)}
    told = {**plan.summary, **numbers} if not plan.refusals else plan.summary
    counts = [f"{number:,} to {verb}" for verb, number in told.items() if number]
    nothing = "a live model is below its gate" if below_gate(plan) else NO_CHANGES
    return ", ".join(counts) or (REFUSED if plan.refusals else nothing)


def place_of(plan: Plan) -> str:
    """Return the hub in words."""
    hub = plain(plan.hub)
    return f"the local hub ({hub})" if is_loopback(plan.hub) else hub


def time_of(plan: Plan) -> str | None:
    """Return how long the runs will take, None when there are none."""
    runs = plan.estimate
    if runs is None:
        return None
    return expectation(runs) + (f", from {count_of(runs.runs, 'past run')}" if runs.runs else "")


def entries_of(plan: Plan) -> list[ReviewItem]:
    """Return an entry a resource, the worst losses first, otherwise in the order of the plan."""
    labels = Labels(plan)
    by_label: dict[str, list[Action]] = {}
    for action in plan.actions:
        by_label.setdefault(labels.of(action), []).append(action)
    entries = [_entry(label, actions) for label, actions in by_label.items()]
    return sorted(entries, key=lambda entry: (WORST_FIRST.index(entry.loss), entry.verb.value))


def _entry(label: str, actions: Sequence[Action]) -> ReviewItem:
    loss = min((action.loss for action in actions), key=WORST_FIRST.index)
    verbs = [action.verb for action in actions]
    texts = _told(actions, name_verbs=len(set(verbs)) > 1)
    left = len(texts) - MOST_TOLD
    told = (*texts[:MOST_TOLD], *([f"and {left:,} more"] if left > 0 else []))
    changes = [(plain(c.path), describe_change(c)) for action in actions for c in action.changes]
    return ReviewItem(
        address=label,
        symbols=" ".join(dict.fromkeys(symbol_of(action) for action in actions)),
        verbs=", ".join(dict.fromkeys(verb.value for verb in verbs)),
        told=told,
        loss=loss,
        changes=tuple(changes),
        is_succeeded=all(
            action.replacement is Replacement.NEW_FIRST
            for action in actions
            if action.loss is Loss.TRAFFIC
        ),
        verb=min(verbs, key=(Verb.DELETE, Verb.STOP, Verb.CREATE, Verb.START, Verb.SELECT).index),
    )


def _told(actions: Sequence[Action], *, name_verbs: bool) -> list[str]:
    """Return detail and reason of each action, each text once."""
    texts = [(action.verb.value, describe_action(action)) for action in actions]
    return list(
        dict.fromkeys(f"{verb}: {text}" if name_verbs else text for verb, text in texts if text)
    )


def losses_of(plan: Plan) -> Iterator[str]:
    """Yield what is lost for good or stops, one sentence each, the worst first."""
    traffic = [action for action in plan.actions if action.loss is Loss.TRAFFIC]
    replaced = sum(action.replacement is Replacement.NEW_FIRST for action in traffic)
    if stopped := len(traffic) - replaced:
        verb = "stops" if stopped == 1 else "stop"
        yield f"{count_of(stopped, 'live model')} {verb} answering, with nothing in its place"
    if replaced:
        verb = "is" if replaced == 1 else "are"
        yield f"{count_of(replaced, 'live model')} {verb} replaced: the new one first"
    lost = Counter(a.address.kind for a in plan.actions if a.loss is Loss.ARTIFACTS)
    if lost:
        kinds = ", ".join(count_of(number, kind) for kind, number in sorted(lost.items()))
        yield f"what was made is lost: {kinds}"


def duels_of(plan: Plan) -> Iterator[Duel]:
    """Yield each live model that another is to take the place of."""
    labels = Labels(plan)
    leaving: dict[str, list[Action]] = {}
    for action in plan.actions:
        if action.verb is Verb.DELETE and action.loss is Loss.TRAFFIC:
            leaving.setdefault(labels.of(action), []).append(action)
    for action in plan.actions:
        if action.verb is not Verb.CREATE or labels.of(action) not in leaving:
            continue
        old = leaving[labels.of(action)]
        champions = "; ".join(plain(one.detail or one.name) for one in old)
        verdict = _verdict(plan, action, old) if "score" in action.unknown else "the challenger"
        yield Duel(labels.of(action), champions, plain(action.detail), verdict)


def _verdict(plan: Plan, challenger: Action, champions: Sequence[Action]) -> str:
    """Return who will win a duel whose challenger is yet to be found by a run.

    Only scores of one experiment and one metric are compared; a new revision, or another metric,
    is deployed whatever its score, if it passes the gate.
    """
    gate = getattr(challenger.spec, "min_score", None)
    least = f" with a score of {gate:g} or more" if gate is not None else ""
    if _is_compared(plan, challenger, champions):
        return f"the better score, the challenger only{least}" if least else "the better score"
    otherwise = ", otherwise the champion stays" if least else ", whatever its score"
    return f"the challenger{least or ''}{otherwise}; their scores are not compared"


def _is_compared(plan: Plan, challenger: Action, champions: Sequence[Action]) -> bool:
    """Say whether the champions are of the experiment and the metric that the challenger is of."""
    source = plan.references.get(challenger.address, {}).get("experiment")
    if source is None:
        return False
    planned = [action for action in plan.actions if action.address == source]
    changed = {change.path for action in planned for change in action.changes}
    if any(a.verb is Verb.CREATE for a in planned) or changed & {"metric", "target", "model_type"}:
        return False
    runs = {run.id for run in getattr(plan.bindings.get(source), "runs", ())}
    return all(getattr(one.object, "run_id", None) in runs for one in champions)


def problems_of(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield severity and text: what forbids the plan first, then what is unknown, then notices."""
    for item in (*plan.refusals, *plan.diagnostics):
        place = f"{item.span.path}:{item.span.line}" if item.span else ""
        about = ", ".join(part for part in (item.address, place) if part)
        parts = (item.summary, item.label, f"({about})" if about else "", item.hint)
        yield item.severity.value, " — ".join(plain(part) for part in parts if part)
    for label, notice in notices_of_plan(plan):
        yield "notice", f"{plain(notice.text)} — ({label})"


def rest_of(entries: Sequence[ReviewItem]) -> str:
    """Return what is left out, counted: `9,400 more resources: 9,000 create, 400 delete`."""
    counts = Counter(entry.verb for entry in entries)
    verbs = ", ".join(f"{counts[verb]:,} to {verb.value}" for verb in VERBS if counts[verb])
    return f"{len(entries):,} more: {verbs}"
