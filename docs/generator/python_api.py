"""docs/python-api.md: what a program may import, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import auger.api
import auger_reconcile.errors
from auger_reconcile.errors import AugerError

FUNCTIONS = (auger.api.plan, auger.api.apply, auger.api.destroy, auger.api.drift)
CLASSES = ("Workspace", "Context", "Project", "DataSet", "Experiment", "Model")
EXPORTED = {name: getattr(auger.api, name) for name in auger.api.__all__}
# Those that most programs meet come first.
VALUES = dict.fromkeys(
    (
        "Address",
        "PlanOptions",
        "Plan",
        "Action",
        "FieldChange",
        "ApplyResult",
        "Outcome",
        "ApplyOptions",
    )
)
VALUES |= dict.fromkeys(
    name
    for name, one in EXPORTED.items()
    if isinstance(one, type) and not issubclass(one, AugerError) and name not in CLASSES
)
SECTIONS = ("Args", "Attributes", "Returns", "Raises")
INTRODUCTION = """\
# The Python interface

```python
from auger.api import apply, plan

todo = plan("churn/auger.yaml")
print(todo.summary)
apply(todo, "churn/auger.yaml")
```

`plan`, `apply`, `destroy` and `drift` are about a whole auger.yaml; `Workspace` takes the same
road one stage at a time. `Project`, `DataSet`, `Experiment` and `Model` do one thing at a time, in
a `Context`. All of it is imported from `auger.api`, as are the options that are given to it and the
errors.
"""
VALUES_INTRODUCTION = """\
## What goes in and comes out

Frozen values: none of them changes after it was made. In a notebook plans, results, boards,
reports, comparisons, health, evaluations, schemas, records and errors show themselves as tables;
`to_frame()` of each is a table of pandas.
"""


def render_python_api() -> str:
    """Return the page: functions and classes, every value that is exported, and the errors."""
    told = {*CLASSES, *VALUES, *(one.__name__ for one in FUNCTIONS)}
    errors = [name for name in auger.api.__all__ if name not in told]
    parts = [
        INTRODUCTION,
        "## A whole auger.yaml\n",
        *(_render_function(one) for one in FUNCTIONS),
        *(_render_class(getattr(auger.api, name)) for name in CLASSES[:1]),
        "## One thing at a time\n",
        *(_render_class(getattr(auger.api, name)) for name in CLASSES[1:]),
        VALUES_INTRODUCTION,
        *(_render_value(getattr(auger.api, name)) for name in VALUES),
        _render_error_tree(),
        *(_render_error(getattr(auger.api, name)) for name in errors),
    ]
    return "\n".join(parts)


def _render_function(one: Callable[..., Any]) -> str:
    signature = _fence(_signature(one.__name__, one))
    return f"### {one.__name__}\n\n{signature}\n\n{_render_doc(one)}\n"


def _render_class(one: type) -> str:
    lines = [f"### {one.__name__}", _fence(_signature(one.__name__, one)), _render_doc(one)]
    for name, member in _members(one):
        lines.append(f"#### {one.__name__}.{name}")
        if callable(member):
            lines.append(_fence(_signature(name, member)))
        lines.append(_render_doc(member))
    return "\n\n".join(lines) + "\n"


def _render_value(one: type) -> str:
    place = f"`auger.api.{one.__name__}`"
    properties = [
        f"- `{name}`: {(inspect.getdoc(member) or '').splitlines()[0]}"
        for name, member in _members(one)
        if isinstance(member, property)
    ]
    parts = [f"### {one.__name__}", place, _render_doc(one)]
    return "\n\n".join([*parts, *(["\n".join(properties)] if properties else [])]) + "\n"


def _render_error_tree() -> str:
    paragraphs = (inspect.getdoc(auger_reconcile.errors) or "").split("\n\n")
    return "## Errors\n\n" + _render_text("\n\n".join(paragraphs[:2])) + "\n"


def _render_error(one: type) -> str:
    return f"### {one.__name__}\n\n{_render_doc(one)}\n"


def _render_doc(one: Any) -> str:
    return _render_text(inspect.getdoc(one) or "")


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
    text = re.sub(r"\w+Path\('([^']*)'\)", r'Path("\1")', text)
    text = re.sub(r": '([^']*)'", r": \1", text).replace("'", '"')  # annotations are strings
    answer = "" if isinstance(one, type) else f" -> {found.return_annotation}"
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
