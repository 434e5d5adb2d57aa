"""Plans with names, reasons and hubs of all kinds, for the views that have to stand them."""

from __future__ import annotations

from hypothesis import strategies as st

from auger_reconcile.address import Address
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.planner.estimate import Estimate
from auger_reconcile.planner.plan import Action, Plan, Replacement
from auger_reconcile.resources._base import FieldChange, Loss, Verb

NASTY = [
    "a|b",
    "`code`",
    "</td></tr></table><script>alert(1)</script>",
    "![x](http://evil.test/x.png)",
    "[x](javascript:alert(1))",
    "@acme/everyone #1 www.evil.test https://evil.test",
    "line\nbreak\r\n\n# heading\n\n---\n",
    "<!-- comment -->",
    "**bold** _it_ ~~gone~~ \\| \\",
    "&lt;b&gt; &#124; &amp;",
    "</details><details open>",
    "'\" onmouseover=alert(1)",
    "日本語 \u202e txt",
    "",
]
TEXTS = st.sampled_from(NASTY) | st.text(max_size=300)
CHANGES = st.builds(FieldChange, TEXTS, TEXTS, TEXTS | st.none() | st.lists(TEXTS, max_size=3))
ESTIMATES = st.sampled_from(
    [None, Estimate(unknown=1, limit=3600), Estimate(720, 480, 900, runs=3), Estimate(5, 5, 5, 1)]
)
ADDRESSES = st.builds(Address, TEXTS, st.sampled_from(["dataset", "model"]), TEXTS)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    verb = draw(st.sampled_from(Verb))
    return Action(
        id=draw(TEXTS),
        address=draw(ADDRESSES),
        verb=verb,
        name=draw(TEXTS),
        reason=draw(TEXTS),
        detail=draw(TEXTS),
        changes=tuple(draw(st.lists(CHANGES, max_size=3))),
        unknown=draw(st.sampled_from([(), ("score",)])),
        loss=draw(st.sampled_from(Loss)),
        replacement=draw(st.sampled_from([None, *Replacement])),
        estimate=draw(ESTIMATES) if verb is Verb.START else None,
    )


PROBLEMS = st.builds(
    Diagnostic,
    st.sampled_from(Severity),
    st.just("code"),
    TEXTS,
    label=TEXTS,
    hint=TEXTS,
    address=TEXTS,
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return a plan that shows some actions again and again, as large ones do."""
    drawn = draw(st.lists(actions(), max_size=8))
    times = draw(st.sampled_from([1, 1, 40]))
    return Plan(
        hub=draw(TEXTS.filter(lambda text: "[" not in text)),
        organization=draw(TEXTS),
        organization_id=1,
        config_digest="d",
        actions=tuple(repeat(action, n) for n in range(times) for action in drawn),
        diagnostics=tuple(draw(st.lists(PROBLEMS, max_size=5))) * times,
        refusals=tuple(draw(st.lists(PROBLEMS, max_size=2))),
    )


def repeat(action: Action, number: int) -> Action:
    at = action.address
    address = Address(at.project, at.kind, at.name + (f" {number}" if number else ""))
    return Action(**{**vars(action), "address": address})
