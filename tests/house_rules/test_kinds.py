"""A new kind is one file, one test file, and a description for every field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pydantic import BaseModel

from auger_reconcile.config.declarations.declaration import LONG_FORM, Head
from auger_reconcile.resources._base import Kind
from auger_reconcile.resources._cluster import ClusterSpec
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.resources._spec import Lifecycle
from house_rules.conftest import ROOT, for_each

KINDS = all_kinds()
MODELS: list[type[BaseModel]] = [
    *(kind.spec for kind in KINDS.values()),
    ClusterSpec,
    Lifecycle,
    Head,
]


def fields() -> Iterator[tuple[str, str | None]]:
    for model in MODELS:
        for name, info in model.model_fields.items():
            yield f"{model.__name__}.{name}", info.description


FIELDS = dict(fields())
# `project` is what older clients call `name`; pydantic calls a map of fields a model.
OTHER_MEANINGS = {
    *((module, "project") for module in ("legacy.py", "format.py", "project_files.py")),
    *(("legacy.py", name) for name in ("dataset", "experiment")),  # keys of the short form
    ("validate.py", "model"),
}


def test_no_kind_is_named_where_files_are_read_and_edited():
    folder = ROOT / "auger_reconcile" / "config"
    named = {
        (path.name, node.value)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in {*KINDS, *LONG_FORM}
    }
    assert named - OTHER_MEANINGS == set()


@for_each(KINDS)
def test_a_kind_has_its_test_file(name):
    assert (ROOT / "tests" / "resources" / f"test_{name}.py").is_file()


@for_each(FIELDS)
def test_a_field_has_a_description_that_is_a_sentence(name):
    assert FIELDS[name]
    assert FIELDS[name].endswith(".")


@for_each(KINDS.values())
def test_a_kind_gives_every_declared_state_a_meaning(kind):
    state = kind.spec.model_json_schema()["properties"]["state"]
    choices = [part for part in state.get("anyOf", [state]) if "pattern" in part]
    (pattern,) = [part["pattern"] for part in choices]
    assert set(pattern.strip("^$()").split("|")) == set(kind.states) - {None}


def test_the_page_about_kinds_of_your_own_names_every_member():
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    members = [*vars(Kind), *Kind.__annotations__]
    public = {name for name in members if not name.startswith("_")}
    assert {name for name in public if not re.search(rf"`{name}[`(]", page)} == set()
