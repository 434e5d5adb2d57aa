"""docs/auger-yaml.md: every setting of the file, from the models that check it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from auger_reconcile.config.declarations.declaration import Head
from auger_reconcile.config.declarations.validate import setting_names
from auger_reconcile.config.files.legacy import (
    RENAMED,
    RENAMED_IN_CLUSTER,
    RENAMED_IN_EXPERIMENT,
)
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources._spec import Lifecycle, Spec, Trait
from auger_reconcile.resources.files.source import ColumnSpec
from auger_reconcile.resources.names.hub_tables import (
    CLASSIFICATION,
    EXTENSIONS,
    REGRESSION,
    TWO_CLASSES,
)
from auger_reconcile.resources.names.vocabulary import OPTIONS
from auger_reconcile.resources.project import ClusterSpec

Schema = Mapping[str, Any]

HEADER = "| setting | value | default | meaning |\n|---|---|---|---|"
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
TRAITS = {
    Trait.IDENTITY: "Another value means another object.",
    Trait.UNORDERED: "The order has no meaning.",
    Trait.COMPUTED: "",
    Trait.CONTENT: "",
    Trait.RAIL: "",
    Trait.LOCAL: "",  # says something to the planner, and nothing to the writer of a file
}


def render_reference(folder: Path) -> str:
    """Return the page.

    Args:
        folder: with the words of the page, `page.md`, and the examples that it shows. A line
            `{{name}}` stands for a table, a line `{{name.yaml}}` for the text of a file.
    """
    tables = make_tables()
    page = (folder / "page.md").read_text(encoding="utf-8")

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name.endswith(".yaml"):
            return f"```yaml\n{(folder / name).read_text(encoding='utf-8').rstrip()}\n```"
        return tables[name]

    return re.sub(r"^\{\{([a-z.]+)\}\}$", fill, page, flags=re.MULTILINE)


def make_tables() -> dict[str, str]:
    """Return the tables that the page may name."""
    below = {"cluster": RENAMED_IN_CLUSTER, "experiment": RENAMED_IN_EXPERIMENT}
    renamed = dict(RENAMED) | {
        f"{place}/{old}": f"{place}/{new}"
        for place, names in below.items()
        for old, new in names.items()
    }
    return {
        "head": _table(Head, Head.model_fields),
        "project": _kind_table("project"),
        "cluster": _table(ClusterSpec, ClusterSpec.model_fields),
        "dataset": _kind_table("dataset"),
        "column": _table(ColumnSpec, ColumnSpec.model_fields),
        "experiment": _kind_table("experiment"),
        "model": _kind_table("model"),
        "lifecycle": _table(Lifecycle, Lifecycle.model_fields),
        "metrics": "\n".join(
            [
                f"- classification: {_quote(CLASSIFICATION)}",
                f"- classification of two classes: {_quote(TWO_CLASSES)}",
                f"- regression and timeseries: {_quote(REGRESSION)}",
            ]
        ),
        "formats": f"{_quote(EXTENSIONS)}.",
        "passed.on": f"{_quote(OPTIONS)}.",
        "renamed": "\n".join(f"- `{old}` is `{new}`" for old, new in sorted(renamed.items())),
    }


def _kind_table(name: str) -> str:
    spec: type[Spec] = kind_of(name).spec
    shown = [field for field in setting_names(spec) if field != "lifecycle"]
    return _table(spec, [*shown, "lifecycle"])


def _table(model: type[BaseModel], names: Iterable[str]) -> str:
    """Return the table of some settings of a model, in their order."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    rows = (
        _row(
            name,
            schema["properties"][name],
            schema.get("$defs", {}),
            is_required=name in required,
        )
        for name in names
    )
    return "\n".join([HEADER, *rows])


def _row(name: str, schema: Schema, definitions: Schema, *, is_required: bool) -> str:
    default = "**required**" if is_required else _describe_default(schema.get("default"))
    traits = (TRAITS[Trait(trait)] for trait in schema.get("traits", ()))
    meaning = " ".join(part for part in (schema["description"], *traits) if part)
    return f"| `{name}` | {_describe_value(schema, definitions)} | {default} | {meaning} |"


def _describe_default(value: Any) -> str:
    if value in (None, "", [], {}) or isinstance(value, dict):
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _describe_value(schema: Schema, definitions: Schema) -> str:
    """Return what may be written, in words: `whole number, 1 to 1000`."""
    choices = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    return " or ".join(_describe_choice(part, definitions) for part in choices)


def _describe_choice(schema: Schema, definitions: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _describe_choice(definitions[name], definitions)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if pattern := re.fullmatch(r"\^\(([a-z|]+)\)\$", schema.get("pattern", "")):
        return ", ".join(f"`{value}`" for value in pattern[1].split("|"))
    match schema["type"]:
        case "array":
            item = _describe_choice(schema["items"], definitions)
            return f"list of {item}s" + (", or one" if item != "map" else "")
        case "object":
            return "map"
        case plain:
            return ", ".join([TYPES[plain], *_describe_limits(schema)])


def _describe_limits(schema: Schema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        yield f"{low} to {high}"
    elif low is not None:
        yield f"at least {low}"


def _quote(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
