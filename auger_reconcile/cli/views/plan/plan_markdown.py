"""Render a plan as Markdown for a pull request: below 60 kB, nothing in it is markup.

Names and reasons come from files and from the hub. Whatever could mean something in Markdown or
HTML is written as a character reference, which never does (CommonMark 0.31, §2.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.gates import HEADS, below_gate, gates_of
from auger_reconcile.cli.views.plan.plan_text import NO_CHANGES, NO_CHANGES_THERE, protection_lines
from auger_reconcile.cli.views.plan.review import (
    ReviewItem,
    duels_of,
    entries_of,
    losses_of,
    place_of,
    problems_of,
    rest_of,
    time_of,
    title_of,
)
from auger_reconcile.cli.views.words import count_of, matches, uncovered
from auger_reconcile.planner.plan import Plan

LARGEST = 60_000  # bytes; GitHub takes 65,536 characters
MARKER = "<!-- auger plan -->"  # by which a later run finds the comment to replace
LONGEST = 160  # characters of a text
LONGEST_PROBLEM = 400
LONGEST_PROTECTION = 2_000
# Bytes for each part; their sum leaves room for the title and for what joins the parts.
ROOM_FOR_PROBLEMS = 9_000
ROOM_FOR_DUELS = 6_000
ROOM_FOR_GATES = 7_000
ROOM_FOR_ENTRIES = 20_000
ROOM_FOR_CHANGES = 12_000
_QUIET = "&#8288;"  # word joiner, seen by nobody, that keeps `@` and `#` from calling somebody
_HARMLESS = set(" .,-/()=%;:?")
_REFERENCES = {
    number: f"&#{number};" + (_QUIET if chr(number) in "@#" else "")
    for number in range(128)
    if not chr(number).isalnum() and chr(number) not in _HARMLESS
}


def render_markdown(plan: Plan) -> str:
    """Return the plan as a comment, the worst first."""
    parts = [
        [f"{MARKER}\n### Auger plan: {title_of(plan)}"],
        [_about(plan)],
        [f"- **{escape(text, LONGEST_PROTECTION)}**" for text in protection_lines(plan)],
        _warnings(plan),
        _problems(plan),
        _duels(plan),
        _gates(plan),
        _table(entries_of(plan)),
    ]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part)
    return text + "\n"


def escape(text: str, longest: int = LONGEST) -> str:
    """Return a text that means itself: on one line, not too long, nothing of it markup."""
    short = plain(text)
    short = short if len(short) <= longest else short[: longest - 1] + "…"
    written = short.translate(_REFERENCES)
    return written.replace("://", "&#58;//").replace("www.", "www&#46;")  # no link either


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _about(plan: Plan) -> str:
    time = time_of(plan)
    where = f"Organization {_code(plan.organization)} at {_code(place_of(plan))}."
    if not plan.actions:
        if plan.refusals:
            return f"{where} Refused, because of {count_of(len(plan.refusals), 'error')}."
        told = escape(matches(plan.coverage, "the files"), LONGEST_PROBLEM)
        if below := below_gate(plan):
            texts = [*below, *uncovered(plan.coverage)]
            shown = (escape(text, LONGEST_PROBLEM) for text in texts)
            return " ".join([where, "Nothing will be changed.", *shown])
        return f"{where} {NO_CHANGES if plan.is_empty else NO_CHANGES_THERE}. {told}"
    runs = f"**Runs will take:** {escape(time) if time else 'there are none'}."
    return " ".join(
        [where, runs, *(escape(text, LONGEST_PROBLEM) for text in uncovered(plan.coverage))]
    )


def _warnings(plan: Plan) -> list[str]:
    losses = [escape(text) for text in losses_of(plan)]
    return ["> [!CAUTION]", *(f"> - {text}" for text in losses)] if losses else []


def _problems(plan: Plan) -> list[str]:
    lines = [
        f"- **{severity}**: {escape(text, LONGEST_PROBLEM)}" for severity, text in problems_of(plan)
    ]
    if not lines:
        return []
    shown = _fitting(lines, ROOM_FOR_PROBLEMS)
    left = [f"- … and {len(lines) - len(shown):,} more"] if len(shown) < len(lines) else []
    title = "#### This plan cannot be applied" if plan.refusals else "#### Worth knowing"
    return [title, "", *shown, *left]


def _duels(plan: Plan) -> list[str]:
    rows = [
        f"| {_code(duel.address)} | {escape(duel.champion)} | {escape(duel.challenger)} "
        f"| {duel.verdict} |"
        for duel in duels_of(plan)
    ]
    if not rows:
        return []
    shown = _fitting(rows, ROOM_FOR_DUELS)
    left = f"\n… and {len(rows) - len(shown):,} more" if len(shown) < len(rows) else ""
    head = ["| Model | Champion (live now) | Challenger | Who wins |", "|---|---|---|---|"]
    return ["#### Champion and challenger", "", *head, *shown, *([left] if left else [])]


def _gates(plan: Plan) -> list[str]:
    """Return champion against challenger by the numbers that decide, a table a gate."""
    lines: list[str] = []
    for table in gates_of(plan):
        head = f"| {' | '.join(HEADS)} |"
        rows = [f"| {' | '.join(map(escape, row))} |" for row in table.rows]
        told = escape(table.text, LONGEST_PROBLEM)
        lines += ["", f"{_code(table.address)}: {told}.", "", head, f"|{'---|' * len(HEADS)}"]
        lines += [*rows, *([f"\n… and {table.left_out:,} more"] if table.left_out else [])]
    shown = _fitting(lines, ROOM_FOR_GATES)
    left = ["", "… and more, in `auger plan`"] if len(shown) < len(lines) else []
    return ["#### Gates", *shown, *left] if lines else []


def _table(entries: Sequence[ReviewItem]) -> Iterator[str]:
    if not entries:
        return
    shown = _fitting(map(_row, entries), ROOM_FOR_ENTRIES)
    yield "#### What will happen"
    yield ""
    yield "| | Resource | | What, and why | If it is a mistake |"
    yield "|---|---|---|---|---|"
    yield from shown
    if len(shown) < len(entries):
        yield f"\n… and {rest_of(entries[len(shown) :])}."
    yield from _changes(entries)


def _row(entry: ReviewItem) -> str:
    symbols = "".join(f"&#{ord(one)};" if one != " " else one for one in entry.symbols)
    told = "<br>".join(map(escape, entry.told))
    cost = f"**{entry.cost}**" if entry.cost else ""
    return f"| <code>{symbols}</code> | {_code(entry.address)} | {entry.verbs} | {told} | {cost} |"


def _changes(entries: Iterable[ReviewItem]) -> Iterator[str]:
    """Yield the changed settings, folded."""
    changes = [(entry.address, *change) for entry in entries for change in entry.changes]
    if not changes:
        return
    lines = (f"- {_code(at)} {escape(path)}: {escape(values)}" for at, path, values in changes)
    shown = _fitting(lines, ROOM_FOR_CHANGES)
    yield ""
    yield f"<details><summary>Changed settings: {len(changes):,}</summary>"
    yield ""
    yield from shown
    if len(shown) < len(changes):
        yield f"- … and {len(changes) - len(shown):,} more"
    yield ""
    yield "</details>"


def _fitting(lines: Iterable[str], room: int) -> list[str]:
    """Return the first lines that fit into a number of bytes."""
    shown: list[str] = []
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        shown.append(line)
    return shown
