"""Draw graphs in DOT or Mermaid: of the resources of a plan, and of other boxes and arrows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.cli.views.harmless import plain
from auger_reconcile.cli.views.plan.plan_text import SYMBOLS
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import Verb

COLORS = {
    Verb.CREATE: "#d6f5d6",
    Verb.START: "#d6ecf5",
    Verb.STOP: "#f9f0cc",
    Verb.DELETE: "#f9d6d5",
    Verb.SELECT: "#dfe0fb",
}
IDLE = "#f4f4f4"
FORMAT_VERSION = "1.0"


@dataclass(frozen=True)
class Box:
    """What is drawn of a node: `id` is short and plain, `lines` are what people read."""

    id: str
    lines: tuple[str, ...]
    color: str


@dataclass(frozen=True)
class Node:
    """One resource: `id` is short and plain, `lines` are what people read."""

    id: str
    address: Address
    lines: tuple[str, ...]
    verbs: tuple[Verb, ...]

    @property
    def color(self) -> str:
        """The colour of the first thing that happens to it."""
        return COLORS[self.verbs[0]] if self.verbs else IDLE


@dataclass(frozen=True)
class Graph:
    """Resources, and edges from what needs to what is needed."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[Node, Node], ...]


def to_graph(plan: Plan) -> Graph:
    """Return the graph of everything that is declared or touched, in the order of the files."""
    actions: dict[Address, list[Action]] = {address: [] for address in plan.references}
    for action in plan.actions:
        actions.setdefault(action.address, []).append(action)
    has_several = len({address.project for address in actions}) > 1
    nodes = {
        address: _node(f"n{number}", address, mine, is_qualified=has_several)
        for number, (address, mine) in enumerate(actions.items())
    }
    edges = [
        (nodes[address], nodes[needed])
        for address, roles in plan.references.items()
        for needed in dict.fromkeys(roles.values())
        if needed in nodes
    ]
    return Graph(tuple(nodes.values()), tuple(edges))


def _node(node_id: str, address: Address, actions: list[Action], *, is_qualified: bool) -> Node:
    label = address.qualified if is_qualified else str(address)
    told = [f"{SYMBOLS[action.verb]} {action.verb.value}{_named(action)}" for action in actions]
    lines = tuple(plain(line) for line in (label, *told))
    return Node(node_id, address, lines, tuple(action.verb for action in actions))


def _named(action: Action) -> str:
    return f" {action.name}" if action.name != action.address.name else ""


def render_dot(plan: Plan) -> str:
    """Return the graph in the language of Graphviz."""
    return draw_dot(*_drawn(to_graph(plan)))


def draw_dot(
    boxes: Iterable[Box], arrows: Iterable[tuple[str, str]], *, name: str = "auger"
) -> str:
    """Return boxes and the arrows between their ids in the language of Graphviz."""
    return "\n".join([f"digraph {name} {{", *_dot_lines(boxes, arrows), "}"]) + "\n"


def _drawn(graph: Graph) -> tuple[list[Box], list[tuple[str, str]]]:
    boxes = [Box(node.id, node.lines, node.color) for node in graph.nodes]
    return boxes, [(start.id, end.id) for start, end in graph.edges]


def _dot_lines(boxes: Iterable[Box], arrows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield "  rankdir = RL"
    yield '  node [shape = box, style = "rounded,filled", fontname = "Helvetica"]'
    for box in boxes:
        label = "\\n".join(_escape_dot(line) for line in box.lines)
        yield f'  {box.id} [label = "{label}", fillcolor = "{box.color}"]'
    for start, end in arrows:
        yield f"  {start} -> {end}"


def _escape_dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def render_mermaid(plan: Plan) -> str:
    """Return the graph as a Mermaid flow chart, which Markdown of pull requests shows."""
    return draw_mermaid(*_drawn(to_graph(plan)))


def draw_mermaid(boxes: Iterable[Box], arrows: Iterable[tuple[str, str]]) -> str:
    """Return boxes and the arrows between their ids as a Mermaid flow chart."""
    drawn = list(boxes)
    return "\n".join(["flowchart RL", *_mermaid_lines(drawn, arrows)]) + "\n"


def _mermaid_lines(boxes: Iterable[Box], arrows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for box in boxes:
        label = "<br/>".join(_escape_mermaid(line) for line in box.lines)
        yield f'  {box.id}["{label}"]'
    for start, end in arrows:
        yield f"  {start} --> {end}"
    for box in boxes:
        yield f"  style {box.id} fill:{box.color},color:#000"


def _escape_mermaid(text: str) -> str:
    """Write everything that Mermaid or HTML could read as its own by its number."""
    return "".join(char if _is_harmless(char) else f"#{ord(char)};" for char in text)


def _is_harmless(char: str) -> bool:
    return char in " .-_/" or unicodedata.category(char)[0] in "LN"


def graph_to_json(plan: Plan) -> Mapping[str, Any]:
    """Return nodes and edges as one JSON document."""
    graph = to_graph(plan)
    return {
        "format_version": FORMAT_VERSION,
        "nodes": [
            {
                "id": node.address.qualified,
                "address": str(node.address),
                "project": node.address.project,
                "kind": node.address.kind,
                "actions": [verb.value for verb in node.verbs],
            }
            for node in graph.nodes
        ],
        "edges": [
            {"from": start.address.qualified, "to": end.address.qualified}
            for start, end in graph.edges
        ],
    }
