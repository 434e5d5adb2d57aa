"""Render a lineage as a tree of text, or as a graph in DOT or Mermaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.graph import IDLE, Box, draw_dot, draw_mermaid
from auger_reconcile.cli.views.table import local_time
from auger_reconcile.cli.views.words import count_of
from auger_reconcile.history.lineage import Lineage, Origin

Facts: TypeAlias = Mapping[str, Any]
_COLORS = {
    "prediction": "#dfe0fb",
    "model": "#d6f5d6",
    "dataset": "#f9f0cc",
    "apply": "#d6ecf5",
}
_LETTERS = 10  # of a commit, or a digest, that tell it from others


def render_tree(lineage: Lineage) -> str:
    """Return the lineage as a tree, what it comes from below it."""
    lines = [_title(lineage.origins[0]), *_below(lineage, lineage.origins[0], "")]
    notices = [f"Not known: {plain(text)}." for text in lineage.notices]
    return "\n".join([*lines, *([""] if notices else []), *notices]) + "\n"


def _below(lineage: Lineage, origin: Origin, indent: str) -> Iterator[str]:
    sources = lineage.sources_of(origin)
    for number, source in enumerate(sources, start=1):
        is_last = number == len(sources)
        yield f"{indent}{'└── ' if is_last else '├── '}{_title(source)}"
        yield from _below(lineage, source, indent + ("    " if is_last else "│   "))


def _title(origin: Origin) -> str:
    details = ", ".join(_facts(origin))
    return plain(f"{origin.kind} {_name(origin)}{f'  {details}' if details else ''}")


def _name(origin: Origin) -> str:
    name = origin.facts.get("name")
    return f"{name} ({origin.id})" if name else origin.id


def _facts(origin: Origin) -> Iterator[str]:
    """Yield what is known, in the order in which it is read."""
    if origin.is_missing:
        yield "not on the hub any more"
    for name, told in _TOLD.items():
        if name in origin.facts:
            yield told(origin.facts)


def _rows(count: int) -> str:
    return count_of(count, "row")


def _commit(facts: Facts) -> str:
    branch = f" on {facts['branch']}" if "branch" in facts else ""
    changed = " with changes" if facts.get("is_dirty") else ""
    return f"commit {facts['commit'][:_LETTERS]}{branch}{changed}"


_TOLD: Mapping[str, Callable[[Facts], str]] = {
    "algorithm": lambda facts: str(facts["algorithm"]).rpartition(".")[2],
    "score_value": lambda facts: f"{facts.get('score_name', 'score')} {facts['score_value']:.4f}",
    "target": lambda facts: " by ".join(str(facts[n]) for n in ("target", "metric") if n in facts),
    "rows": lambda facts: _rows(facts["rows"]),
    "actuals": lambda facts: f"{_rows(facts['actuals'])} of them actuals",
    "records_count": lambda facts: _rows(facts["records_count"]),
    "sha256": lambda facts: f"sha256 {facts['sha256'][:_LETTERS]}",
    "commit": _commit,
    "user": lambda facts: f"by {facts['user']}",
    "status": lambda facts: str(facts["status"]),
    "created_at": lambda facts: local_time(facts["created_at"]),
}


def lineage_to_dot(lineage: Lineage) -> str:
    """Return the lineage in Graphviz's language."""
    return draw_dot(*_graph(lineage), name="lineage")


def lineage_to_mermaid(lineage: Lineage) -> str:
    """Return the lineage in Mermaid's language."""
    return draw_mermaid(*_graph(lineage))


def _graph(lineage: Lineage) -> tuple[list[Box], list[tuple[str, str]]]:
    ids = {one.key: f"n{number}" for number, one in enumerate(lineage.origins)}
    boxes = [
        Box(ids[one.key], (plain(f"{one.kind} {_name(one)}"), *map(plain, _facts(one))), color)
        for one in lineage.origins
        for color in [_COLORS.get(one.kind, IDLE)]
    ]
    return boxes, [(ids[start], ids[end]) for start, end in lineage.edges]
