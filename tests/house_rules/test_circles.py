"""No file imports, by whatever way, one that imports it: also not within a function."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from house_rules.conftest import ROOT, for_each


def imported_names(path: Path) -> set[str]:
    """Return what a file imports: modules, and names of them that may be modules."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@for_each(["auger_hub", "auger_reconcile"])
def test_there_are_no_circles(package):
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / package).rglob("*.py")
    }
    graph = {
        name: (imported_names(path) & modules.keys()) - {name} for name, path in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
        circle = []
    except CycleError as error:
        circle = error.args[1]
    assert circle == []
