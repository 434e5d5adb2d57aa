"""Build what a notebook shows of a value: sentences and tables, in the colours of the notebook.

Notebooks take style sheets away from what they do not trust; so all style is on the elements, and
lines and colours are those of the text around.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from auger_reconcile.redact import redact

if TYPE_CHECKING:
    import pandas as pd

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # would reorder the text
_CELL = "text-align: {}; vertical-align: top; padding: .2em .8em .2em 0"


def to_text(value: Any) -> str:
    """Return a value as the text of an element: numbers to be read, nothing for None."""
    from html import escape  # noqa: PLC0415 - no command needs its table of entities

    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4f}"
    safe = "".join("�" if unicodedata.category(c) in _UNSAFE else c for c in str(value))
    return escape(redact(safe))


def to_sentences(texts: Iterable[str]) -> str:
    """Return a paragraph a text."""
    return "".join(f'<p style="margin: .3em 0">{to_text(text)}</p>' for text in texts)


def to_list(title: str, texts: Iterable[str]) -> str:
    """Return a list below its title; nothing without texts."""
    items = "".join(f"<li>{to_text(text)}</li>" for text in texts)
    return f"<p><strong>{to_text(title)}</strong></p><ul>{items}</ul>" if items else ""


def to_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str = "",
    numbers: Collection[int] = (),
) -> str:
    """Return a table that scrolls where it is too wide; nothing without rows.

    A column of nothing but numbers is aligned at its right; one of nothing at all is left out.

    Args:
        headings: of the columns.
        rows: a cell a column.
        title: above the table.
        numbers: places of columns whose texts are numbers.
    """
    listed = [list(row) for row in rows]
    kept = [n for n in range(len(headings)) if any(row[n] not in (None, "") for row in listed)]
    if not kept:
        return ""
    headings = [headings[n] for n in kept]
    shown = [[row[n] for n in kept] for row in listed]
    sides = [
        "right" if n in numbers or all(_is_number(row[n]) for row in listed) else "left"
        for n in kept
    ]
    head = "".join(
        f'<th scope="col" style="{_CELL.format(side)}">{to_text(text)}</th>'
        for text, side in zip(headings, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_CELL.format(side)}">{to_text(cell)}</td>'
            for cell, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in shown
    )
    above = f"<p><strong>{to_text(title)}</strong></p>" if title else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'{above}<div style="overflow-x: auto">{table}</div>'


def to_frame(rows: Iterable[Any], headings: Sequence[str] | None = None) -> pd.DataFrame:
    """Return rows as a table of pandas, which who asks for one has installed."""
    import pandas as pd  # noqa: PLC0415 - no command needs it

    return pd.DataFrame(list(rows), columns=None if headings is None else list(headings))


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))
