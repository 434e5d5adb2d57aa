"""Diagnostics -> text for a terminal: where, the line itself, a mark under the place, a hint."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

import click
from rich.cells import cell_len

from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan

TAB = "    "
LONGEST_LINE = 100  # characters shown of a line
_BEFORE = 40  # of those, before the marked place
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # would move the cursor or reorder the text


def render_diagnostics(diagnostics: Iterable[Diagnostic], *, color: bool) -> str:
    """Return all diagnostics as one text, an empty line between two; "" when there are none."""
    blocks = ["\n".join(_render(item, color=color)) for item in diagnostics]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _render(item: Diagnostic, *, color: bool) -> Iterator[str]:
    span = item.span
    label = make_safe(item.label) if item.label else ""
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
        yield f"{gutter} {equals} hint:" + ("" if is_command else f" {make_safe(item.hint)}")
        if is_command:
            yield f"{gutter}     {make_safe(item.hint)}"


def _mark_line(span: SourceSpan) -> tuple[str, str]:
    """Return the line as shown, cut around the place when it is long, and the marks below it."""
    text, start = span.text, span.column - 1
    end = start + span.length
    first = max(0, start - _BEFORE) if len(text) > LONGEST_LINE else 0
    last = first + LONGEST_LINE
    before = ("…" if first else "") + text[first:start]
    marked, after = text[start : min(end, last)], text[end:last] if end < last else ""
    tail = "…" if len(text) > last else ""
    line = make_safe(before) + make_safe(marked) + make_safe(after) + tail
    mark = " " * cell_len(make_safe(before)) + "^" * max(cell_len(make_safe(marked)), 1)
    return line, mark


def make_safe(text: str) -> str:
    """Return a text on one line, without characters that move the cursor or reorder others."""
    spaced = text.replace("\t", TAB)
    if spaced.isascii() and spaced.isprintable():
        return spaced
    return "".join("�" if unicodedata.category(c) in _UNSAFE else c for c in spaced)


def _paint(text: str, foreground: str | None, *, color: bool) -> str:
    return click.style(text, fg=foreground, bold=True) if color else text
