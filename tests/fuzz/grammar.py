"""Makes auger.yaml files of known words, most of them wrong in some place."""

from __future__ import annotations

import json
import random
from typing import Any

from auger_reconcile.resources._registry import all_kinds

KEYS = sorted(
    {name for kind in all_kinds().values() for name in kind.spec.model_fields}
    | {
        "hub",
        "organization",
        "source",
        "dataset",
        "experiment",
        "datasets",
        "experiments",
        "models",
    }
    | {
        "variables",
        "lifecycle",
        "revision_history",
        "review",
        "project",
        "org_name",
        "data_source",
        "<<",
        "a",
        "b",
    }
)
WORDS = (
    "classification", "regression", "timeseries", "r2", "f1_macro", "a.csv", "data.parquet",
    "x.docx", "https://x.org/a.csv", "s3://a/b", "5", "-1", "0.5", ".inf",
    "1e999", "true", "no", "~", "null", "0123", "'${a}'",
    "'${'", "running", "absent", "completed", "best", "{}", "[]",
    "''", "'..'", "a/b", "&x 1", "*x", "!t 1", "99999999999999999999",
    "2020-01-01", "local", "standard", "2", "high-memory",
    "'${project.name}'", "'${experiment.a.target}'", "'x${dataset.a.source}'",
    "'${model.b.gate.on}'",
)  # fmt: skip


def make_file(chance: random.Random) -> str:
    """Return one or several documents."""
    documents = [_write(_make_map(chance, 0), 0) for _ in range(chance.choice((1, 1, 1, 2, 5)))]
    return "---\n".join(documents)


def _make_map(chance: random.Random, depth: int) -> dict[str, Any]:
    keys = chance.sample(KEYS, chance.randrange(1, 8))
    return {key: _make(chance, depth + 1) for key in keys}


def _make(chance: random.Random, depth: int) -> Any:
    match chance.randrange(10):
        case 0 | 1 | 2 if depth < 4:
            return _make_map(chance, depth)
        case 3 if depth < 4:
            return [_make(chance, depth + 1) for _ in range(chance.randrange(4))]
        case 4:
            return json.dumps("".join(chance.choices("ab \x07é${}\"'\n:#", k=chance.randrange(9))))
        case _:
            return chance.choice(WORDS)


def _write(node: Any, depth: int) -> str:
    indent = "  " * depth
    if isinstance(node, dict):
        return "".join(
            f"{indent}{key}:\n{_write(value, depth + 1)}"
            if isinstance(value, dict)
            else f"{indent}{key}: {_flow(value)}\n"
            for key, value in node.items()
        )
    return f"{indent}{_flow(node)}\n"


def _flow(node: Any) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(map(_flow, node)) + "]"
    return str(node)
