"""docs/python-api.md: what a program may import, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import auger.api
import auger_reconcile.errors
from auger_reconcile.applier.apply import ApplyOptions
from auger_reconcile.applier.result import ApplyResult, Outcome
from auger_reconcile.planner.build import PlanOptions
from auger_reconcile.planner.plan import Action, Plan
from auger_reconcile.resources._base import FieldChange

VALUES = (PlanOptions, Plan, Action, FieldChange, ApplyOptions, ApplyResult, Outcome)
SECTIONS = ("Args", "Attributes", "Returns", "Raises")
INTRODUCTION = """\
# The Python interface

```python
from auger.api import Context, Project

with Context() as ctx:
    for project in Project(ctx).list():
        print(project["name"])
```

`Context`, `Project`, `DataSet`, `Experiment` and `Model` do one thing at a time, as the commands of
the same names do. `Workspace` is `auger plan` and `auger apply`: the road of a whole auger.yaml.
"""
VALUES_INTRODUCTION = """\
## What goes in and comes out

Frozen values: none of them changes after it was made.
"""


def render_python_api() -> str:
    """Return the page."""
    public = [getattr(auger.api, name) for name in auger.api.__all__]
    contents = "\n".join(f"- [`{one.__name__}`](#{one.__name__.lower()})" for one in public)
    tree = "\n\n".join((inspect.getdoc(auger_reconcile.errors) or "").split("\n\n")[:2])
    parts = [
        INTRODUCTION,
        f"{contents}\n",
        *(_render_class(one, level=2) for one in public),
        VALUES_INTRODUCTION,
        *(_render_values(one) for one in VALUES),
        f"## Errors\n\n{_render_text(tree)}\n\nThey are in `auger_reconcile.errors`.\n",
    ]
    return "\n".join(parts)


def _render_class(one: type, *, level: int) -> str:
    imported = f"from auger.api import {one.__name__}"
    lines = [
        f"{'#' * level} {one.__name__}",
        _fence(f"{imported}\n\n{_signature(one.__name__, one)}"),
        _render_text(inspect.getdoc(one) or ""),
    ]
    for name, member in _members(one):
        lines.append(f"{'#' * (level + 1)} {one.__name__}.{name}")
        if callable(member):
            lines.append(_fence(_signature(name, member)))
        lines.append(_render_text(inspect.getdoc(member) or ""))
    return "\n\n".join(lines) + "\n"


def _render_values(one: type) -> str:
    place = f"`{one.__module__}.{one.__name__}`"
    properties = [
        f"- `{name}`: {(inspect.getdoc(member) or '').splitlines()[0]}"
        for name, member in _members(one)
        if isinstance(member, property)
    ]
    parts = [f"### {one.__name__}", place, _render_text(inspect.getdoc(one) or "")]
    return "\n\n".join([*parts, *(["\n".join(properties)] if properties else [])]) + "\n"


def _members(one: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties of a class, in the order of its file."""
    for name, member in vars(one).items():
        is_shown = callable(member) or isinstance(member, property) or hasattr(member, "func")
        if not name.startswith("_") and is_shown:
            yield name, member


def _signature(name: str, one: Callable[..., Any]) -> str:
    """Return the signature as its file has it, a long one on several lines."""
    found = inspect.signature(one)
    own = [p for p in found.parameters.values() if p.name != "self"]
    bare = found.replace(parameters=own, return_annotation=inspect.Signature.empty)
    text = re.sub(r"<factory>|<function [^>]+>", "...", str(bare))
    text = re.sub(r"\w+Path\('([^']*)'\)", r'Path("\1")', text).replace("'", "")
    answer = "" if isinstance(one, type) else f" -> {found.return_annotation}".replace("'", "")
    line = f"{name}{text}{answer}"
    if len(line) <= 88:
        return line
    inside = re.split(r", (?![^\[]*\])", text[1:-1])
    return f"{name}(\n" + "".join(f"    {part},\n" for part in inside) + f"){answer}"


def _render_text(doc: str) -> str:
    """Return a docstring of Google's style as Markdown."""
    blocks = re.split(rf"^({'|'.join(SECTIONS)}):\n((?: +.*\n?|\n)+)", doc, flags=re.MULTILINE)
    parts = [_render_prose(blocks[0])]
    for heading, body, rest in zip(blocks[1::3], blocks[2::3], blocks[3::3], strict=True):
        text = textwrap.dedent(body).strip()
        parts.append(f"**{heading}**")
        parts.append(_joined(text) if heading == "Returns" else _render_items(text))
        parts.append(_render_prose(rest))
    return "\n\n".join(part for part in parts if part)


def _render_prose(text: str) -> str:
    """Return paragraphs; what is indented is kept as it is drawn."""
    paragraphs = (
        _fence(inspect.cleandoc(part), "text") if part.startswith("    ") else _joined(part)
        for part in re.split(r"\n\n(?! {4})|\n\n(?= {4})", text.strip("\n"))
    )
    return "\n\n".join(paragraphs)


def _render_items(text: str) -> str:
    items = re.split(r"\n(?=\S)", text)
    pairs = (item.partition(":") for item in items)
    return "\n".join(f"- `{name}`: {_joined(meaning)}" for name, _, meaning in pairs)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _fence(text: str, language: str = "python") -> str:
    return f"```{language}\n{text}\n```"
