"""Render a plan as the text that people read before they say yes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from rich.cells import cell_len

from auger_reconcile.address import Address
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.gates import below_gate, gate_lines, gates_of
from auger_reconcile.cli.views.words import count_of, expectation, matches, uncovered
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import FieldChange, Loss, Verb
from auger_reconcile.state import UNCHANGED
from auger_reconcile.web_url import is_loopback

SYMBOLS = {
    Verb.CREATE: "+",
    Verb.DELETE: "-",
    Verb.START: ">",
    Verb.STOP: ".",
    Verb.SELECT: "=",
}
COLORS = {
    Verb.CREATE: "green",
    Verb.DELETE: "red",
    Verb.START: "cyan",
    Verb.STOP: "yellow",
    Verb.SELECT: "blue",
}
LOSSES = {
    Loss.NONE: "",
    Loss.COMPUTE: "",
    Loss.ARTIFACTS: "! what was made is lost",
    Loss.TRAFFIC: "! a live model stops answering",
}
# Reasons that the verb itself tells.
OBVIOUS = frozenset(
    {
        "does not exist",
        "is new",
        "new",
        "not deployed",
        "the run decides which trial is the best",
    }
)
ADDRESS_WIDTH = 35  # columns at least, so that short plans look alike
VERB_WIDTH = 11
NARROW = 100  # columns up to which no room is kept free
LEAST_ROOM = 20  # columns for what is said of an action
FILES = "auger.yaml"
NO_CHANGES, NO_CHANGES_THERE = "No changes", "No changes on the hub"
MOST_PROTECTED = 20  # names of what is protected or released


def render_plan(plan: Plan, *, color: bool, files: str = FILES, width: int | None = None) -> str:
    """Return the plan as a table, a line an action, changed settings below their line.

    Args:
        plan: to show.
        color: whether colours are wanted.
        files: what was read, in words.
        width: columns of the terminal, to which lines are broken between words.
    """
    if not plan.actions:
        errors = sum(item.severity.value == "error" for item in plan.diagnostics)
        nothing = NO_CHANGES if plan.is_empty else NO_CHANGES_THERE
        text = f"{nothing}, because of {count_of(errors, 'error')}."
        if plan.refusals:
            text = f"Refused, because of {count_of(len(plan.refusals), 'error')}."
        elif not errors:
            text = f"{nothing}. {matches(plan.coverage, files)}"
            if below := below_gate(plan):
                told = ["Nothing will be changed, and not all is as declared.", *below]
                text = " ".join([*told, *uncovered(plan.coverage)])
        said = (*protection_lines(plan), text)
        lines = [*(part for line in said for part in _broken(line, width)), *_gates(plan, width)]
        return "\n".join(lines) + "\n"
    lines = [
        *_broken(_header(plan), width),
        "",
        *_rows(plan, color=color, width=width),
        *_gates(plan, width),
        "",
        *(part for line in _footer(plan).split("\n") for part in _broken(line, width)),
        *(
            part
            for line in (*protection_lines(plan), *uncovered(plan.coverage))
            for part in _broken(line, width)
        ),
    ]
    return "\n".join(lines) + "\n"


def _broken(text: str, width: int | None, indent: str = "") -> list[str]:
    """Return a text as lines that fit, broken between words alone."""
    if width is None or cell_len(text) <= width:
        return [text]
    from textwrap import wrap

    return wrap(
        text,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def render_summary(plan: Plan) -> str:
    """Return the numbers: `4 to create, 2 to start, ...`, all five verbs named."""
    return ", ".join(f"{number} to {verb}" for verb, number in plan.summary.items())


class Labels:
    """The addresses of a plan's actions, with their project when it has several."""

    def __init__(self, plan: Plan) -> None:
        change = plan.protection
        addresses = [*(action.address for action in plan.actions), *plan.notices]
        addresses += [*change.protects, *change.releases]
        self._is_qualified = len({address.project for address in addresses}) > 1
        self._started = {one.address for one in plan.actions if one.verb is Verb.START}

    def of(self, action: Action) -> str:
        """Return the address of an action as it is shown."""
        return self.at(action.address)

    def is_told_before(self, action: Action) -> bool:
        """Tell whether another action of the plan has told what came of it: the start of a run."""
        return action.verb is Verb.SELECT and action.address in self._started

    def at(self, address: Address) -> str:
        """Return an address as it is shown."""
        return plain(address.qualified if self._is_qualified else str(address))


def protection_lines(plan: Plan) -> Iterator[str]:
    """Yield what the plan protects from now on, and what it releases, a sentence each.

    One that is refused does neither.
    """
    labels, change = Labels(plan), UNCHANGED if plan.refusals else plan.protection
    told = {"Protected from now on": change.protects, "No longer protected": change.releases}
    for what, addresses in told.items():
        if addresses:
            names = ", ".join(map(labels.at, addresses[:MOST_PROTECTED]))
            left = len(addresses) - MOST_PROTECTED
            yield f"{what}: {names}{f' and {left:,} more' if left > 0 else ''}."


def _header(plan: Plan) -> str:
    place = f"the local hub ({plan.hub})" if is_loopback(plan.hub) else plan.hub
    return f'Auger will do the following in organization "{plain(plan.organization)}" at {place}:'


def _footer(plan: Plan) -> str:
    time = f"\nTime: {expectation(plan.estimate)}." if plan.estimate else ""
    return f"Plan: {render_summary(plan)}.{time}"


def _gates(plan: Plan, width: int | None) -> Iterator[str]:
    """Yield what the gates say: in a table where there is room, otherwise in sentences."""
    for table in gates_of(plan):
        yield ""
        yield from _broken(f"Gate of {table.address}: {table.text}.", width)
        lines = list(gate_lines(table))
        if width is None or all(cell_len(line) <= width for line in lines):
            yield from lines


def _rows(plan: Plan, *, color: bool, width: int | None) -> Iterator[str]:
    names = Labels(plan)
    labels = [names.of(action) for action in plan.actions]
    symbols = [symbol_of(action) for action in plan.actions]
    least = ADDRESS_WIDTH if width is None or width > NARROW else 0
    wide = max(least, *(cell_len(label) + 2 for label in labels))
    deep = max(len(symbol) for symbol in symbols)
    for action, label, symbol in zip(plan.actions, labels, symbols, strict=True):
        paint = COLORS[action.verb] if color else None
        head = _paint(
            f"{symbol:>{deep}} {_pad(label, wide)}{action.verb.value:{VERB_WIDTH}}", paint
        )
        taken = 2 + deep + 1 + wide + VERB_WIDTH
        if width is not None and width - taken < LEAST_ROOM:
            taken = deep + 5  # below the address
        room = None if width is None else width - taken
        first, *rest = _told(action, room, color=color)
        if taken == deep + 5 and first:
            first, rest = "", [first, *rest]
        yield f"  {head}{first}".rstrip()
        yield from (f"{' ' * taken}{line}" for line in rest)
        indent = " " * (deep + 5)
        for line in change_lines(action, indent):
            yield from _broken(line, width, f"{indent}  ")


def _told(action: Action, room: int | None, *, color: bool) -> list[str]:
    """Return what is said of an action, in lines of so many columns."""
    loss, paint = LOSSES[action.loss], "red" if color else None
    lines = _broken(describe_action(action), room)
    if not loss:
        return lines
    fits = room is None or cell_len(lines[-1]) + 2 + len(loss) <= room
    shown = _paint(loss, paint)
    if not fits:
        return [*lines, shown]
    return [*lines[:-1], f"{lines[-1]}  {shown}" if lines[-1] else shown]


def symbol_of(action: Action) -> str:
    """Return the sign of an action; a create that replaces shows the order of old and new."""
    if action.verb is Verb.CREATE and action.replacement:
        return action.replacement.value
    return SYMBOLS[action.verb]


def describe_action(action: Action) -> str:
    """Return the name where it is not the address's, the detail, and the reason in parentheses."""
    named = action.name if action.name.replace("_", "-") != _declared_name(action) else ""
    if named and action.verb is Verb.CREATE:
        named = f"as {named}"
    runs = action.estimate
    time = expectation(runs) if runs and runs.seconds is not None else ""
    text = plain(", ".join(part for part in (named, action.detail, time) if part))
    if action.reason and action.reason not in OBVIOUS:
        text += f" ({plain(action.reason)})"
    return text.lstrip()


def _declared_name(action: Action) -> str:
    return action.address.name.replace("_", "-")


def change_lines(action: Action, indent: str) -> Iterator[str]:
    """Yield a line for each changed setting of an action."""
    for change in action.changes:
        why = f" ({plain(change.reason)})" if change.reason else ""
        yield f"{indent}{plain(change.path)}: {describe_change(change)}{why}"


def describe_change(change: FieldChange) -> str:
    """Return what a setting was and what it becomes: `50 -> 80`."""
    return f"{plain(_value(change.before))} -> {plain(_value(change.after))}"


def _value(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value, ensure_ascii=False, default=str)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _paint(text: str, foreground: str | None) -> str:
    return click.style(text, fg=foreground) if foreground and text else text
