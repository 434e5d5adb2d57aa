"""Read a list that is written as one text."""

from __future__ import annotations

from auger_reconcile.config.syntax.nodes import Node, Scalar, Sequence
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import quote_some


def to_list(node: Scalar, report: Report) -> Sequence:
    """Return the list that one text stands for: of it alone, or of its parts between commas.

    So older clients write lists. A name that has a comma is written in a list.
    """
    items: list[Node] = [node]
    if "," in node.text:
        texts = [text for part in node.text.split(",") if (text := part.strip())]
        hint = f"read as the list {quote_some(texts, 10)}" if texts else "read as an empty list"
        report.warn("list-as-text", "a list that is written as one text", node, hint=hint)
        items = [node._replace(text=text) for text in texts]
    return Sequence(items, node.file, node.start, node.end)
