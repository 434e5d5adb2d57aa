"""Render diagnostics as text: the place, the line with a mark, a hint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import click
from rich.cells import cell_len

from auger_reconcile.cli.views.harmless import make_safe, plain
from auger_reconcile.cli.views.typed import as_typed
from auger_reconcile.diagnostics import MOST_FINDINGS, Diagnostic, Severity, SourceSpan

LONGEST_LINE = 100  # characters shown of a line
MOST_ALIKE = 5  # diagnostics shown of those that differ in their place alone
_BEFORE = 40  # of those, before the marked place
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def render_diagnostics(diagnostics: Iterable[Diagnostic], *, color: bool) -> str:
    """Return all diagnostics as one text, an empty line between two; "" when there are none.

    Of many that differ in nothing but their place, and of very many of one sort, the first are
    shown and the rest is counted.
    """
    shown: Counter[tuple[str | None, ...]] = Counter()
    hidden: dict[tuple[str | None, ...], list[Diagnostic]] = {}
    blocks = []
    for item in diagnostics:
        sort = (item.severity.value, item.code, item.summary)
        alike = (*sort, item.label, item.hint)
        if shown[alike] < MOST_ALIKE and shown[sort] < MOST_FINDINGS:
            shown.update((alike, sort))
            blocks.append("\n".join(_render(item, color=color)))
        else:
            hidden.setdefault(alike if alike in shown else sort, []).append(item)
    blocks += [_fold(rest, color=color) for rest in hidden.values()]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _fold(rest: list[Diagnostic], *, color: bool) -> str:
    """Return one line about those that are not shown."""
    first, last = rest[0], rest[-1]
    severity = f"{first.severity.value}[{first.code}]"
    is_same = all(item.label == first.label for item in rest)
    label = f" ({plain(first.label)})" if first.label and is_same else ""
    where = ""
    if first.span and last.span:
        start, end = (f"{make_safe(at.path)}:{at.line}" for at in (first.span, last.span))
        where = f", from {start} to {end}"
    told = f"{make_safe(first.summary)}{label}: {len(rest):,} more like it{where}"
    return f"{_paint(severity, _COLORS[first.severity], color=color)}: {told}"


def _render(item: Diagnostic, *, color: bool) -> Iterator[str]:
    span = item.span
    label = plain(item.label) if item.label else ""
    has_line = span is not None and bool(span.text)
    title = make_safe(item.summary) + (f": {label}" if label and not has_line else "")
    severity = _paint(f"{item.severity.value}[{item.code}]", _COLORS[item.severity], color=color)
    yield f"{severity}: {_paint(title, None, color=color)}"
    gutter = " " * (len(str(span.line)) if span else 2)
    bar = _paint("|", "blue", color=color)
    if span is not None:
        about = f" ({make_safe(item.address)})" if item.address else ""
        arrow = _paint("-->", "blue", color=color)
        yield f"{gutter}{arrow} {make_safe(span.path)}:{span.line}:{span.column}{about}"
        if has_line:
            line, mark = _mark_line(span)
            marked = _paint(
                f"{mark.lstrip()} {label}".rstrip(), _COLORS[item.severity], color=color
            )
            yield f"{_paint(str(span.line), 'blue', color=color)} {bar} {line}".rstrip()
            yield f"{gutter} {bar} {' ' * (len(mark) - len(mark.lstrip()))}{marked}"
    elif item.address:
        yield f"{gutter}{_paint('-->', 'blue', color=color)} {make_safe(item.address)}"
    if item.hint:
        equals = _paint("=", "blue", color=color)
        is_command = item.hint.startswith("auger ")
        hint = plain(as_typed(item.hint))
        yield f"{gutter} {equals} hint:" + ("" if is_command else f" {hint}")
        if is_command:
            yield f"{gutter}     {hint}"


def _mark_line(span: SourceSpan) -> tuple[str, str]:
    """Return the line as shown, cut around the place when it is long, and the marks below it."""
    start, end = span.column - 1, span.column - 1 + span.length
    pieces = span.text[:start], span.text[start:end], span.text[end:]
    before, marked, after = map(plain, pieces)
    tail = ""
    if len(span.text) > LONGEST_LINE:
        if len(before) > _BEFORE:
            before = "…" + before[-_BEFORE:]
        room = LONGEST_LINE - min(len(before), _BEFORE)
        tail = "…" if len(marked) + len(after) > room else ""
        marked, after = marked[:room], after[: max(room - len(marked), 0)]
    mark = " " * cell_len(before) + "^" * max(cell_len(marked), 1)
    return before + marked + after + tail, mark


def _paint(text: str, foreground: str | None, *, color: bool) -> str:
    return click.style(text, fg=foreground, bold=True) if color else text
